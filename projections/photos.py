"""Photos in PostgreSQL, in the owner's shard.

Answers: what is this photo, in whatever state? Which ready photos does this person have, newest first? Which ready photos
do these people have below this id: what feeds are made of where the rings in Redis end?
"""

from collections.abc import Iterable
from typing import NamedTuple

from projections.rows import PhotoRow, PhotoState
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.ids import shard_of


class OwnedPhoto(NamedTuple):
    """A photo and whose it is."""

    photo_id: int
    owner_id: int


def _row(*values) -> PhotoRow:
    row = PhotoRow(*values)
    return row._replace(tags=tuple(row.tags), tag_keys=tuple(row.tag_keys), variants=tuple(row.variants))


STRUCTURE = Table(
    "photos",
    columns=(
        Column("photo_id", "bigint"),
        Column("owner_id", "bigint"),
        Column("state", "text"),
        Column("reason", "text"),
        Column("caption", "text"),
        Column("tags", "text[]"),
        Column("tag_keys", "text[]"),
        Column("place", "text"),
        Column("place_key", "text"),
        Column("width", "integer"),
        Column("height", "integer"),
        Column("variants", "integer[]"),
        Column("original_key", "text"),
    ),
    key=("photo_id",),
    indexes=("(owner_id, photo_id DESC) WHERE state = 'ready'",),
    row=_row,
    shard=lambda row, _shards: shard_of(row.photo_id),
    gone=lambda row: row.state == PhotoState.CLEARED,
)

_BY_IDS = "SELECT {columns} FROM {table} WHERE photo_id = ANY(%s::bigint[])"
_OF_OWNER = """
SELECT {columns} FROM {table} WHERE owner_id = %s AND state = 'ready' AND photo_id < %s ORDER BY photo_id DESC LIMIT %s"""
# One descent into the index for each owner: sorting all photos of all of them would cost more the longer they are here.
_OF_OWNERS = """
SELECT p.photo_id, p.owner_id FROM unnest(%s::bigint[]) AS o (owner_id) CROSS JOIN LATERAL (
    SELECT t.photo_id, t.owner_id FROM {table} AS t
    WHERE t.owner_id = o.owner_id AND t.state = 'ready' AND t.photo_id < %s ORDER BY t.photo_id DESC LIMIT %s) AS p
ORDER BY p.photo_id DESC LIMIT %s"""


async def by_id(stores: Stores, photo_id: int) -> PhotoRow | None:
    """Return a photo in any state, also a deleted one, which has no content."""
    return (await by_ids(stores, (photo_id,))).get(photo_id)


async def by_ids(stores: Stores, photo_ids: Iterable[int]) -> dict[int, PhotoRow]:
    """Return those of the photos that there are, in any state."""
    by_shard = _by_shard(stores, photo_ids)
    parts = {shard: (ids,) for shard, ids in by_shard.items()}
    build = stores.builds.of(STRUCTURE.name)
    found = await stores.postgres.fetch_many(STRUCTURE, build, parts, _BY_IDS, "")
    return {row.photo_id: row for row in (_row(*values) for values in found)}


async def of_owner(stores: Stores, owner_id: int, below: int | None, limit: int) -> list[PhotoRow]:
    """Return a person's ready photos, newest first, those with an id below one."""
    return await stores.select(STRUCTURE, shard_of(owner_id), _OF_OWNER, (owner_id, below or TOP, limit))


async def of_owners(stores: Stores, owner_ids: Iterable[int], below: int | None, limit: int) -> list[OwnedPhoto]:
    """Return the newest ready photos of many people below an id, newest first: one query a server."""
    before = below or TOP
    parts = {shard: (ids, before, limit, limit) for shard, ids in _by_shard(stores, owner_ids).items()}
    build = stores.builds.of(STRUCTURE.name)
    end = "ORDER BY 1 DESC LIMIT %s"
    found = await stores.postgres.fetch_many(STRUCTURE, build, parts, _OF_OWNERS, end, (limit,))
    return [OwnedPhoto(*values) for values in sorted(found, reverse=True)[:limit]]


def _by_shard(stores: Stores, ids: Iterable[int]) -> dict[int, list[int]]:
    by_shard: dict[int, list[int]] = {}
    for id_ in dict.fromkeys(ids):
        if (shard := shard_of(id_)) < stores.shards:
            by_shard.setdefault(shard, []).append(id_)
    return by_shard
