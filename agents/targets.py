"""What `notices` keeps of photos and comments: whose each is, when it came, and whom its words mention."""

from dataclasses import dataclass

import msgspec

from agents.keys import key_of
from agents.nonsense import Nonsense, check_not_ahead, check_texts
from agents.photo_checks import check_places, check_upload
from schemas.events import CommentAdded, CommentDeleted, Event, NoticeChanged, NoticeKind, PhotoUploaded
from schemas.ids import shard_of
from schemas.submissions import submission_problems
from schemas.text import comment_problems, mentions, name_key
from streams.fold import Caused, Record, State

PHOTO = b"p"
COMMENT = b"c"
# Of one text so many people are told at most, so that a comment is no way to reach everybody.
MOST_MENTIONS = 30


class Shot(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one photo: whose it is, when it came in ms, and the compared names in its caption."""

    owner_id: int
    at: int
    names: tuple[str, ...] = ()


class Remark(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one comment; `author_id` is 0 when it was deleted before it was added."""

    photo_id: int
    author_id: int
    at: int
    names: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What a deed was done to."""

    photo_id: int
    comment_id: int | None


def caused(
    record: Record,
    kind: NoticeKind,
    by_id: int,
    target: Target,
    done_at: int,
    standing: bool,
    recipient_id: int,
    name: str | None = None,
) -> Caused:
    return Caused(
        record.offset,
        NoticeChanged(
            event_id="",
            occurred_at=record.event.occurred_at,
            actor_id=record.event.actor_id,
            source="notices",
            trace=record.event.trace,
            recipient_id=recipient_id,
            recipient_name=name,
            kind=kind,
            by_id=by_id,
            photo_id=target.photo_id,
            comment_id=target.comment_id,
            standing=standing,
            done_at=done_at,
        ),
    )


def makes_sense(record: Record) -> bool:
    """Return whether those who keep photos and comments take an event too; what they refuse concerns nobody."""
    event: PhotoUploaded | CommentAdded | CommentDeleted = record.event
    try:
        if isinstance(event, PhotoUploaded):
            check_places(record)
            check_upload(event)
        elif isinstance(event, CommentAdded):
            check_not_ahead("comment", event.comment_id, record.appended_at)
            check_texts("comment", comment_problems(event.text) + submission_problems(event.submission))
    except Nonsense:
        return False
    return isinstance(event, PhotoUploaded) or shard_of(event.comment_id) == shard_of(event.photo_id)


def names_in(text: str | None) -> tuple[str, ...]:
    """Return the names that a text mentions in their compared form, the first thirty."""
    return tuple(name_key(name) for name in mentions(text)[:MOST_MENTIONS])


def time_of_deed(record: Record) -> int:
    """Return when it was done in ms; a clock that runs ahead cannot say later than the log."""
    event: Event = record.event
    return min(event.occurred_at, record.appended_at)


def read_photo(state: State, photo_id: int) -> Shot | None:
    found = state.get(key_of(PHOTO, photo_id))
    return None if found is None else msgspec.msgpack.decode(found, type=Shot)


def read_comment(state: State, comment_id: int) -> Remark | None:
    found = state.get(key_of(COMMENT, comment_id))
    return None if found is None else msgspec.msgpack.decode(found, type=Remark)
