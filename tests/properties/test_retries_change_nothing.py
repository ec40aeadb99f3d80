"""A record that was folded may come again at the end of its partition, wherever `streams.retrying` has no doubt.

Kills: an event taken out of the list of last words, and a comparison of subjects that looks at one side of a pair only.
"""

import asyncio
from functools import partial
from random import Random

import pytest

from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.memory import MemorySink
from schemas.events import Event
from streams.dead_letters import Place
from streams.memory import MemoryLog
from streams.pipeline import Pipeline
from streams.retrying import later_words
from tests.properties import histories

SHARDS, PARTITIONS, LENGTH = 64, 2, 30
RULES = Rules(celebrity_up=3, celebrity_down=1, shards=SHARDS, partitions=PARTITIONS)
TOPICS = {
    # Of who is gone nothing is held that a retry could change.
    "accounts": partial(histories.accounts, deletions=0.01),
    "relations": histories.relations,
    "photos": histories.photos,
    "likes": histories.likes,
    "comments": histories.comments,
}


async def folded(seed: int) -> tuple[Pipeline, MemoryLog, MemorySink]:
    random, log, sink = Random(seed), MemoryLog(SHARDS, PARTITIONS), MemorySink(SHARDS)
    for history in TOPICS.values():
        for event in history(random, LENGTH):
            log.put(event)
    listed = catalog(RULES)
    agents = [agent for role in ("people", "content", "feeds", "trends") for agent in agents_of(role, listed)]
    pipeline = Pipeline(agents, log, sink)
    await pipeline.run()
    return pipeline, log, sink


def accepted(log: MemoryLog, topic: str) -> list[tuple[Place, Event]]:
    """The events of a topic that no agent refused: a retry of those that one did is meant to change something."""
    letters = {(letter.topic, letter.partition, letter.position) for letter in log.events("dead_letters")}
    return [
        (Place(topic, partition, record.offset), log.codec.decoder.decode(record.value, topic))
        for partition in range(PARTITIONS)
        for record in log.read(topic, partition)
        if (topic, partition, record.offset) not in letters
    ]


def words_after(said: list[tuple[Place, Event]], place: Place, event: Event) -> list:
    return later_words(event, [one for one in said if one[0].partition == place.partition and one[0] > place])


async def retried(seed: int, topic: str, doubtful: bool) -> tuple[int, dict, dict]:
    """Append again what is (not) doubtful of one topic; return how much that was, and what is held before and after."""
    pipeline, log, sink = await folded(seed)
    before = held(sink)
    said = accepted(log, topic)
    again = [place for place, event in said if bool(words_after(said, place, event)) == doubtful]
    for place in again:
        record = log.read(topic, place.partition, place.offset, place.offset + 1)[0]
        log.put_raw(topic, place.partition, record.value, record.key, record.timestamp)
    await pipeline.run()
    return len(again), before, held(sink)


def held(sink: MemorySink) -> dict:
    return {name: dict(some) for name, some in sink.entries.items()}


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_not_doubted_changes_nothing(topic):
    count = 0
    for seed in range(6):
        several, before, after = asyncio.run(retried(seed, topic, doubtful=False))
        count += several
        assert before == after, f"seed {seed}"
    assert count >= 10


@pytest.mark.parametrize("topic", ["accounts", "relations", "photos", "likes"])
def test_what_is_doubted_does_change_something(topic):
    """Without this a rule that doubts everything would pass."""
    changed = 0
    for seed in range(6):
        _, before, after = asyncio.run(retried(seed, topic, doubtful=True))
        changed += before != after
    assert changed
