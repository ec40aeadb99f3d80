"""Cards, counts and the reader's likes of one page of photos, as Redis keeps them, in one write: the feed's hot read.

Answers the same as `hydration` and `liked` together, undecoded, so that who renders thousands of pages a second decodes
only what is new to it. Owners' cards are the caller's.
"""

import asyncio
import functools
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from projections import counters, liked, photo_cards
from projections.catalog import PROJECTIONS
from projections.keys import guard_key, key_of, shard_tag
from projections.photo_cards import PhotoCard
from projections.pipelined import ConnectionLost
from projections.rows import CounterKind
from projections.stores import Stores
from schemas.ids import shard_of

# 50,000 photos of three keys of 40 B each are about 12 MB.
_KEYS_KEPT = 50_000

_WRITERS = next(projection.writers for projection in PROJECTIONS if projection.name == "photo_cards")

decode = photo_cards.decode
encode = photo_cards.encode


class PageCards(NamedTuple):
    """For each photo asked, in order: its card, likes and comments as Redis has them (None: absent), and who likes it."""

    cards: list[bytes | None]
    likes: list[bytes | None]
    comments: list[bytes | None]
    liked: set[int]


async def read(stores: Stores, photo_ids: Sequence[int], reader_id: int) -> PageCards:
    """Return the cards and counts of photos, and which of them the reader likes; StoreAway when Redis is."""
    if not photo_ids:
        return PageCards([], [], [], set())
    card_build, count_build = stores.builds.of("photo_cards"), stores.builds.of("counters")
    keys = [key for photo_id in photo_ids for key in _keys(photo_id, card_build, count_build)]
    questions = liked.questions(stores, reader_id, photo_ids)
    execute = stores.redis.execute
    # All commands are on their way before the first is awaited.
    asked = [execute("MGET", *keys), *(execute(*words) for _, words in questions)]
    try:
        found, *answers = [await one for one in asked]
    except ConnectionLost:
        # Those that were not awaited are told of too, or the loop complains that nobody asked.
        await asyncio.gather(*asked, return_exceptions=True)
        found = await stores.redis.call("MGET", *keys)
        answers = [await stores.redis.call(*words) for _, words in questions]
    likes = liked.chosen(questions, answers)
    return PageCards(found[::3], found[1::3], found[2::3], likes)


async def seen(stores: Stores, photo_id: int, partition: int) -> dict[str, int]:
    """Return the next offset by topic at the last write to cards of the photo's shard: a card read before is no newer.

    Cards and this guard change in one step, so it is exact where published progress is a moment late.
    """
    build = stores.builds.of("photo_cards")
    guards = [guard_key(shard_tag(shard_of(photo_id)), f"{writer}@photo_cards.{build}", partition) for writer in _WRITERS]
    sources: dict[str, int] = {}
    for guard in await stores.redis.call("MGET", *guards):
        if guard:
            sources |= msgspec.json.decode(guard.split(b" ", 2)[2], type=dict[str, int])
    return sources


@functools.lru_cache(_KEYS_KEPT)
def _keys(photo_id: int, card_build: int, count_build: int) -> tuple[bytes, bytes, bytes]:
    shard = shard_of(photo_id)
    return (
        key_of(photo_cards.STRUCTURE, card_build, shard, photo_id).encode(),
        key_of(counters.STRUCTURE, count_build, shard, counters.suffix(CounterKind.PHOTO_LIKES, photo_id)).encode(),
        key_of(counters.STRUCTURE, count_build, shard, counters.suffix(CounterKind.PHOTO_COMMENTS, photo_id)).encode(),
    )


__all__ = ["PageCards", "PhotoCard", "decode", "encode", "read", "seen"]
