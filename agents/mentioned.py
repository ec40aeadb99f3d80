"""Who is meant by a user name in a text: whoever held it when it was written.

Names and mentions come by two topics. A mention that nobody is known to have been meant by waits under the name, and is told
when the claim is read; one that turns out to be later than the release of the name goes back to waiting (I7).
"""

from collections.abc import Iterator
from struct import Struct

import msgspec

from agents.printing import items_of
from agents.told import VALUE, Identity, Kind, forget, keep, kept_of
from schemas.events import NameChanged, NoticeChanged
from streams.fold import State

HOLDERS = b"h"
WAITING = b"w"
# Who mentions, and the photo and comment (or 0) of the text.
SOURCE = Struct(">qqq")


class Holder(msgspec.Struct, array_like=True, frozen=True):
    """Who held a name since when and until when in ms; None: still."""

    user_id: int
    since: int
    until: int | None = None

    def held_at(self, at: int) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def fold_mention(state: State, event: NoticeChanged) -> Iterator[Identity]:
    """Keep a mention with whoever held the name; yield it for all who ever did, of whom one was meant."""
    holders = read_holders(state, event.recipient_name)
    source = (event.by_id, event.photo_id, event.comment_id or 0)
    meant = next((holder.user_id for holder in holders if holder.held_at(event.done_at)), None)
    if meant is None:
        state.put(_waiting(event.recipient_name) + SOURCE.pack(*source), VALUE.pack(event.done_at, event.standing))
    else:
        keep(state, Identity(meant, Kind.MENTION, *source), event.done_at, event.standing)
    yield from (Identity(holder.user_id, Kind.MENTION, *source) for holder in holders)


def fold_name(state: State, event: NameChanged) -> Iterator[Identity]:
    """Keep who holds a name, and yield the mentions that it decides: those that waited, or those that came after it."""
    holders = read_holders(state, event.name)
    others = [holder for holder in holders if holder.user_id != event.user_id]
    mine = next((holder for holder in holders if holder.user_id == event.user_id), None)
    if event.held:
        mine = mine or Holder(event.user_id, event.changed_at)
        yield from claimed(state, event.name, mine)
    elif mine is not None:
        mine = Holder(event.user_id, mine.since, event.changed_at)
        yield from released(state, event.name, mine)
    if mine is not None:
        state.put(HOLDERS + event.name.encode(), msgspec.msgpack.encode([*others, mine]))


def claimed(state: State, name: str, holder: Holder) -> Iterator[Identity]:
    """Tell somebody of the mentions that waited for the claim of their name."""
    prefix = _waiting(name)
    for key, value in items_of(state, prefix):
        done_at, standing = VALUE.unpack(value)
        if holder.held_at(done_at):
            state.delete(key)
            one = Identity(holder.user_id, Kind.MENTION, *SOURCE.unpack(key[len(prefix) :]))
            keep(state, one, done_at, standing)
            yield one


def released(state: State, name: str, holder: Holder) -> Iterator[Identity]:
    """Let mentions from after somebody let go of a name wait for the next who claims it."""
    for one, done_at, standing in kept_of(state, holder.user_id, Kind.MENTION):
        if not holder.held_at(done_at):
            forget(state, one)
            source = SOURCE.pack(one.actor_id, one.photo_id, one.comment_id)
            state.put(_waiting(name) + source, VALUE.pack(done_at, standing))
            yield one


def read_holders(state: State, name: str) -> list[Holder]:
    found = state.get(HOLDERS + name.encode())
    return [] if found is None else msgspec.msgpack.decode(found, type=list[Holder])


def _waiting(name: str) -> bytes:
    """Return the prefix of what waits for a name; no name holds a NUL."""
    return WAITING + name.encode() + b"\0"
