"""Every sink keeps the same promises of reprints: it says itself what it owes, and only the last reprint can be whole."""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
import pytest

from projections.away import StoreAway, StoreOvertaken
from projections.digest import digest
from projections.memory import MemorySink
from projections.postgres_prints import ask
from projections.prepare import prepare
from projections.prints import CHUNK_ROWS, Owing
from projections.rows import CounterKind, CounterRow
from projections.stores import open_stores
from projections.structures import structure_of
from projections.writers import open_writers
from schemas.crash_points import CrashPoint
from schemas.ids import compose_id
from tests.contracts.projection_rows import START_MS
from tests.stores import SHARDS, fresh_stores

COUNTS = ("counters", "counter_rows")
PARTITION = 3


class Died(Exception):
    """The process died here."""


@dataclass(frozen=True)
class Place:
    """The place of a write or a reprint, as the runtime gives it."""

    number: int = 1
    epoch: int = 0
    agent: str = "likes"
    partition: int = PARTITION
    sources: Mapping[str, int] = field(default_factory=lambda: {"likes": 1})


def photo(number: int, shard: int = 1) -> int:
    return compose_id(START_MS + number, shard, 32)


def count(value: int, number: int = 0, shard: int = 1) -> CounterRow:
    return CounterRow(CounterKind.PHOTO_LIKES, photo(number, shard), value)


class InMemory:
    """The twin: a sink, others beside it, and how its stores are lost."""

    def __init__(self):
        self.first = MemorySink(shards=SHARDS)

    @asynccontextmanager
    async def sink(self, **hooks):
        yield MemorySink(shards=SHARDS, beside=self.first, **hooks)

    async def lose_redis(self):
        self.first.lose("redis")

    async def ask(self, name, shard):
        self.first.request(name, shard)

    async def lose_shard(self, shard):
        self.first.lose_shard(shard)

    async def values(self, name) -> dict[int, int]:
        return {row.entity_id: row.value for row in self.first.rows.get(name, {}).values()}


class InStores:
    """PostgreSQL and Redis."""

    def __init__(self, places):
        self.places = places

    @asynccontextmanager
    async def sink(self, **hooks):
        sink = await open_writers(self.places.dsns, self.places.redis_url, SHARDS, **hooks)
        try:
            yield sink
        finally:
            await sink.close()

    async def lose_redis(self):
        async with self.sink() as sink:
            await sink.redis.call("FLUSHDB")
        await prepare(self.places.dsns, self.places.redis_url, SHARDS)

    async def ask(self, name, shard):
        async with self.sink() as sink:
            await ask(sink.postgres, name, shard)

    async def lose_shard(self, shard):
        for dsn in self.places.dsns:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(f"DROP SCHEMA IF EXISTS shard{shard:04d} CASCADE")

    async def lose_server(self, server):
        with psycopg.connect(self.places.dsns[server], autocommit=True) as connection:
            asked = "SELECT nspname FROM pg_namespace WHERE nspname = 'darkroom' OR nspname LIKE 'shard%'"
            for (name,) in connection.execute(asked).fetchall():
                connection.execute(f"DROP SCHEMA {name} CASCADE")
        await prepare(self.places.dsns, self.places.redis_url, SHARDS)

    async def values(self, name) -> dict[int, int]:
        stores = await open_stores(self.places.dsns, self.places.redis_url, SHARDS)
        try:
            if name == "counters":
                keys = {key async for some in stores.redis.scan("{s*}n.1:*") for key in some}
                return {int(key.rpartition(b":")[2]): int(await stores.redis.call("GET", key)) for key in keys}
            table, values = structure_of(name), {}
            for server in range(len(self.places.dsns)):
                for place in await stores.postgres.places_with(server, table, 1):
                    rows = await stores.select(table, place, "SELECT {columns} FROM {table}", ())
                    values |= {row.entity_id: row.value for row in rows}
            return values
        finally:
            await stores.close()


@pytest.fixture
def fresh_places():
    with fresh_stores() as places:
        yield places


@pytest.fixture(params=["memory", "stores"])
def world(request):
    """One kind of stores, empty."""
    return InMemory() if request.param == "memory" else InStores(request.getfixturevalue("fresh_places"))


def ignored(_rows: int) -> None:
    """Hear how many rows are written."""


async def make_whole(sink, epoch: int, values=(), agent: str = "likes") -> None:
    """Print all that a sink owes to an agent."""
    for owed in await sink.owed(agent, PARTITION):
        await sink.reprint(Place(epoch=epoch, agent=agent), owed, iter(values), ignored)


