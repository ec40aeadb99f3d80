"""Whom a person follows, or asked to follow, in PostgreSQL, in the follower's shard.

Answers: who, newest first by when the follow took effect? Who asked and waits? What is between these two?
"""

from projections.rows import FollowingRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.events import FollowState
from schemas.ids import shard_of

STRUCTURE = Table(
    "followings",
    columns=(
        Column("follower_id", "bigint"),
        Column("followee_id", "bigint"),
        Column("state", "text"),
        Column("since", "bigint"),
    ),
    key=("follower_id", "followee_id"),
    indexes=("(follower_id, state, since DESC, followee_id DESC)",),
    row=FollowingRow,
    shard=lambda row, _shards: shard_of(row.follower_id),
    gone=lambda row: row.state == FollowState.NONE,
)

_ONE = "SELECT {columns} FROM {table} WHERE follower_id = %s AND followee_id = %s"
_PAGE = """
SELECT {columns} FROM {table} WHERE follower_id = %s AND state = %s AND (since, followee_id) < (%s, %s)
ORDER BY since DESC, followee_id DESC LIMIT %s"""
_ALL = "SELECT {columns} FROM {table} WHERE follower_id = %s"


async def page(stores: Stores, follower_id: int, before: tuple[int, int] | None, limit: int) -> list[FollowingRow]:
    """Return effective follows, newest first, after the row of (since, followee_id) `before`."""
    return await _page(stores, follower_id, FollowState.FOLLOWING, before, limit)


async def requests(stores: Stores, follower_id: int, before: tuple[int, int] | None, limit: int) -> list[FollowingRow]:
    """Return pending requests, newest first, after the row of (since, followee_id) `before`."""
    return await _page(stores, follower_id, FollowState.REQUESTED, before, limit)


async def one(stores: Stores, follower_id: int, followee_id: int) -> FollowingRow | None:
    """Return what is between two people, or None when there is nothing."""
    return await stores.one(STRUCTURE, shard_of(follower_id), _ONE, (follower_id, followee_id))


async def all_of(stores: Stores, follower_id: int) -> list[FollowingRow]:
    """Return all follows and requests of a person, in no order: what `viewers` holds, when Redis is away."""
    return await stores.select(STRUCTURE, shard_of(follower_id), _ALL, (follower_id,))


async def _page(
    stores: Stores, follower_id: int, state: FollowState, before: tuple[int, int] | None, limit: int
) -> list[FollowingRow]:
    params = (follower_id, state.value, *(before or (TOP, TOP)), limit)
    return await stores.select(STRUCTURE, shard_of(follower_id), _PAGE, params)
