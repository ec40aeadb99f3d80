"""Connections that break, servers that are away and writers that race: nothing is lost, doubled or left hanging."""

import asyncio

import psycopg
import pytest

from projections import counter_rows, counters, rows, timelines
from projections.away import StoreAway, StoreLost
from projections.digest import digest
from projections.rows import CounterKind
from projections.stores import open_stores
from projections.writers import open_writers
from tests.contracts.projection_rows import made
from tests.contracts.test_sinks import Guard
from tests.stores import fresh_stores

PEOPLE = [made(0, shard) for shard in range(8)]


@pytest.fixture(scope="module")
def places():
    with fresh_stores() as places:
        yield places


def counts(value: int) -> dict:
    """Return one count in every shard, so that every server and schema is touched."""
    given = [rows.CounterRow(CounterKind.USER_PHOTOS, person, value) for person in PEOPLE]
    return {"counters": given, "counter_rows": given}


async def read_counts(places) -> list[int]:
    stores = await open_stores(places.dsns, places.redis_url, places.shards)
    asked = [(CounterKind.USER_PHOTOS, person) for person in PEOPLE]
    fast, slow = await counters.counts(stores, asked), await counter_rows.counts(stores, asked)
    await stores.close()
    assert fast == slow
    return fast


def break_connections(places) -> None:
    """End every connection to the test's databases, from the server's side."""
    text = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for dsn in places.dsns:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(text)


def test_a_commit_outlives_broken_connections(places):
    async def work():
        sink = await open_writers(places.dsns, places.redis_url, places.shards)
        for number in range(1, 6):
            await sink.commit(Guard(number, agent="broken"), counts(number))
            break_connections(places)
        await sink.close()
        assert await read_counts(places) == [5] * 8

    asyncio.run(work())


def test_readers_outlive_broken_connections(places):
    async def work():
        stores = await open_stores(places.dsns, places.redis_url, places.shards, connections=4)
        asked = [(CounterKind.USER_PHOTOS, person) for person in PEOPLE]
        await asyncio.gather(*(counter_rows.counts(stores, asked) for _ in range(8)))
        break_connections(places)
        assert len(await counter_rows.counts(stores, asked)) == 8
        await stores.close()

    asyncio.run(work())


def test_a_server_that_is_not_there_is_away_and_is_named(places):
    async def work():
        nowhere = "host=127.0.0.1 port=1 dbname=none connect_timeout=1"
        with pytest.raises(StoreAway, match="PostgreSQL"):
            await open_stores([places.dsns[0], nowhere], places.redis_url, places.shards)
        with pytest.raises(StoreAway, match="Redis"):
            await open_stores(places.dsns, "redis://127.0.0.1:1/0", places.shards)

    asyncio.run(work())


def test_a_database_that_is_another_one_takes_no_rows(places):
    async def work():
        sink = await open_writers(places.dsns, places.redis_url, places.shards)
        sink.postgres.births = ["another", *sink.postgres.births[1:]]
        before = await read_counts(places)
        with pytest.raises(StoreLost, match="PostgreSQL server 0"):
            await sink.commit(Guard(1, agent="lost"), counts(77))
        assert (await read_counts(places))[:4] == before[:4]
        await sink.close()

    asyncio.run(work())


def test_two_writers_that_race_end_with_the_newest_batch_everywhere():
    """Kills: a guard that is read and not locked, rows or shards written in two orders (deadlock), schemas created twice."""

    async def write(sink, numbers) -> None:
        for number in numbers:
            await sink.commit(Guard(number, agent="race"), counts(number))

    async def work(places):
        sinks = [await open_writers(places.dsns, places.redis_url, places.shards) for _ in range(3)]
        await asyncio.gather(
            write(sinks[0], range(1, 40)), write(sinks[1], range(1, 41)), write(sinks[2], reversed(range(1, 30)))
        )
        for sink in sinks:
            await sink.close()
        assert await read_counts(places) == [40] * 8

    with fresh_stores() as places:
        asyncio.run(work(places))


def test_deliveries_to_many_survive_a_break_in_the_middle(places):
    """Kills: a chunk that is forgotten when the connection breaks under it."""

    async def work():
        sink = await open_writers(places.dsns, places.redis_url, places.shards)
        readers = [made(number, number % 8) for number in range(3_000)]
        photos = [made(10_000 + number, 1) for number in range(10)]

        def deliveries():
            for number, photo in enumerate(photos):
                if number in (3, 7):
                    sink.redis._client._connection.abort()
                for first in range(0, len(readers), 1_000):
                    yield rows.Delivery(photo, tuple(readers[first : first + 1_000]))

        await sink.commit(Guard(1, agent="fanout"), {"timelines": deliveries()})
        stores = await open_stores(places.dsns, places.redis_url, places.shards)
        pages = await asyncio.gather(*(timelines.page(stores, reader, None, 20) for reader in readers))
        assert {page.ids for page in pages} == {tuple(reversed(photos))}
        found = await digest(stores, "timelines")
        assert found.positions == {"fanout": {0: {"likes": 1}}} and found.steady
        await stores.close()
        await sink.close()

    asyncio.run(work())


def test_a_backfill_longer_than_the_ring_says_where_it_was_cut(places):
    async def work():
        sink = await open_writers(places.dsns, places.redis_url, places.shards, feed_depth=50)
        photos = tuple(made(20_000 + number, 1) for number in reversed(range(80)))
        reader = made(5, 5)
        await sink.commit(Guard(2, agent="fanout"), {"timelines": [rows.Backfill(reader, photos), rows.Backfill(reader, ())]})
        stores = await open_stores(places.dsns, places.redis_url, places.shards)
        page = await timelines.page(stores, reader, None, 100)
        assert (page.ids, page.floor) == (photos[:50], photos[49])
        await stores.close()
        await sink.close()

    asyncio.run(work())
