"""Comments in PostgreSQL, in the photo's shard, with their likes.

Answers: the comments of this photo, newest, oldest or most liked first? What is this comment? Deleted ones stay as
tombstones without text, outside the indexes of the lists. Pages are by key, so depth costs nothing.
"""

from collections.abc import Iterable

from projections.rows import CommentRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.ids import shard_of

STRUCTURE = Table(
    "comments",
    columns=(
        Column("comment_id", "bigint"),
        Column("photo_id", "bigint"),
        Column("author_id", "bigint"),
        Column("text", "text"),
        Column("likes", "bigint"),
        Column("deleted", "boolean"),
    ),
    key=("comment_id",),
    indexes=("(photo_id, likes DESC, comment_id DESC) WHERE NOT deleted", "(photo_id, comment_id) WHERE NOT deleted"),
    row=CommentRow,
    shard=lambda row, _shards: shard_of(row.comment_id),
)

_BY_ID = "SELECT {columns} FROM {table} WHERE comment_id = %s"
_BY_IDS = "SELECT {columns} FROM {table} WHERE comment_id = ANY(%s::bigint[])"
_NEWEST = """
SELECT {columns} FROM {table} WHERE photo_id = %s AND NOT deleted AND comment_id < %s ORDER BY comment_id DESC LIMIT %s"""
_OLDEST = """
SELECT {columns} FROM {table} WHERE photo_id = %s AND NOT deleted AND comment_id > %s ORDER BY comment_id LIMIT %s"""
_TOP = """
SELECT {columns} FROM {table} WHERE photo_id = %s AND NOT deleted AND (likes, comment_id) < (%s, %s)
ORDER BY likes DESC, comment_id DESC LIMIT %s"""


async def by_id(stores: Stores, comment_id: int) -> CommentRow | None:
    """Return a comment, also a deleted one, which has no text."""
    return await stores.one(STRUCTURE, shard_of(comment_id), _BY_ID, (comment_id,))


async def by_ids(stores: Stores, comment_ids: Iterable[int]) -> dict[int, CommentRow]:
    """Return those of the comments that there are, also deleted ones: one query a server."""
    by_shard: dict[int, list[int]] = {}
    for comment_id in dict.fromkeys(comment_ids):
        if (shard := shard_of(comment_id)) < stores.shards:
            by_shard.setdefault(shard, []).append(comment_id)
    parts = {shard: (ids,) for shard, ids in by_shard.items()}
    found = await stores.postgres.fetch_many(STRUCTURE, stores.builds.of(STRUCTURE.name), parts, _BY_IDS, "")
    return {row.comment_id: row for row in (CommentRow(*values) for values in found)}


async def newest(stores: Stores, photo_id: int, before: int | None, limit: int) -> list[CommentRow]:
    """Return a photo's comments, newest first, those with an id below `before`."""
    params = (photo_id, TOP if before is None else before, limit)
    return await stores.select(STRUCTURE, shard_of(photo_id), _NEWEST, params)


async def oldest(stores: Stores, photo_id: int, after: int | None, limit: int) -> list[CommentRow]:
    """Return a photo's comments, oldest first, those with an id above `after`."""
    return await stores.select(STRUCTURE, shard_of(photo_id), _OLDEST, (photo_id, after or 0, limit))


async def top(stores: Stores, photo_id: int, before: tuple[int, int] | None, limit: int) -> list[CommentRow]:
    """Return a photo's comments, most liked first, then newest, after the row of (likes, comment_id) `before`."""
    params = (photo_id, *(before or (TOP, TOP)), limit)
    return await stores.select(STRUCTURE, shard_of(photo_id), _TOP, params)
