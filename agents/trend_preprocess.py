"""Tells the trends, and the pages of tags and places, which photos there are to see: ready ones of public accounts.

First of four agents (pre-processor, parser, scorer, ranker). A photo and its owner are two sets that are joined: whichever
is read first, a photo is seen once both allow it, and unseen once either does not (I7). What is so is said at every event that
may have changed it, and not only when it differs from what is remembered: a worker that died may have said more than is
remembered, after reading the two topics in another order. What makes no sense is passed over here; the agents `photos` and
`accounts` read the same records and dead-letter it.
"""

from dataclasses import dataclass, field

import msgspec

from agents.keys import ids_in, key_of
from agents.nonsense import Nonsense, check_not_ahead
from schemas import events as e
from schemas.ids import shard_of
from schemas.text import Problems, caption_problems, place_problems
from streams.fold import Agent, Batch, Caused, Changes, Record, State

NAME = "trend_preprocess"
POST = b"P"
OWNER = b"U"
# The photos of an owner, to be looked at again when the account changes.
OF_OWNER = b"O"

FIRST_VARIANT = 150


class Post(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one photo; a deleted one keeps no words. `at`: when it last changed, Unix time in ms."""

    owner_id: int
    at: int = 0
    uploaded: bool = False
    ready: bool = False
    rejected: bool = False
    deleted: bool = False
    caption: str | None = None
    place: str | None = None

    def is_whole(self) -> bool:
        return self.uploaded and self.ready and not self.deleted


class Owner(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one account. `at`: when it last changed, Unix time in ms."""

    at: int = 0
    opened: bool = False
    private: bool = False
    deactivated: bool = False
    deleted: bool = False

    def is_public(self) -> bool:
        return self.opened and not (self.private or self.deactivated or self.deleted)


NOBODY = Owner()


def agent() -> Agent:
    """Return the agent `trend_preprocess`."""
    return Agent(name=NAME, role="trends", sources=("photos", "accounts"), fold=fold, emits=("trend_posts",))


@dataclass
class Turn:
    """One batch being folded."""

    state: State
    changes: Changes = field(default_factory=Changes)

    def owner(self, user_id: int) -> Owner:
        found = self.state.get(key_of(OWNER, user_id))
        return NOBODY if found is None else msgspec.msgpack.decode(found, type=Owner)

    def post(self, photo_id: int) -> Post | None:
        found = self.state.get(key_of(POST, photo_id))
        return None if found is None else msgspec.msgpack.decode(found, type=Post)

    def say(self, record: Record, photo_id: int, post: Post, owner: Owner) -> None:
        """Say of a photo whether it is to be seen now, and with which words."""
        cause, present = record.event, post.is_whole() and owner.is_public()
        event = e.PostSeen(
            event_id="",
            # When both allowed it, or one no longer did; the same whichever was read first.
            occurred_at=max(post.at, owner.at),
            actor_id=cause.actor_id,
            source=NAME,
            trace=cause.trace,
            photo_id=photo_id,
            owner_id=post.owner_id,
            present=present,
            caption=post.caption if present else None,
            place=post.place if present else None,
        )
        self.changes.events.append(Caused(record.offset, event))


def fold(batch: Batch, state: State) -> Changes:
    """Fold photo and account events into PostSeen."""
    turn = Turn(state)
    for record in batch.records:
        if batch.topic == "photos":
            fold_photo(turn, record)
        else:
            fold_owner(turn, record)
    return turn.changes


def fold_photo(turn: Turn, record: Record) -> None:
    """Take in one event of a photo."""
    photo_id = record.event.photo_id
    before = turn.post(photo_id)
    try:
        check_not_ahead("photo", photo_id, record.appended_at)
    except Nonsense:
        return
    after = changed(photo_id, record.event, before)
    if after is None or after == before:
        return
    after = msgspec.structs.replace(after, at=time_of_deed(record))
    turn.state.put(key_of(POST, photo_id), msgspec.msgpack.encode(after))
    turn.state.put(key_of(OF_OWNER, after.owner_id, photo_id), b"")
    if after.is_whole() or (before is not None and before.is_whole()):
        turn.say(record, photo_id, after, turn.owner(after.owner_id))


def changed(photo_id: int, event: e.Event, before: Post | None) -> Post | None:
    """Return the photo after one event, or None when that changes nothing or makes no sense."""
    known = before or Post(event.owner_id)
    if known.deleted or known.owner_id != event.owner_id or shard_of(photo_id) != shard_of(event.owner_id):
        return None
    match event:
        case e.PhotoUploaded() if not known.uploaded and not problems(event):
            return msgspec.structs.replace(known, uploaded=True, caption=event.caption, place=event.place)
        case e.PhotoEdited() if known.uploaded and is_owners(event) and not problems(event):
            return msgspec.structs.replace(
                known,
                caption=event.caption if event.caption_changed else known.caption,
                place=event.place if event.place_changed else known.place,
            )
        case e.VariantReady(pixels=pixels) if pixels == FIRST_VARIANT and not known.rejected:
            return msgspec.structs.replace(known, ready=True)
        case e.PhotoRejected() if not known.ready:
            return msgspec.structs.replace(known, rejected=True)
        case e.PhotoDeleted() if is_owners(event):
            return Post(known.owner_id, deleted=True)
    return None


def time_of_deed(record: Record) -> int:
    """Return when something happened, in ms: by the edge's clock, but not after the log had it, so that no date pins."""
    return min(record.event.occurred_at, record.appended_at)


def is_owners(event: e.PhotoEdited | e.PhotoDeleted) -> bool:
    """Return whether the owner did it, or Darkroom itself (actor 0)."""
    return event.actor_id in (event.owner_id, 0)


def problems(event: e.PhotoUploaded | e.PhotoEdited) -> Problems:
    """Return what is wrong with an event's words."""
    return caption_problems(event.caption) + place_problems(event.place)


def fold_owner(turn: Turn, record: Record) -> None:
    """Take in one event of an account, and look again at its photos if that hides or shows them."""
    user_id = record.event.user_id
    before = turn.owner(user_id)
    after = owner_after(record.event, before)
    if after == before:
        return
    after = msgspec.structs.replace(after, at=time_of_deed(record))
    turn.state.put(key_of(OWNER, user_id), msgspec.msgpack.encode(after))
    if after.is_public() == before.is_public():
        return
    for key, _ in list(turn.state.scan(key_of(OF_OWNER, user_id))):
        photo_id = ids_in(key)[1]
        post = turn.post(photo_id)
        if post is not None and post.is_whole():
            turn.say(record, photo_id, post, after)


def owner_after(event: e.Event, before: Owner) -> Owner:
    """Return the account after one event; deletion is for ever, and before it is opened there is none."""
    match event:
        case e.AccountOpened() if not before.opened:
            return msgspec.structs.replace(before, opened=True, private=event.private)
        case e.PrivacyChanged() if before.opened:
            return msgspec.structs.replace(before, private=event.private)
        case e.AccountDeactivated() if before.opened:
            return msgspec.structs.replace(before, deactivated=True)
        case e.AccountReactivated() if before.opened:
            return msgspec.structs.replace(before, deactivated=False)
        case e.AccountDeleted() if before.opened:
            return msgspec.structs.replace(before, deleted=True)
    return before
