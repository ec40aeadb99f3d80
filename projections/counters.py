"""Counts in Redis, absolute and at once: `{s0001}n.1:<kind>:<entity>`, in decimal; a count of zero has no key.

Answers: how many likes and comments has this photo; how many photos, followers and followed people has this person?
"""

from collections.abc import Sequence

from projections.rows import CounterKind, CounterRow
from projections.stores import Stores
from projections.structure import Strings
from schemas.ids import shard_of


def _value(row: CounterRow) -> bytes | None:
    return b"%d" % row.value if row.value else None


def suffix(kind: CounterKind, entity_id: int) -> str:
    """Return what the key of a count ends in."""
    return f"{kind.value}:{entity_id}"


STRUCTURE = Strings(
    "counters",
    family="n",
    shard=lambda row, _shards: shard_of(row.entity_id),
    suffix=lambda row: suffix(row.kind, row.entity_id),
    value=_value,
)


async def counts(stores: Stores, asked: Sequence[tuple[CounterKind, int]]) -> list[int]:
    """Return the counts of (kind, entity) in the order asked, by one MGET."""
    if not asked:
        return []
    keys = (stores.key(STRUCTURE, shard_of(entity), suffix(kind, entity)) for kind, entity in asked)
    return [int(value) if value else 0 for value in await stores.redis.call("MGET", *keys)]