def test_all_is_owed_until_it_was_printed_and_nothing_afterwards_also_to_the_next_process(world):
    async def story():
        async with world.sink() as sink:
            first = await sink.owed("likes", PARTITION)
            await make_whole(sink, 1, [count(7)])
            then = await sink.owed("likes", PARTITION)
            other = await sink.owed("likes", PARTITION + 1)
        async with world.sink() as sink:
            return first, then, other, await sink.owed("likes", PARTITION)

    whole = [Owing(name) for name in COUNTS]
    assert asyncio.run(story()) == (whole, [], whole, [])
    assert {name: asyncio.run(world.values(name)) for name in COUNTS} == {name: {photo(0): 7} for name in COUNTS}


def test_what_a_lost_redis_held_is_owed_and_nothing_else(world):
    async def story():
        async with world.sink() as sink:
            await make_whole(sink, 1, [count(7)])
        await world.lose_redis()
        async with world.sink() as sink:
            owed = await sink.owed("likes", PARTITION)
            empty = await world.values("counters")
            await make_whole(sink, 2, [count(7)])
            return owed, empty, await sink.owed("likes", PARTITION), await world.values("counters")

    assert asyncio.run(story()) == ([Owing("counters")], {}, [], {photo(0): 7})


@pytest.mark.parametrize("point", [CrashPoint.MID_REPRINT, CrashPoint.AFTER_REPRINT])
@pytest.mark.parametrize("name", COUNTS)
def test_half_a_reprint_is_owed_as_if_it_had_never_been(world, point, name):
    """Kills: a reprint that is noted as done before its last chunk."""

    def die(at):
        if at is point:
            raise Died

    async def story():
        async with world.sink(at=die) as sink:
            await sink.owed("likes", PARTITION)
            with pytest.raises(Died):
                await sink.reprint(Place(epoch=1), Owing(name), iter([count(7)]), ignored)
        async with world.sink() as sink:
            owed = await sink.owed("likes", PARTITION)
            await make_whole(sink, 2, [count(7)])
            return owed, await sink.owed("likes", PARTITION), await world.values(name)

    assert asyncio.run(story()) == ([Owing(each) for each in COUNTS], [], {photo(0): 7})


@pytest.mark.parametrize("name", COUNTS)
def test_a_chunk_that_comes_after_a_later_reprint_changes_nothing_and_says_so(world, name):
    """Kills: a chunk that another reprint has overtaken and that nobody notices."""

    async def successor():
        async with world.sink() as sink:
            await make_whole(sink, 6, [count(8)])

    def rows():
        yield from (count(5, n) for n in range(CHUNK_ROWS))
        # While the process hangs here, the partition goes to another one, which prints all of it.
        thread = threading.Thread(target=lambda: asyncio.run(successor()))
        thread.start()
        thread.join()
        yield count(5)

    async def story():
        async with world.sink() as zombie:
            await zombie.owed("likes", PARTITION)
            with pytest.raises(StoreOvertaken):
                await zombie.reprint(Place(epoch=5), Owing(name), rows(), ignored)
        async with world.sink() as sink:
            return (await world.values(name))[photo(0)], await sink.owed("likes", PARTITION)

    assert asyncio.run(story()) == (8, [])


@pytest.mark.parametrize("name", COUNTS)
def test_a_reprint_that_begins_under_an_older_epoch_is_refused(world, name):
    async def story():
        async with world.sink() as sink:
            await make_whole(sink, 6, [count(8)])
            with pytest.raises(StoreOvertaken):
                await sink.reprint(Place(epoch=5), Owing(name), iter([count(5)]), ignored)
        assert issubclass(StoreOvertaken, StoreAway)
        return await world.values(name)

    assert asyncio.run(story()) == {photo(0): 8}


@pytest.mark.parametrize("name", COUNTS)
def test_a_late_live_write_from_before_a_reprint_is_refused_though_its_guard_is_gone(world, name):
    """Kills: a reprint that puts guards back, so that a write that was on its way is new again."""

    async def story():
        async with world.sink() as late, world.sink() as sink:
            await late.owed("likes", PARTITION)
            await late.commit(Place(20), {name: [count(2)]})
            await make_whole(sink, 6, [count(8)])
            with pytest.raises(StoreOvertaken):
                await late.commit(Place(30), {name: [count(3)]})
            return await world.values(name)

    assert asyncio.run(story()) == {photo(0): 8}


