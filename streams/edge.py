"""The edge of the log, one for HTTP, the command line and Python: validate, mint the id, store the blob, append, answer.

Who somebody is and how often they may is the API's. Every method returns once the brokers have the event; what it means is
decided by the folds. Raises `Invalid` for what is asked wrongly, `WrongType` for what is no picture of ours, `LogUnavailable`
when the log cannot be written.
"""

import hashlib
from typing import NamedTuple, Protocol

from schemas import events as e, text
from schemas.crash_points import CrashPoint, Hook, pass_by
from schemas.ids import shard_of, shard_of_text, time_of
from schemas.object_keys import ORIGINALS, original_key


class Place(NamedTuple):
    """Where an event stands in the log: topic, partition, offset."""

    topic: str
    partition: int
    offset: int


class Written(NamedTuple):
    """What a write came to: the id of the thing written, and the place of its event."""

    id: int
    place: Place


class Invalid(ValueError):
    """Input that can never be accepted; `problems` names each field and what is wrong with it."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))
        self.problems = tuple(problems)


class Log(Protocol):
    """What events are appended to: `streams.producer.Producer`, or memory in tests."""

    async def append(self, event: e.Event) -> Place:
        """Append one event and return where it stands."""


class Mint(Protocol):
    """What mints ids: `streams.minter.Minter`, or a counter in tests."""

    def mint(self, shard: int) -> int:
        """Return a new id of a shard."""


class Originals(Protocol):
    """Where originals are kept as they came."""

    async def put(self, bucket: str, key: str, body: bytes, content_type: str) -> object:
        """Store one object under its key."""


class Picture(NamedTuple):
    """A file that was looked at: its bytes, and what its header says it is."""

    content: bytes
    content_type: str


class Edge:
    """Writes for one kind of caller: `source` is http, cli or python."""

    def __init__(self, log: Log, mint: Mint, originals: Originals, shards: int, source: str, at: Hook = pass_by) -> None:
        self._log = log
        self._mint = mint
        self._originals = originals
        self._shards = shards
        self._source = source
        self._at = at

    # --- ids, minted before the event so that a retry can carry the same one -------------------------------------------

    def new_user_id(self, username: str) -> int:
        """Return an id for a person of that name: all claims of a name meet in one shard."""
        _refuse(text.username_problems(username))
        return self._mint.mint(shard_of_text(text.name_key(username), self._shards))

    def new_id_beside(self, id_: int) -> int:
        """Return an id in the shard of another: a photo beside its owner, a comment beside its photo."""
        return self._mint.mint(shard_of(id_))

    # --- accounts -------------------------------------------------------------------------------------------------------

    async def open_account(self, user_id: int, username: str, display_name: str, private: bool) -> Written:
        """Claim a user name; the first claim in the log wins."""
        _refuse(text.username_problems(username) + text.display_name_problems(display_name))
        said = self._said(user_id, user_id, user_id)
        event = e.AccountOpened(**said, user_id=user_id, username=username, display_name=display_name, private=private)
        return Written(user_id, await self._append(event))

    async def edit_profile(self, user_id: int, display_name: str) -> Written:
        _refuse(text.display_name_problems(display_name))
        return await self._of_account(e.ProfileEdited, user_id, display_name=display_name)

    async def change_privacy(self, user_id: int, private: bool) -> Written:
        return await self._of_account(e.PrivacyChanged, user_id, private=private)

    async def deactivate(self, user_id: int) -> Written:
        return await self._of_account(e.AccountDeactivated, user_id)

    async def reactivate(self, user_id: int) -> Written:
        return await self._of_account(e.AccountReactivated, user_id)

    async def delete_account(self, user_id: int) -> Written:
        return await self._of_account(e.AccountDeleted, user_id)

    # --- photos ---------------------------------------------------------------------------------------------------------

    async def upload_photo(
        self,
        photo_id: int,
        owner_id: int,
        picture: Picture,
        caption: str | None,
        place: str | None,
        submission: str | None = None,
    ) -> Written:
        """Store an original as it came, then say that it is there; of one submission only the first photo stays."""
        _refuse(_photo_text_problems(caption, place))
        key = original_key(photo_id)
        await self._originals.put(ORIGINALS, key, picture.content, picture.content_type)
        self._at(CrashPoint.AFTER_BLOB)
        event = e.PhotoUploaded(
            **self._said(owner_id, photo_id, photo_id),
            photo_id=photo_id,
            owner_id=owner_id,
            original_key=key,
            content_type=picture.content_type,
            size_bytes=len(picture.content),
            sha256=hashlib.sha256(picture.content).hexdigest(),
            caption=caption,
            place=place,
            submission=submission,
        )
        return Written(photo_id, await self._append(event))

    async def edit_photo(self, photo_id: int, owner_id: int, changed: dict[str, str | None]) -> Written:
        """Change what `changed` names of caption and place; None clears."""
        _refuse(_photo_text_problems(changed.get("caption"), changed.get("place")))
        event = e.PhotoEdited(
            **self._said(owner_id, photo_id),
            photo_id=photo_id,
            owner_id=owner_id,
            caption_changed="caption" in changed,
            caption=changed.get("caption"),
            place_changed="place" in changed,
            place=changed.get("place"),
        )
        return Written(photo_id, await self._append(event))

    async def delete_photo(self, photo_id: int, owner_id: int) -> Written:
        event = e.PhotoDeleted(**self._said(owner_id, photo_id), photo_id=photo_id, owner_id=owner_id)
        return Written(photo_id, await self._append(event))

    # --- likes and comments ---------------------------------------------------------------------------------------------

    async def change_like(self, actor_id: int, kind: e.LikeKind, photo_id: int, comment_id: int | None = None) -> Written:
        """Like, or take back the like of, a photo or one of its comments."""
        said = self._said(actor_id, photo_id)
        event = e.LikeChanged(**said, photo_id=photo_id, kind=kind, comment_id=comment_id)
        return Written(comment_id or photo_id, await self._append(event))

    async def add_comment(
        self, comment_id: int, actor_id: int, photo_id: int, comment: str, submission: str | None = None
    ) -> Written:
        """Comment a photo; of one submission only the first comment stays."""
        _refuse(text.comment_problems(comment))
        said = self._said(actor_id, photo_id, comment_id)
        event = e.CommentAdded(**said, comment_id=comment_id, photo_id=photo_id, text=comment, submission=submission)
        return Written(comment_id, await self._append(event))

    async def delete_comment(self, actor_id: int, comment_id: int, photo_id: int) -> Written:
        event = e.CommentDeleted(**self._said(actor_id, photo_id), comment_id=comment_id, photo_id=photo_id)
        return Written(comment_id, await self._append(event))

    # --- relations and inboxes -----------------------------------------------------------------------------------------

    async def relate(self, actor_id: int, kind: e.RelationKind, other_id: int, until: int | None = None) -> Written:
        """Follow, accept, block, mute and their opposites; `until` in ms ends a mute. Nobody does any of it to themselves."""
        if actor_id == other_id:
            raise Invalid([("id", "nobody can do this to themselves")])
        event = e.RelationChanged(**self._said(actor_id, actor_id), kind=kind, other_id=other_id, until=until)
        return Written(other_id, await self._append(event))

    async def read_inbox(self, user_id: int, up_to: int) -> Written:
        """Read one's notifications up to one, and all older ones."""
        event = e.InboxRead(**self._said(user_id, user_id), user_id=user_id, up_to=up_to)
        return Written(up_to, await self._append(event))

    # --- common to all --------------------------------------------------------------------------------------------------

    async def _append(self, event: e.Event) -> Place:
        place = await self._log.append(event)
        self._at(CrashPoint.AFTER_APPEND)
        return place

    async def _of_account(self, event_type: type[e.Event], user_id: int, **fields: object) -> Written:
        event = event_type(**self._said(user_id, user_id), user_id=user_id, **fields)
        return Written(user_id, await self._append(event))

    def _said(self, actor_id: int, beside: int, event_id: int | None = None) -> dict:
        """Return the common fields. The event's id is minted too, and its time is the event's: one clock for both."""
        event_id = event_id or self.new_id_beside(beside)
        return {
            "event_id": str(event_id),
            "occurred_at": time_of(event_id),
            "actor_id": actor_id,
            "source": self._source,
        }


def _photo_text_problems(caption: str | None, place: str | None) -> list[tuple[str, str]]:
    problems = text.caption_problems(caption) if caption is not None else []
    return problems + (text.place_problems(place) if place is not None else [])


def _refuse(problems: list[tuple[str, str]]) -> None:
    if problems:
        raise Invalid(problems)
