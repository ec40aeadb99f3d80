"""Every sink keeps the same promises: repeats and late writes change nothing, and all digests agree."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from projections import rows, writers
from projections.digest import digest
from projections.memory import MemorySink
from projections.rows import CounterKind
from projections.stores import open_stores
from projections.structure import Rings
from projections.structures import NAMES, structure_of
from projections.writers import open_writers
from tests.contracts.projection_rows import ANNA, BEN, PHOTO, everything
from tests.stores import fresh_stores


@dataclass(frozen=True)
class Guard:
    """The place of a write, as the runtime gives it."""

    number: int = 1
    epoch: int = 0
    agent: str = "likes"
    partition: int = 0
    sources: Mapping[str, int] = field(default_factory=lambda: {"likes": 1})


@pytest.fixture(scope="module")
def places():
    with fresh_stores() as places:
        yield places


def in_memory(work):
    async def run():
        sink = MemorySink(shards=8)

        async def likes():
            row = sink.rows.get("counters", {}).get(f"likes:{PHOTO}")
            return row.value if row else 0

        await work(sink, likes)

    asyncio.run(run())


def in_stores(places, work):
    async def run():
        sink = await open_writers(places.dsns, places.redis_url, places.shards)
        stores = await open_stores(places.dsns, places.redis_url, places.shards)

        async def likes():
            from projections import counter_rows, counters

            asked = [(CounterKind.PHOTO_LIKES, PHOTO)]
            fast, slow = await counters.counts(stores, asked), await counter_rows.counts(stores, asked)
            assert fast == slow, "Redis and PostgreSQL disagree"
            return fast[0]

        try:
            await work(sink, likes)
        finally:
            await stores.close()
            await sink.close()

    asyncio.run(run())


@pytest.fixture(params=["memory", "stores"])
def against(request):
    """Run a coroutine of (sink, likes) against one kind of sink; `likes` reads the photo's count."""
    if request.param == "memory":
        return in_memory
    places = request.getfixturevalue("places")
    return lambda work: in_stores(places, work)


def likes_are(count: int) -> dict:
    row = rows.CounterRow(CounterKind.PHOTO_LIKES, PHOTO, count)
    return {"counters": [row], "counter_rows": [row]}


def test_a_repeat_of_a_batch_changes_nothing(against):
    async def work(sink, likes):
        await sink.commit(Guard(5, agent="repeat"), likes_are(3))
        await sink.commit(Guard(5, agent="repeat"), likes_are(4))
        assert await likes() == 3

    against(work)


def test_a_late_write_of_an_older_batch_changes_nothing(against):
    async def work(sink, likes):
        await sink.commit(Guard(9, agent="late"), likes_are(6))
        await sink.commit(Guard(8, agent="late"), likes_are(5))
        assert await likes() == 6

    against(work)


def test_an_older_epoch_is_refused_whatever_its_number(against):
    async def work(sink, likes):
        await sink.commit(Guard(2, epoch=2, agent="epochs"), likes_are(8))
        await sink.commit(Guard(99, epoch=1, agent="epochs"), likes_are(7))
        assert await likes() == 8
        await sink.commit(Guard(1, epoch=3, agent="epochs"), likes_are(9))
        assert await likes() == 9

    against(work)


def test_agents_and_partitions_do_not_hold_each_other_up(against):
    async def work(sink, likes):
        await sink.commit(Guard(50, agent="one"), likes_are(1))
        await sink.commit(Guard(3, agent="other"), likes_are(2))
        assert await likes() == 2
        await sink.commit(Guard(2, agent="one", partition=1), likes_are(3))
        assert await likes() == 3

    against(work)


def test_the_last_of_several_rows_under_one_key_counts(against):
    async def work(sink, likes):
        several = {name: [*likes_are(4)[name], *likes_are(0)[name], *likes_are(5)[name]] for name in likes_are(0)}
        await sink.commit(Guard(1, agent="several"), several)
        assert await likes() == 5
        await sink.commit(Guard(2, agent="several"), likes_are(0))
        assert await likes() == 0

    against(work)


def test_rows_may_be_lazy(against):
    async def work(sink, likes):
        await sink.commit(Guard(1, agent="lazy"), {name: iter(given) for name, given in likes_are(11).items()})
        assert await likes() == 11

    against(work)


def followers_of(count: int, state: str = "FOLLOWING"):
    """Yield so many followers of Anna and of Ben, who live on different servers, lazily."""
    for n in range(count):
        yield rows.FollowerRow((ANNA, BEN)[n % 2], n + 1, state, n)


def test_lazy_rows_that_are_very_many_are_all_there_or_none_and_a_repeat_of_them_changes_nothing(places, monkeypatch):
    """Kills: a later chunk that is refused by the guard of the first, a chunk that is committed by itself."""
    monkeypatch.setattr(writers, "ROWS_AT_ONCE", 7)

    def failing():
        yield from followers_of(30, "REQUESTED")
        raise RuntimeError("somebody died here")

    async def work(sink, _likes):
        memory = MemorySink(shards=places.shards)
        stores = await open_stores(places.dsns, places.redis_url, places.shards)
        # The batch, its repeat, an older one, newer ones of which one is small, and one that failed before.
        told = [
            (5, 40, "FOLLOWING"),
            (5, 40, "NONE"),
            (4, 40, "NONE"),
            (6, 15, "NONE"),
            (7, 3, "FOLLOWING"),
            (8, 30, "REQUESTED"),
        ]
        try:
            for number, count, state in told:
                if number == 8:
                    with pytest.raises(RuntimeError, match="died"):
                        await sink.commit(Guard(8, agent="follows"), {"followers": failing()})
                    assert (await digest(stores, "followers")).total == f"{memory.digest('followers'):016x}"
                for each in (memory, sink):
                    await each.commit(Guard(number, agent="follows"), {"followers": followers_of(count, state)})
                assert (await digest(stores, "followers")).total == f"{memory.digest('followers'):016x}", (number, state)
        finally:
            await stores.close()

    in_stores(places, work)


def test_a_sink_names_its_stores(against):
    async def work(sink, _likes):
        first = await sink.identities()
        assert first and all(first.values())
        assert await sink.identities() == first

    against(work)


def test_digests_of_memory_and_of_stores_are_the_same():
    """Kills: a store that loses a column, an encoding that differs, a removal that leaves something behind."""
    with fresh_stores() as places:
        asyncio.run(_same_digests(places))


async def _same_digests(places):
    memory = MemorySink(shards=places.shards)
    sink = await open_writers(places.dsns, places.redis_url, places.shards)
    stores = await open_stores(places.dsns, places.redis_url, places.shards)
    world = everything()
    removal = {
        "likes": [rows.LikeRow(PHOTO, BEN, False, 0, 12)],
        "liked": [rows.LikeRow(PHOTO, BEN, False, 0, 12)],
        "followings": [rows.FollowingRow(BEN, ANNA, "NONE", 1)],
        "celebrities": [rows.CelebrityRow(ANNA, ())],
    }
    try:
        for number, given in enumerate((world, removal), start=1):
            for each in (memory, sink):
                await each.commit(Guard(number), given)
            for name in NAMES:
                found = await digest(stores, name)
                assert found.total == f"{memory.digest(name):016x}", name
                if not isinstance(structure_of(name), Rings):
                    assert found.rows == len(memory.rows.get(name, {})), name
    finally:
        await stores.close()
        await sink.close()
