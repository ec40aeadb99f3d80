"""Who follows a person, or asked to, in PostgreSQL, in the followee's shard.

Answers: who, newest first by when the follow took effect? Who asked and waits? What is between these two?
"""

from collections.abc import Sequence

from projections.rows import FollowerRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.events import FollowState
from schemas.ids import shard_of

STRUCTURE = Table(
    "followers",
    columns=(
        Column("followee_id", "bigint"),
        Column("follower_id", "bigint"),
        Column("state", "text"),
        Column("since", "bigint"),
    ),
    key=("followee_id", "follower_id"),
    indexes=("(followee_id, state, since DESC, follower_id DESC)",),
    row=FollowerRow,
    shard=lambda row, _shards: shard_of(row.followee_id),
    gone=lambda row: row.state == FollowState.NONE,
)

_ONE = "SELECT {columns} FROM {table} WHERE followee_id = %s AND follower_id = %s"
_AMONG = "SELECT {columns} FROM {table} WHERE followee_id = %s AND follower_id = ANY(%s::bigint[])"
_PAGE = """
SELECT {columns} FROM {table} WHERE followee_id = %s AND state = %s AND (since, follower_id) < (%s, %s)
ORDER BY since DESC, follower_id DESC LIMIT %s"""


async def page(stores: Stores, followee_id: int, before: tuple[int, int] | None, limit: int) -> list[FollowerRow]:
    """Return effective follows, newest first, after the row of (since, follower_id) `before`."""
    return await _page(stores, followee_id, FollowState.FOLLOWING, before, limit)


async def requests(stores: Stores, followee_id: int, before: tuple[int, int] | None, limit: int) -> list[FollowerRow]:
    """Return pending requests, newest first, after the row of (since, follower_id) `before`."""
    return await _page(stores, followee_id, FollowState.REQUESTED, before, limit)


async def one(stores: Stores, followee_id: int, follower_id: int) -> FollowerRow | None:
    """Return what is between two people, or None when there is nothing."""
    return await stores.one(STRUCTURE, shard_of(followee_id), _ONE, (followee_id, follower_id))


async def among(stores: Stores, followee_id: int, follower_ids: Sequence[int]) -> dict[int, FollowerRow]:
    """Return those of some people who follow a person or asked to, by follower."""
    if not follower_ids:
        return {}
    rows = await stores.select(STRUCTURE, shard_of(followee_id), _AMONG, (followee_id, list(follower_ids)))
    return {row.follower_id: row for row in rows}


async def _page(
    stores: Stores, followee_id: int, state: FollowState, before: tuple[int, int] | None, limit: int
) -> list[FollowerRow]:
    params = (followee_id, state.value, *(before or (TOP, TOP)), limit)
    return await stores.select(STRUCTURE, shard_of(followee_id), _PAGE, params)
