"""What the functions in Redis promise, on a Redis that lives for these tests alone and needs no stack."""

import asyncio
import random

import pytest

from projections.away import StoreAway, StoreLost
from projections.memory import MemorySink
from projections.pipelined import ReplyError
from projections.redis_store import BIRTH, RedisStore, backfill_words, close_words, deliver_words
from projections.ring import CLOSED, Ring, RingPage, decode_ring
from projections.rows import CounterKind, CounterRow
from projections.witnessed import NOBODY, WitnessedRedis
from schemas.ids import compose_id
from tests.contracts.projection_rows import START_MS
from tests.contracts.test_sinks import Guard

RING = "{s0001}home.1:7"
GUARD, COUNT = "{s0001}guard:likes:0", "{s0001}n.1:PHOTO_LIKES:7"
FIRST = (1 << 60) + 1


def commit(store: RedisStore, epoch: int, number: int, value: int):
    return store.commit(GUARD, (epoch, number, "{}"), [("SET", COUNT, value)])


def test_a_commit_that_repeats_or_is_older_changes_nothing(play):
    async def story(store):
        taken = [await commit(store, 0, number, value) for number, value in ((5, 50), (5, 51), (4, 40), (6, 60), (5, 52))]
        return taken, await store.call("GET", COUNT)

    assert play(story) == ([True, False, False, True, False], b"60")


def test_a_newer_epoch_begins_its_numbers_anew(play):
    async def story(store):
        taken = [await commit(store, *place) for place in ((3, 100, 1), (4, 1, 2), (3, 101, 3), (10, 1, 4), (9, 900, 5))]
        return taken, await store.call("GET", COUNT)

    assert play(story) == ([True, True, False, True, False], b"4")


def test_a_store_that_was_emptied_takes_nothing_of_those_who_knew_it_before(play):
    async def story(store):
        await commit(store, 0, 1, 10)
        await store.call("FLUSHALL")
        await store.prepare()
        with pytest.raises(StoreLost):
            await commit(store, 0, 2, 20)
        assert issubclass(StoreLost, StoreAway)
        return await store.call("EXISTS", COUNT, GUARD)

    assert play(story) == 0


def test_a_ring_in_redis_is_the_ring_in_memory(play):
    """Kills: the window before the head that ignores the seam, a cut that is not noted, an order that matters."""

    async def story(store):
        chance = random.Random(7)
        for depth in (1, 5, 16, 20, 40):
            for _ in range(12):
                await store.call("DEL", RING)
                model = Ring(depth)
                for step in range(60):
                    ids = [FIRST + step * 2 - chance.choice((0, 0, 0, 1, 3, 9, 80)) for _ in range(chance.choice((1, 1, 1, 4)))]
                    model.offer(ids)
                    words = deliver_words(ids[0], [RING], depth) if len(ids) == 1 else backfill_words(RING, ids, depth)
                    await store.call(*words)
                    assert decode_ring(await store.call("GET", RING)) == model.content()

    play(story)


@pytest.mark.parametrize("depth", [1, 16, 20])
def test_a_closed_ring_is_empty_for_ever_whatever_was_and_will_be_offered(play, depth):
    """Kills: an offer to an empty ring that forgets its floor, a floor that stands only until something is cut off."""

    async def story(store):
        for before in range(0, 2 * depth, 7):
            await store.call("DEL", RING)
            for step in range(before):
                await store.call(*deliver_words(FIRST + step, [RING], depth))
            await store.call(*close_words(RING))
            for step in (0, 50, CLOSED - 1 - FIRST):
                await store.call(*deliver_words(FIRST + step, [RING], depth))
            await store.call(*backfill_words(RING, [FIRST + step for step in range(3 * depth)], depth))
            await store.call(*close_words(RING))
            assert decode_ring(await store.call("GET", RING)) == RingPage((), CLOSED)
            assert await store.page(RING, FIRST + 10, 5) == RingPage((), CLOSED)
            assert await store.call("STRLEN", RING) == 24

    play(story)


def test_a_deeper_ring_takes_nothing_from_below_its_floor(play):
    async def story(store):
        for step in range(30):
            await store.call(*deliver_words(FIRST + step, [RING], 20))
        # Its ring grew, and what the shallow one had cut off is not known: an id from there must not stand alone.
        await store.call(*backfill_words(RING, [FIRST + 2, FIRST + 40], 50))
        await store.call(*deliver_words(FIRST + 5, [RING], 50))
        return decode_ring(await store.call("GET", RING))

    content = play(story)
    assert content.floor == FIRST + 10
    assert content.ids == (FIRST + 40, *(FIRST + step for step in range(29, 9, -1)))


def test_the_sink_in_memory_takes_no_second_row_of_one_batch():
    photo = compose_id(START_MS, 1, 1)

    async def story(sink):
        for number, value in ((5, 50), (5, 51), (4, 40)):
            await sink.commit(Guard(number), {"counters": [CounterRow(CounterKind.PHOTO_LIKES, photo, value)]})

    sink = MemorySink(shards=8)
    asyncio.run(story(sink))
    assert [row.value for row in sink.rows["counters"].values()] == [50]


def test_what_an_emptied_redis_says_is_not_believed(url):
    """Kills: a reader for whom a Redis that was emptied under it says that nobody blocks anybody."""

    async def story():
        redis = WitnessedRedis(url)
        await redis.call("SET", BIRTH, "first")
        await redis.open()
        await redis.call("SET", "there", 1)
        assert await redis.call("GET", "there") == b"1"
        await redis.call("SET", "there", 2)
        read, _emptied, nothing = redis.execute("GET", "there"), redis.execute("FLUSHALL"), redis.execute("GET", "there")
        for answer in (read, nothing):
            with pytest.raises(StoreLost):
                await answer
        redis.birth = None
        await redis.call("SET", BIRTH, "second")
        redis.birth = "second"
        assert await asyncio.gather(redis.call("GET", "there"), redis.call("GET", BIRTH)) == [None, b"second"]
        with pytest.raises(ReplyError):
            await redis.call("NONSENSE")
        redis.birth = NOBODY
        with pytest.raises(StoreLost):
            await redis.call("GET", "there")
        await redis.close()

    asyncio.run(story())


def test_a_full_redis_counts_as_away_and_says_why(play):
    """Kills: a refusal for want of memory that is taken for a mistake of ours, or for an answer."""

    async def story(store):
        await store.call("CONFIG", "SET", "maxmemory", "1kb")
        try:
            with pytest.raises(StoreAway, match="OOM command not allowed"):
                await store.call("SET", "a", "1")
            read = await store.call("GET", "birth")
        finally:
            await store.call("CONFIG", "SET", "maxmemory", "0")
        await store.call("SET", "a", "1")
        return read, await store.call("GET", "a")

    read, written = play(story)
    assert read, "reads go on"
    assert written == b"1"
