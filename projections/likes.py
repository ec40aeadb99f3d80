"""Who likes a photo or a comment, in PostgreSQL, in the shard of what is liked.

Answers: who likes this, newest like first? Does this person? `liked` in Redis answers the second for many targets at once.
"""

from projections.rows import LikeRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.ids import shard_of


def _row(target_id: int, user_id: int, liked_at: int, sequence: int) -> LikeRow:
    return LikeRow(target_id, user_id, True, liked_at, sequence)


STRUCTURE = Table(
    "likes",
    columns=(
        Column("target_id", "bigint"),
        Column("user_id", "bigint"),
        Column("liked_at", "bigint"),
        Column("sequence", "bigint"),
    ),
    key=("target_id", "user_id"),
    indexes=("(target_id, sequence DESC)",),
    row=_row,
    values=lambda row: (row.target_id, row.user_id, row.liked_at, row.order),
    shard=lambda row, _shards: shard_of(row.target_id),
    gone=lambda row: not row.liked,
)

_ONE = "SELECT {columns} FROM {table} WHERE target_id = %s AND user_id = %s"
_PAGE = "SELECT {columns} FROM {table} WHERE target_id = %s AND sequence < %s ORDER BY sequence DESC LIMIT %s"


async def of_target(stores: Stores, target_id: int, before: int | None, limit: int) -> list[LikeRow]:
    """Return the likes of a photo or comment, newest first, after the one whose `order` is `before`."""
    params = (target_id, TOP if before is None else before, limit)
    return await stores.select(STRUCTURE, shard_of(target_id), _PAGE, params)


async def one(stores: Stores, target_id: int, user_id: int) -> LikeRow | None:
    """Return one person's like, or None."""
    return await stores.one(STRUCTURE, shard_of(target_id), _ONE, (target_id, user_id))
