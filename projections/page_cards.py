"""Cards, counts and the reader's likes of one page of photos, as Redis keeps them, in one write: the feed's hot read.

Answers the same as `hydration` and `liked` together, undecoded, so that who renders thousands of pages a second decodes
only what is new to it. Owners' cards are the caller's.
"""

import asyncio
import functools
from collections.abc import Sequence
from itertools import chain, compress, groupby
from typing import NamedTuple

import msgspec

from projections import counters, liked, photo_cards
from projections.away import StoreAway
from projections.catalog import PROJECTIONS
from projections.keys import guard_key, key_of, shard_tag
from projections.photo_cards import PhotoCard
from projections.pipelined import ConnectionLost, pack_words
from projections.rows import CounterKind
from projections.stores import Stores
from schemas.ids import shard_of

# 50,000 photos of three keys of 50 B each are about 12 MB.
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
    builds = stores.builds
    card_build, count_build = builds.of("photo_cards"), builds.of("counters")
    # All commands are on their way before the first is awaited.
    packed = b"*%d\r\n$4\r\nMGET\r\n%b" % (
        1 + 3 * len(photo_ids),
        b"".join([_keys(photo_id, card_build, count_build) for photo_id in photo_ids]),
    )
    # Both commands are on their way before the first is awaited.
    asked = [stores.redis.execute_packed(packed), *_ask_likes(stores, reader_id, photo_ids)]
    try:
        found, *answers = [await one for one in asked]
    except ConnectionLost:
        # Those that were not awaited are told of too, or the loop complains that nobody asked.
        await asyncio.gather(*asked, return_exceptions=True)
        found = await _read_again(stores, packed)
        likes = await liked.among(stores, reader_id, photo_ids)
    else:
        likes = _likes_of(photo_ids, answers)
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


def _ask_likes(stores: Stores, reader_id: int, photo_ids: Sequence[int]) -> list[asyncio.Future]:
    """Send one SMISMEMBER for each run of photos in one bucket; of a page, newest first, nearly always one."""
    if liked.bucket_of(min(photo_ids)) == liked.bucket_of(max(photo_ids)):
        runs = [(liked.bucket_of(photo_ids[0]), photo_ids)]
    else:
        runs = [(bucket, tuple(ids)) for bucket, ids in groupby(photo_ids, liked.bucket_of)]
    shard = shard_of(reader_id)
    sent = []
    for bucket, ids in runs:
        key = stores.key(liked.STRUCTURE, shard, f"{reader_id}:{bucket}").encode()
        words = b"".join([_word(photo_id) for photo_id in ids])
        packed = b"*%d\r\n$10\r\nSMISMEMBER\r\n%b%b" % (2 + len(ids), pack_words((key,)), words)
        sent.append(stores.redis.execute_packed(packed))
    return sent


def _likes_of(photo_ids: Sequence[int], answers: Sequence[Sequence[int]]) -> set[int]:
    """Return which photos the answers say yes to; the answers stand in the order of the photos."""
    if not any(1 in answer for answer in answers):
        return set()
    return set(compress(photo_ids, chain.from_iterable(answers)))


async def _read_again(stores: Stores, packed: bytes) -> list[bytes | None]:
    await stores.redis.call("PING")
    try:
        return await stores.redis.execute_packed(packed)
    except ConnectionLost as error:
        raise StoreAway("Redis did not answer MGET in 2 attempts") from error


@functools.lru_cache(_KEYS_KEPT)
def _keys(photo_id: int, card_build: int, count_build: int) -> bytes:
    """Return the keys of a photo's card, likes and comments in Redis's wire format: 21 of them are joined in 2 us."""
    shard = shard_of(photo_id)
    counts = (counters.suffix(kind, photo_id) for kind in (CounterKind.PHOTO_LIKES, CounterKind.PHOTO_COMMENTS))
    return pack_words(
        key.encode()
        for key in (
            key_of(photo_cards.STRUCTURE, card_build, shard, photo_id),
            *(key_of(counters.STRUCTURE, count_build, shard, suffix) for suffix in counts),
        )
    )


@functools.lru_cache(_KEYS_KEPT)
def _word(photo_id: int) -> bytes:
    """Return an id in Redis's wire format."""
    return pack_words((b"%d" % photo_id,))


__all__ = ["PageCards", "PhotoCard", "decode", "encode", "read", "seen"]
