"""People and content through the whole pipeline: whatever is read first, batched or crashed, the projections end the same."""

import asyncio
from random import Random

from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.memory import MemorySink
from streams.memory import MemoryLog
from streams.pipeline import Pipeline
from tests.properties import histories

ROUNDS = 12
SHARDS, PARTITIONS = 64, 4
RULES = Rules(celebrity_up=3, celebrity_down=1, shards=SHARDS, partitions=PARTITIONS)


def agents():
    listed = catalog(RULES)
    return (*agents_of("people", listed), *agents_of("content", listed))


def filled_log(random: Random) -> MemoryLog:
    log = MemoryLog(SHARDS, PARTITIONS)
    topics = (histories.accounts, histories.relations, histories.photos, histories.likes, histories.comments)
    for history in topics:
        for event in history(random, 30):
            log.put(event)
    return log


async def ended(seed: int, order: Random | None, crashes: int = 0) -> tuple[dict, int]:
    """Return what every projection holds when nothing waits any more, and how many follows there are."""
    log, sink = filled_log(Random(seed)), MemorySink(SHARDS)
    pipeline = Pipeline(agents(), log, sink)
    for _ in range(crashes):
        for step in await pipeline.waiting():
            if order.random() < 0.5:
                await pipeline.step(*step, records=order.randint(1, 5))
            if order.random() < 0.2:
                pipeline.crash(step[0], step[1])
    await pipeline.run(order)
    return sink.entries, len(sink.entries.get("followers", {}))


def compare(one: dict, other: dict, seed: int) -> None:
    for name in one.keys() | other.keys():
        assert one.get(name, {}) == other.get(name, {}), f"{name}, seed {seed}"


def test_any_order_of_reading_ends_in_the_same_projections():
    """Kills: a fold that asks what another topic has said so far instead of what it says of a time."""
    follows = 0
    for seed in range(ROUNDS):
        plain, found = asyncio.run(ended(seed, None))
        shuffled, _ = asyncio.run(ended(seed, Random(seed)))
        compare(plain, shuffled, seed)
        follows += found
    assert follows > 0


def test_crashes_on_the_way_change_nothing():
    """Kills: a derived event that is folded twice, or a count that lives outside the state."""
    follows = 0
    for seed in range(ROUNDS):
        plain, found = asyncio.run(ended(seed, None))
        crashed, _ = asyncio.run(ended(seed, Random(seed), crashes=3))
        compare(plain, crashed, seed)
        follows += found
    assert follows > 0
