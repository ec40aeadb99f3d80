"""People and content through the whole pipeline: whatever is read first, batched or crashed, the projections end the same."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.memory import MemorySink
from schemas.events import Event
from streams.fold import Guard, NeighbourAway
from streams.memory import MemoryLog
from streams.pipeline import Pipeline
from streams.producer import Appended
from streams.surroundings import Patience
from tests.properties import histories

ROUNDS = 12
SHARDS, PARTITIONS = 64, 4
RULES = Rules(celebrity_up=3, celebrity_down=1, shards=SHARDS, partitions=PARTITIONS)


def agents():
    listed = catalog(RULES)
    return (*agents_of("people", listed), *agents_of("content", listed))


def filled_log(random: Random) -> "DeafLog":
    log = DeafLog(SHARDS, PARTITIONS)
    topics = (histories.accounts, histories.relations, histories.photos, histories.likes, histories.comments)
    for history in topics:
        for event in history(random, 30):
            log.put(event)
    return log


class DeafLog(MemoryLog):
    """A log that has the events, but whose answer sometimes does not arrive: the worker dies and says them again."""

    random: Random | None = None
    unheard = 0

    async def append_many(self, events: Sequence[Event]) -> list[Appended]:
        appended = await super().append_many(events)
        if self.random is not None and self.random.random() < 0.2:
            self.unheard += 1
            raise NeighbourAway("the log has it, and its answer was lost")
        return appended


class DeafSink(MemorySink):
    """A sink that has the rows, but whose answer sometimes does not arrive."""

    random: Random | None = None

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        await super().commit(guard, rows)
        if self.random is not None and self.random.random() < 0.1:
            raise NeighbourAway("the store has it, and its answer was lost")


async def ended(seed: int, order: Random | None, crashing: bool = False) -> tuple[dict, DeafLog]:
    """Return what every projection holds when nothing waits any more, and the log."""
    log, sink = filled_log(Random(seed)), DeafSink(SHARDS)
    pipeline = Pipeline(agents(), log, sink, patience=Patience(pauses_seconds=()))
    if crashing:
        log.random = sink.random = order
        for _ in range(6):
            for step in await pipeline.waiting():
                if order.random() < 0.5:
                    await step_or_crash(pipeline, step, order)
        log.random = sink.random = None
    await pipeline.run(order)
    return sink.entries, log


async def step_or_crash(pipeline: Pipeline, step: tuple[str, int, str], order: Random) -> None:
    try:
        await pipeline.step(*step, records=order.randint(1, 8))
    except NeighbourAway:
        pipeline.crash(step[0], step[1])


def compare(one: dict, other: dict, seed: int) -> None:
    for name in one.keys() | other.keys():
        assert one.get(name, {}) == other.get(name, {}), f"{name}, seed {seed}"


def test_any_order_of_reading_ends_in_the_same_projections():
    """Kills: a fold that asks what another topic has said so far instead of what it says of a time."""
    follows = 0
    for seed in range(ROUNDS):
        plain, _ = asyncio.run(ended(seed, None))
        shuffled, _ = asyncio.run(ended(seed, Random(seed)))
        compare(plain, shuffled, seed)
        follows += len(plain.get("followers", {}))
    assert follows > 0


def test_a_worker_that_dies_between_saying_and_remembering_changes_nothing():
    """Kills: a fold that says what changed since it remembers, and not what is so now."""
    unheard = 0
    for seed in range(2 * ROUNDS):
        plain, _ = asyncio.run(ended(seed, None))
        crashed, log = asyncio.run(ended(seed, Random(seed), crashing=True))
        compare(plain, crashed, seed)
        unheard += log.unheard
    assert unheard > 0
