"""All that filters need to know about a reader, in one key of Redis: `{s0001}viewer.1:<user>`.

Answers: whom does this person follow, ask to follow, block, mute, and who blocks them? Ids are packed in 8 big-endian
bytes, sorted; mutes in 16: the person, and the end of the mute in ms (0: for ever).
"""

from typing import NamedTuple

import msgspec

from projections.ring import pack_ids, unpack_ids
from projections.rows import ViewerRow
from projections.stores import Stores
from projections.structure import Strings
from schemas.ids import shard_of


class Viewer(NamedTuple):
    """A reader's relations. `mutes` is the end of each mute in ms, 0 for ever."""

    following: frozenset[int]
    requested: frozenset[int]
    blocking: frozenset[int]
    blocked_by: frozenset[int]
    mutes: dict[int, int]


NOBODY = Viewer(frozenset(), frozenset(), frozenset(), frozenset(), {})


def encode(row: ViewerRow) -> bytes | None:
    """Return the string of a reader's relations; None when there are none."""
    if not any(row[1:]):
        return None
    lists = [pack_ids(ids) for ids in (row.following, row.requested, row.blocking, row.blocked_by)]
    return msgspec.msgpack.encode([*lists, pack_ids(number for pair in row.mutes for number in pair)])


def decode(value: bytes) -> Viewer:
    """Return the relations that a string holds."""
    following, requested, blocking, blocked_by, mutes = msgspec.msgpack.decode(value)
    sets = (frozenset(unpack_ids(packed)) for packed in (following, requested, blocking, blocked_by))
    pairs = unpack_ids(mutes)
    return Viewer(*sets, dict(zip(pairs[::2], pairs[1::2], strict=True)))


STRUCTURE = Strings(
    "viewers",
    family="viewer",
    shard=lambda row, _shards: shard_of(row.user_id),
    suffix=lambda row: str(row.user_id),
    value=encode,
)


async def viewer(stores: Stores, user_id: int) -> Viewer:
    """Return a reader's relations, by one GET."""
    value = await stores.redis.call("GET", stores.key(STRUCTURE, shard_of(user_id), user_id))
    return decode(value) if value else NOBODY
