"""Recent photos by author in Redis: `{s0001}author.1:<user>`, a ring for pulls at read.

Answers: the newest photos of each of these authors below this id? A photo stays in the ring after it was deleted; the
reader sees its card.
"""

import asyncio
from collections.abc import Iterable

from projections.ring import RingPage
from projections.rows import AuthorRow, Backfill
from projections.stores import Stores
from projections.structure import Rings
from schemas.ids import shard_of


def _offers(row: AuthorRow | Backfill) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(row, AuthorRow):
        return (row.author_id,), (row.photo_id,)
    return (row.user_id,), row.photo_ids


STRUCTURE = Rings("authors", family="author", offers=_offers)


async def pages(stores: Stores, author_ids: Iterable[int], below: int | None, limit: int) -> dict[int, RingPage]:
    """Return the newest photos of each author below an id, all asked in one write."""
    asked = list(dict.fromkeys(author_ids))
    found = await asyncio.gather(
        *(stores.redis.page(stores.key(STRUCTURE, shard_of(author), author), below, limit) for author in asked)
    )
    return dict(zip(asked, found, strict=True))