@pytest.mark.parametrize("name", COUNTS)
def test_live_writes_go_on_from_the_state_that_was_printed_though_guards_were_ahead_of_it(world, name):
    """A state that was restored from an older snapshot is behind the guards."""

    async def story():
        async with world.sink() as before:
            await before.owed("likes", PARTITION)
            await before.commit(Place(20), {name: [count(20)]})
            await before.commit(Place(20, agent="likes.flush"), {name: [count(20)]})
        async with world.sink() as sink:
            await make_whole(sink, 6, [count(8)])
            await sink.commit(Place(9), {name: [count(9)]})
            await sink.commit(Place(9), {name: [count(10)]})
            await sink.commit(Place(9, agent="likes.flush"), {name: [count(11)]})
            return await world.values(name)

    assert asyncio.run(story()) == {photo(0): 11}


def test_a_shard_that_somebody_asks_for_is_owed_alone_and_nothing_else_is_written(world):
    async def story():
        values = [count(1, 0, 1), count(2, 0, 6)]
        async with world.sink() as sink:
            await make_whole(sink, 1, values)
            before = await sink.identities()
        await world.lose_shard(6)
        lost = await world.values("counter_rows")
        await world.ask("counter_rows", 6)
        async with world.sink() as sink:
            owed = await sink.owed("likes", PARTITION)
            await make_whole(sink, 2, [row._replace(value=row.value + 10) for row in values])
            now = await sink.identities()
            changed = {key for key in now if now[key] != before.get(key)}
            return lost, owed, changed, await sink.owed("likes", PARTITION), await world.values("counter_rows")

    lost, owed, changed, then, values = asyncio.run(story())
    assert lost == {photo(0, 1): 1}
    assert owed == [Owing("counter_rows", frozenset({6}))]
    assert changed == {"reprint/counter_rows"}
    assert then == []
    assert values == {photo(0, 1): 1, photo(0, 6): 12}


def test_what_has_no_shards_is_owed_whole(world):
    async def story():
        async with world.sink() as sink:
            await make_whole(sink, 1, agent="trend_rank")
        await world.ask("trends", 6)
        async with world.sink() as sink:
            return await sink.owed("trend_rank", PARTITION)

    assert asyncio.run(story()) == [Owing("trends")]


def test_told_hears_how_many_rows_are_written(world):
    async def story():
        heard = []
        async with world.sink() as sink:
            await sink.owed("likes", PARTITION)
            for epoch, name in enumerate(COUNTS, start=1):
                rows = (count(5, n) for n in range(CHUNK_ROWS + 1))
                await sink.reprint(Place(epoch=epoch), Owing(name), rows, heard.append)
        return heard, {name: len(await world.values(name)) for name in COUNTS}

    assert asyncio.run(story()) == ([CHUNK_ROWS, CHUNK_ROWS + 1] * 2, dict.fromkeys(COUNTS, CHUNK_ROWS + 1))


def test_a_lost_server_owes_its_own_shards(fresh_places):
    """Shards 0 to 3 are on the first server, 4 to 7 on the second."""
    world = InStores(fresh_places)

    async def story():
        values = [count(1, 0, 1), count(2, 0, 6)]
        async with world.sink() as sink:
            await make_whole(sink, 1, values)
        await world.lose_server(1)
        async with world.sink() as sink:
            owed = await sink.owed("likes", PARTITION)
            await make_whole(sink, 2, [row._replace(value=row.value + 10) for row in values])
            return owed, await sink.owed("likes", PARTITION), await world.values("counter_rows")

    owed, then, values = asyncio.run(story())
    assert owed == [Owing("counter_rows", frozenset({4, 5, 6, 7}))]
    assert (then, values) == ([], {photo(0, 1): 1, photo(0, 6): 12})


def test_a_digest_knows_the_positions_of_what_was_printed(fresh_places):
    world = InStores(fresh_places)

    async def story():
        async with world.sink() as sink:
            await make_whole(sink, 1, [count(7)])
        stores = await open_stores(fresh_places.dsns, fresh_places.redis_url, SHARDS)
        try:
            return [await digest(stores, name) for name in COUNTS]
        finally:
            await stores.close()

    for found in asyncio.run(story()):
        assert found.positions == {"likes": {PARTITION: {"likes": 1}}}
        assert found.steady
