"""A ring holds the newest distinct ids whatever the order they come in; in memory and in Redis alike."""

import asyncio
import struct
from random import Random

import pytest

from projections.redis_store import RedisStore, backfill_words, close_words, deliver_words
from projections.ring import CLOSED, Ring, RingPage, decode_ring
from tests.stores import fresh_stores

DEPTH = 20
KEY = "{s0001}home.1:7"
# Above 2^53 and a step of one: an id that passes through a double comes out as its neighbour.
FIRST = (1 << 60) + 1


def ids(*steps: int) -> list[int]:
    return [FIRST + step for step in steps]


class MemoryRing:
    """The rules in plain Python."""

    def __init__(self, depth: int):
        self._ring = Ring(depth)

    def deliver(self, photo_id: int) -> None:
        self._ring.offer((photo_id,))

    def backfill(self, photo_ids: list[int]) -> None:
        self._ring.offer(photo_ids)

    def close_for_ever(self) -> None:
        self._ring.close()

    def page(self, below: int | None, limit: int) -> RingPage:
        return self._ring.page(below, limit)

    def content(self) -> RingPage:
        return self._ring.content()


class RedisRing:
    """The function library, one event loop for a test."""

    def __init__(self, url: str, depth: int):
        self._runner = asyncio.Runner()
        self._redis = RedisStore(url)
        self.depth = depth
        self.call("DEL", KEY)

    def call(self, *words):
        async def work():
            return await self._redis.call(*words)

        return self._runner.run(work())

    def deliver(self, photo_id: int) -> None:
        self.call(*deliver_words(photo_id, [KEY], self.depth))

    def backfill(self, photo_ids: list[int]) -> None:
        self.call(*backfill_words(KEY, photo_ids, self.depth))

    def close_for_ever(self) -> None:
        self.call(*close_words(KEY))

    def page(self, below: int | None, limit: int) -> RingPage:
        async def work():
            return await self._redis.page(KEY, below, limit)

        return self._runner.run(work())

    def content(self) -> RingPage:
        whole = decode_ring(self.call("GET", KEY) or b"")
        assert whole == self.page(None, 10_000), "the page and the string disagree"
        return whole

    def close(self) -> None:
        self._runner.run(self._redis.close())
        self._runner.close()


@pytest.fixture(scope="module")
def places():
    with fresh_stores() as places:
        yield places


@pytest.fixture(params=["memory", "redis"])
def new_ring(request):
    """Give a function that makes an empty ring of a depth."""
    if request.param == "memory":
        yield MemoryRing
        return
    url = request.getfixturevalue("places").redis_url
    opened = []

    def make(depth: int) -> RedisRing:
        opened.append(RedisRing(url, depth))
        return opened[-1]

    yield make
    for ring in opened:
        ring.close()


def test_an_empty_ring_has_an_empty_page(new_ring):
    assert new_ring(DEPTH).page(None, 10) == RingPage((), 0)


def test_a_page_is_newest_first_and_continues_below_its_cursor(new_ring):
    ring = new_ring(DEPTH)
    for photo_id in ids(*range(5)):
        ring.deliver(photo_id)
    assert ring.page(None, 2).ids == tuple(ids(4, 3))
    assert ring.page(ids(3)[0], 2).ids == tuple(ids(2, 1))
    assert ring.page(ids(0)[0], 2).ids == ()


def test_a_cursor_works_when_its_id_is_not_there(new_ring):
    ring = new_ring(DEPTH)
    ring.backfill(ids(0, 10, 20))
    assert ring.page(ids(15)[0], 5).ids == tuple(ids(10, 0))


def test_a_page_crosses_the_seam_of_a_full_ring(new_ring):
    ring = new_ring(DEPTH)
    for photo_id in ids(*range(DEPTH + 7)):
        ring.deliver(photo_id)
    assert ring.page(None, DEPTH).ids == tuple(ids(*range(DEPTH + 6, 6, -1)))
    assert ring.page(ids(DEPTH + 2)[0], 6).ids == tuple(ids(*range(DEPTH + 1, DEPTH - 5, -1)))


def test_a_ring_that_cut_nothing_off_is_complete(new_ring):
    ring = new_ring(DEPTH)
    for photo_id in ids(*range(DEPTH)):
        ring.deliver(photo_id)
    assert ring.content().floor == 0


def test_the_floor_is_the_oldest_id_once_something_was_cut_off(new_ring):
    ring = new_ring(DEPTH)
    for photo_id in ids(*range(DEPTH + 1)):
        ring.deliver(photo_id)
    assert ring.content().floor == ids(1)[0]


def test_an_id_too_old_for_a_full_ring_raises_the_floor(new_ring):
    ring = new_ring(DEPTH)
    ring.backfill(ids(*range(1, DEPTH + 1)))
    ring.deliver(ids(0)[0])
    assert ring.content() == RingPage(tuple(ids(*range(DEPTH, 0, -1))), ids(1)[0])


def test_an_id_just_below_the_newest_cuts_the_oldest_off_a_full_ring(new_ring):
    """Kills: an insertion near the head that evicts and does not say so."""
    ring = new_ring(DEPTH)
    for step in range(2, DEPTH + 2):
        ring.deliver(FIRST + 2 * step)
    ring.deliver(FIRST + 2 * 3)
    ring.deliver(FIRST + 2 * (DEPTH + 2))
    ring.deliver(FIRST + 2 * (DEPTH + 2) - 1)
    assert ring.content().floor == FIRST + 2 * 4
    other = new_ring(3)
    for photo_id in ids(1, 2, 4):
        other.deliver(photo_id)
    other.backfill(ids(0))
    assert other.content().floor == ids(1)[0]


