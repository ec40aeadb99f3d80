"""Workers that overlap, repeat, cut batches anew and write late leave in every store what one worker alone would (I4)."""

import asyncio
import itertools

import pytest
from hypothesis import event, given, settings, strategies as st

from projections import counter_rows, counters
from projections.memory import MemorySink
from projections.rows import CounterKind, CounterRow
from projections.stores import open_stores
from projections.writers import open_writers
from schemas.ids import compose_id
from tests.contracts.projection_rows import START_MS
from tests.contracts.test_sinks import Guard
from tests.stores import fresh_stores

PEOPLE = 6
SHARDS = 3
worlds = itertools.count()

# Who is counted at each offset of the log: the value under a person's key is the number of their records so far.
logs = st.lists(st.integers(0, PEOPLE - 1), min_size=1, max_size=40)
# Which of two workers goes on, by how many records; 0 throws it back to where it began: a crash before its state was kept.
turns = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 15)), max_size=25)


def person(world: int, number: int) -> int:
    return compose_id(START_MS + world, number % SHARDS, number)


def rows_of(world: int, log: list[int], start: int, end: int) -> dict:
    """Return what a fold hands over for the records from `start` up to `end`: absolute values as of `end`."""
    given = [
        CounterRow(CounterKind.USER_PHOTOS, person(world, who), log[:end].count(who)) for who in sorted(set(log[start:end]))
    ]
    return {"counters": given, "counter_rows": given}


async def play(sink, world: int, log: list[int], drawn: list[tuple[int, int]]) -> None:
    """Let two workers fold the log as drawn; then one goes on to its end, and the other one still writes a little."""
    positions, late = [0, 0], 0
    for worker, step in [*drawn, (0, len(log)), (1, 1 + len(log) // 2)]:
        start = positions[worker]
        end = min(len(log), start + step)
        positions[worker] = end if step else 0
        if end > start:
            late += end < max(positions)
            await sink.commit(Guard(end, agent=f"agent{world}"), rows_of(world, log, start, end))
    event("a write came late" if late else "no write came late")


@settings(max_examples=200, deadline=None)
@given(log=logs, drawn=turns)
def test_in_memory(log, drawn):
    """Kills: a guard per agent but not per shard, a guard that is not raised, `>=` that takes an older cut as new."""
    sink = MemorySink(shards=SHARDS)
    asyncio.run(play(sink, 0, log, drawn))
    kept = {row.entity_id: row.value for row in sink.rows["counters"].values()}
    assert kept == {person(0, who): log.count(who) for who in set(log)}


@pytest.fixture(scope="module")
def places():
    with fresh_stores() as places:
        yield places


def test_in_stores(places):
    """Kills: the same mutants in the SQL of the guard and in the function `darkroom_commit`."""
    with asyncio.Runner() as runner:
        sink = runner.run(open_writers(places.dsns, places.redis_url, places.shards))
        stores = runner.run(open_stores(places.dsns, places.redis_url, places.shards))

        @settings(max_examples=25, deadline=None)
        @given(log=logs, drawn=turns)
        def hold(log, drawn):
            world = next(worlds)
            runner.run(play(sink, world, log, drawn))
            asked = [(CounterKind.USER_PHOTOS, person(world, who)) for who in range(PEOPLE)]
            wanted = [log.count(who) for who in range(PEOPLE)]
            assert runner.run(counters.counts(stores, asked)) == wanted
            assert runner.run(counter_rows.counts(stores, asked)) == wanted

        try:
            hold()
        finally:
            runner.run(stores.close())
            runner.run(sink.close())
