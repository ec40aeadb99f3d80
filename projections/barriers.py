"""Blocks and mutes in PostgreSQL, in the shard of the person whose side it is.

Answers: whom do I block, whom do I mute, newest first? What stands between these two, seen from one side?
"""

from projections.rows import BarrierRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.ids import shard_of

STRUCTURE = Table(
    "barriers",
    columns=(
        Column("user_id", "bigint"),
        Column("other_id", "bigint"),
        Column("blocking_since", "bigint"),
        Column("blocked_by", "boolean"),
        Column("muting_since", "bigint"),
        Column("muted_until", "bigint"),
    ),
    key=("user_id", "other_id"),
    indexes=(
        "(user_id, blocking_since DESC, other_id DESC) WHERE blocking_since IS NOT NULL",
        "(user_id, muting_since DESC, other_id DESC) WHERE muting_since IS NOT NULL",
    ),
    row=BarrierRow,
    shard=lambda row, _shards: shard_of(row.user_id),
    gone=lambda row: row.blocking_since is None and not row.blocked_by and row.muting_since is None,
)

_ONE = "SELECT {columns} FROM {table} WHERE user_id = %s AND other_id = %s"
_ALL = "SELECT {columns} FROM {table} WHERE user_id = %s"
_BLOCKS = """
SELECT {columns} FROM {table} WHERE user_id = %s AND blocking_since IS NOT NULL AND (blocking_since, other_id) < (%s, %s)
ORDER BY blocking_since DESC, other_id DESC LIMIT %s"""
_MUTES = """
SELECT {columns} FROM {table} WHERE user_id = %s AND muting_since IS NOT NULL AND (muting_since, other_id) < (%s, %s)
AND (muted_until IS NULL OR muted_until > %s)
ORDER BY muting_since DESC, other_id DESC LIMIT %s"""


async def blocks(stores: Stores, user_id: int, before: tuple[int, int] | None, limit: int) -> list[BarrierRow]:
    """Return whom a person blocks, newest first, after the row of (blocking_since, other_id) `before`."""
    return await stores.select(STRUCTURE, shard_of(user_id), _BLOCKS, (user_id, *(before or (TOP, TOP)), limit))


async def mutes(stores: Stores, user_id: int, now_ms: int, before: tuple[int, int] | None, limit: int) -> list[BarrierRow]:
    """Return whom a person mutes at `now_ms`, newest first, after the row of (muting_since, other_id) `before`."""
    params = (user_id, *(before or (TOP, TOP)), now_ms, limit)
    return await stores.select(STRUCTURE, shard_of(user_id), _MUTES, params)


async def one(stores: Stores, user_id: int, other_id: int) -> BarrierRow | None:
    """Return what stands between two people from one side, or None when nothing does."""
    return await stores.one(STRUCTURE, shard_of(user_id), _ONE, (user_id, other_id))


async def all_of(stores: Stores, user_id: int) -> list[BarrierRow]:
    """Return all that stands on a person's side, in no order: what `viewers` holds, when Redis is away."""
    return await stores.select(STRUCTURE, shard_of(user_id), _ALL, (user_id,))
