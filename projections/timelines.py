"""Home timelines in Redis: `{s0001}home.1:<user>`, a ring of the newest candidates for a person's feed.

Answers: which photos may be in this person's feed, newest first, and down to which id is that all? Candidates are a
superset: follows, blocks, mutes and privacy are applied by the reader. Below the floor PostgreSQL continues (`photos`).
"""

from projections.ring import RingPage
from projections.rows import Backfill, Delivery
from projections.stores import Stores
from projections.structure import Rings
from schemas.ids import shard_of


def _offers(row: Delivery | Backfill) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(row, Delivery):
        return row.user_ids, (row.photo_id,)
    return (row.user_id,), row.photo_ids


STRUCTURE = Rings("timelines", family="home", offers=_offers)


async def page(stores: Stores, user_id: int, below: int | None, limit: int) -> RingPage:
    """Return the newest candidates below an id; fewer than `limit` when the ring holds no more."""
    return await stores.redis.page(stores.key(STRUCTURE, shard_of(user_id), user_id), below, limit)
