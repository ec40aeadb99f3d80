"""Crashes before and after every effect of a batch: derived events are folded exactly once and rows end exact."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from streams.fold import Agent, Changes
from streams.memory import MemoryLog, MemorySink
from streams.pipeline import Pipeline
from tests.specs.batches_made import COUNT, PHOTO, TELL, like

LIKES = 60
SEEDS = range(25)


class Crash(Exception):
    """The process died here."""


class Fate:
    """Decides at each named place whether the process dies there, and remembers where it did."""

    def __init__(self, seed: int, chance: float = 0.12) -> None:
        self._random = Random(seed)
        self._chance = chance
        self.deaths: set[str] = set()

    def meet(self, place: str) -> None:
        if self._random.random() < self._chance:
            self.deaths.add(place)
            raise Crash(place)


class MortalSink(MemorySink):
    """A sink whose caller may die before or after a write."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    async def commit(self, guard, rows) -> None:
        self._fate.meet("before rows")
        await super().commit(guard, rows)
        self._fate.meet("after rows")


class MortalLog(MemoryLog):
    """A log whose caller may die before, in the middle of, or after an append."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    async def append_many(self, events):
        self._fate.meet("before events")
        for event in events[: len(events) // 2]:
            self.put(event)
        self._fate.meet("in the middle of events")
        places = [self.put(event) for event in events[len(events) // 2 :]]
        self._fate.meet("after events")
        return places


def tally(batch, state) -> Changes:
    """Count every derived event that arrives: one too many, or too few, shows for ever."""
    for record in batch.records:
        key = b"t%d" % record.event.follower_id
        state.put(key, b"%d" % (int(state.get(key) or 0) + 1))
    return Changes(rows={"tally": [(key, int(value)) for key, value in state.scan(b"t")]})


TALLY = Agent("tally", "test", ("followers",), fold=tally, writes=("tally",))


async def lived(seed: int, agents) -> tuple[MortalLog, MortalSink, Fate]:
    """Fold all likes through the agents, dying on the way as fate has it."""
    fate, order = Fate(seed), Random(seed + 1_000)
    log, sink = MortalLog(fate), MortalSink(fate)
    for n in range(LIKES):
        log.put(like(n % 7))
    pipeline = Pipeline(agents, log, sink)
    while steps := await pipeline.waiting():
        agent, partition, topic = order.choice(steps)
        try:
            await pipeline.step(agent, partition, topic, order.choice((1, 2, 5, None)))
        except Crash:
            pipeline.crash(agent, partition)
    return log, sink, fate


def test_derived_events_are_folded_exactly_once_however_often_their_agents_die():
    """Kills: a stamp that depends on the borders of batches, stamps seen that are not kept with the state, a position that is
    kept before the events are appended."""
    deaths = set()
    for seed in SEEDS:
        _, sink, fate = asyncio.run(lived(seed, (TELL, TALLY)))
        expected = {b"t%d" % person: 0 for person in range(7)}
        for n in range(LIKES):
            expected[b"t%d" % (n % 7)] += 2 if n % 7 == 3 else 1
        assert dict(sink.rows["tally"]) == expected, f"seed {seed}"
        deaths |= fate.deaths
    assert deaths == {"before rows", "after rows", "before events", "in the middle of events", "after events"}


@pytest.mark.parametrize("sources", [("likes",), ("likes", "comments")])
def test_rows_end_exact_with_one_source_and_with_several(sources):
    """Kills: a number that is not above the one of the batch before, an epoch that does not grow."""
    for seed in SEEDS:
        _, sink, _ = asyncio.run(lived(seed, (replace(COUNT, sources=sources),)))
        assert dict(sink.rows["counters"]) == {b"n%d" % PHOTO: LIKES}, f"seed {seed}"


def test_some_repeats_did_reach_the_log():
    """What is dropped downstream must have been there, or the first test proves nothing."""
    repeated = 0
    for seed in SEEDS:
        log, _, _ = asyncio.run(lived(seed, (TELL, TALLY)))
        ids = [event.event_id for event in log.events("followers")]
        repeated += len(ids) - len(set(ids))
    assert repeated > 20
