"""What a person was told: one notification for each kind of deed, actor, photo and comment, told once and kept for ever.

A notification has the time of the first such deed, and stands or does not. Those of people who are gone are kept and not
shown: what is kept of a pair of ids need not be searched for when somebody leaves.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator
from enum import Enum
from struct import Struct
from typing import NamedTuple

from agents.keys import key_of
from agents.presence import absent_among
from agents.printing import chunks_of
from projections.rows import NotificationRow
from schemas.events import Presence
from schemas.ids import EPOCH_MS, TIME_SHIFT
from streams.fold import State

NOTIFICATION = b"n"
CAUSED_BY = b"i"
# Recipient, kind, actor, photo or 0, comment or 0; and the same by actor.
KEY = Struct(">1sq1sqqq")
INDEX = Struct(">1sqq1sqq")
# When it was done first, in ms, and whether it stands.
VALUE = Struct(">q?")
# The time of an id has 41 bits, of which a signed number leaves 40.
LATEST_MS = (1 << 40) - 1


class Kind(Enum):
    """What somebody did, by the letter of its keys; whether a wish to follow is a request is not decided here."""

    LIKE = b"L"
    COMMENT = b"C"
    MENTION = b"M"
    FOLLOW = b"F"


class Identity(NamedTuple):
    """What makes a notification this one and no other; no photo and no comment are 0."""

    user_id: int
    kind: Kind
    actor_id: int
    photo_id: int = 0
    comment_id: int = 0


def key_of_notification(one: Identity) -> bytes:
    return KEY.pack(NOTIFICATION, one.user_id, one.kind.value, one.actor_id, one.photo_id, one.comment_id)


def index_of(one: Identity) -> bytes:
    return INDEX.pack(CAUSED_BY, one.actor_id, one.user_id, one.kind.value, one.photo_id, one.comment_id)


def identity_in(key: bytes) -> Identity:
    _, user_id, letter, actor_id, photo_id, comment_id = KEY.unpack(key)
    return Identity(user_id, Kind(letter), actor_id, photo_id, comment_id)


def keep(state: State, one: Identity, done_at: int, standing: bool) -> None:
    """Keep whether a notification stands; what was never done (0) and is only taken back is none."""
    key = key_of_notification(one)
    found = state.get(key)
    if found is not None:
        state.put(key, VALUE.pack(VALUE.unpack(found)[0], standing))
    elif done_at:
        state.put(key, VALUE.pack(done_at, standing))
        state.put(index_of(one), b"")


def forget(state: State, one: Identity) -> None:
    """Keep a notification no more."""
    state.delete(key_of_notification(one))
    state.delete(index_of(one))


def kept_of(state: State, user_id: int, kind: Kind) -> Iterator[tuple[Identity, int, bool]]:
    """Yield a person's notifications of a kind: which, when it was done first in ms, whether it stands."""
    for chunk in chunks_of(state, key_of(NOTIFICATION, user_id) + kind.value):
        for key, value in chunk:
            yield identity_in(key), *VALUE.unpack(value)


def notification_id(one: Identity, done_at: int) -> int:
    """Return an id that sorts by the time of the deed and is the same whenever it is made of the log."""
    name = f"{one.kind.name.lower()}:{one.actor_id}:{one.photo_id}:{one.comment_id}"
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    since_epoch = min(max(done_at - EPOCH_MS, 0), LATEST_MS)
    return since_epoch << TIME_SHIFT | int.from_bytes(digest, "big") & (1 << TIME_SHIFT) - 1


def rows_of(state: State, ones: Iterable[Identity]) -> list[NotificationRow]:
    """Return the rows of these notifications as they stand, one each."""
    ones = list(dict.fromkeys(ones))
    values = state.get_many([key_of_notification(one) for one in ones])
    return _rows(state, list(zip(ones, values, strict=True)))


def standing_rows(state: State) -> Iterator[NotificationRow]:
    """Yield the row of every notification that stands and is told."""
    for chunk in chunks_of(state, NOTIFICATION):
        rows = _rows(state, [(identity_in(key), value) for key, value in chunk])
        yield from (row for row in rows if row.standing)


def removed_rows(state: State, user_id: int) -> Iterator[NotificationRow]:
    """Yield a row that removes, for all that somebody was told and for all that they caused."""
    for chunk in chunks_of(state, key_of(NOTIFICATION, user_id)):
        yield from (_row(identity_in(key), None) for key, _ in chunk)
    for chunk in chunks_of(state, key_of(CAUSED_BY, user_id)):
        for key, _ in chunk:
            _, actor_id, recipient_id, letter, photo_id, comment_id = INDEX.unpack(key)
            yield _row(Identity(recipient_id, Kind(letter), actor_id, photo_id, comment_id), None)


def _rows(state: State, kept: list[tuple[Identity, bytes | None]]) -> list[NotificationRow]:
    people = (who for one, _ in kept for who in (one.user_id, one.actor_id))
    gone = {who for who, presence in absent_among(state, people).items() if presence is Presence.GONE}
    return [_row(one, None if _is_silent(one, gone) else value) for one, value in kept]


def _is_silent(one: Identity, gone: Container[int]) -> bool:
    """Return whether nobody is told: one of the two is gone, or they are the same, which only a mention can be."""
    return one.user_id in gone or one.actor_id in gone or one.user_id == one.actor_id


def _row(one: Identity, value: bytes | None) -> NotificationRow:
    done_at, standing = (0, False) if value is None else VALUE.unpack(value)
    id_ = notification_id(one, done_at) if standing else 0
    return NotificationRow(one.user_id, one.kind.name.lower(), one.actor_id, one.photo_id, one.comment_id, id_, standing)