def test_a_swap_at_the_first_cut_is_noticed(new_ring):
    """Kills: `ring.cut` for `full and 1 or ring.cut`. The ring is full, wrapped by nothing, and its head is not at the seam."""
    ring = new_ring(DEPTH)
    ring.backfill(ids(*range(10, 10 + DEPTH)))
    ring.deliver(ids(200)[0])
    ring.deliver(ids(199)[0])
    assert ring.content() == RingPage(tuple(ids(200, 199, *range(9 + DEPTH, 11, -1))), ids(12)[0])


def test_a_backfill_does_not_evict_what_is_newer(new_ring):
    ring = new_ring(DEPTH)
    for photo_id in ids(*range(100, 100 + DEPTH)):
        ring.deliver(photo_id)
    ring.backfill(ids(*range(90, 105)))
    assert ring.content().ids == tuple(ids(*range(100 + DEPTH - 1, 99, -1)))


@pytest.mark.parametrize("before", [0, 1, DEPTH, DEPTH + 7])
def test_a_closed_ring_is_empty_for_ever_whatever_was_and_will_be_offered(new_ring, before):
    """Kills: a floor that a later offer to an empty ring forgets, or that a cut lowers to the oldest id that is kept."""
    ring = new_ring(DEPTH)
    for photo_id in ids(*range(before)):
        ring.deliver(photo_id)
    ring.close_for_ever()
    assert ring.content() == RingPage((), CLOSED)
    ring.deliver(ids(3)[0])
    ring.deliver(CLOSED - 1)
    ring.backfill(ids(*range(DEPTH + 20)))
    ring.close_for_ever()
    assert ring.content() == RingPage((), CLOSED)
    assert ring.page(ids(10)[0], 5) == RingPage((), CLOSED)


@pytest.mark.parametrize("depth", [1, 2, 15, 16, 17, 64, 65, 500])
def test_any_depth_grows_to_its_own_size(new_ring, depth):
    ring = new_ring(depth)
    for photo_id in ids(*range(depth + 3)):
        ring.deliver(photo_id)
    assert ring.content().ids == tuple(ids(*range(depth + 2, 2, -1)))


def test_a_ring_of_redis_is_written_in_place_and_never_longer_than_its_slots(places):
    ring = RedisRing(places.redis_url, 500)
    for photo_id in ids(*range(1200)):
        ring.deliver(photo_id)
    assert ring.call("STRLEN", KEY) == 24 + 500 * 8
    assert ring.call("MEMORY", "USAGE", KEY) <= 4_300
    ring.close()


def test_a_ring_of_redis_is_as_small_after_a_thousand_offers_in_any_order_and_with_repeats(places):
    """Kills: growing by what a late or a repeated id would need, which doubles the string or leaves slack behind it."""
    random = Random(5)
    offered = [FIRST + random.randrange(800) for _ in range(1_000)]
    assert len(set(offered)) < 700
    offered += random.sample(ids(*range(800)), 300)
    ring = RedisRing(places.redis_url, 500)
    for photo_id in offered[:1_000]:
        ring.deliver(photo_id)
    ring.backfill(offered[1_000:])
    assert ring.content().ids == tuple(sorted(set(offered), reverse=True)[:500])
    assert ring.call("STRLEN", KEY) == 24 + 500 * 8
    assert ring.call("MEMORY", "USAGE", KEY) <= 4_300
    ring.close()


def test_a_small_ring_of_redis_costs_little(places):
    ring = RedisRing(places.redis_url, 500)
    for photo_id in ids(*range(10)):
        ring.deliver(photo_id)
    assert ring.call("MEMORY", "USAGE", KEY) <= 300
    ring.close()


def test_a_closed_ring_of_redis_is_no_more_than_a_header(places):
    ring = RedisRing(places.redis_url, 500)
    ring.backfill(ids(*range(400)))
    ring.close_for_ever()
    assert ring.call("STRLEN", KEY) == 24
    ring.depth = 1_000
    ring.deliver(FIRST)
    assert ring.call("STRLEN", KEY) == 24
    ring.close()


def test_a_deeper_ring_does_not_claim_to_know_what_the_shallow_one_cut_off(places):
    ring = RedisRing(places.redis_url, 4)
    for photo_id in ids(*range(6)):
        ring.deliver(photo_id)
    ring.depth = 8
    for photo_id in ids(1, 6, 7):
        ring.deliver(photo_id)
    assert ring.content() == RingPage(tuple(ids(7, 6, 5, 4, 3, 2)), ids(2)[0])
    ring.close()


def test_a_shallower_ring_keeps_its_newest(places):
    ring = RedisRing(places.redis_url, 8)
    for photo_id in ids(*range(8)):
        ring.deliver(photo_id)
    ring.depth = 3
    ring.deliver(ids(9)[0])
    assert ring.content() == RingPage(tuple(ids(9, 7, 6)), ids(6)[0])
    ring.close()


def test_ids_are_big_endian_so_that_other_languages_can_read_them(places):
    ring = RedisRing(places.redis_url, 4)
    ring.deliver(FIRST)
    assert ring.call("GET", KEY)[24:32] == struct.pack(">Q", FIRST)
    ring.close()
