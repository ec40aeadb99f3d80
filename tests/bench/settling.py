"""Waiting until every agent has folded all that the log holds, from outside, with a word now and then."""

import asyncio
import time
from collections.abc import Collection

from infra.settings import Settings
from projections.progress import snapshot
from projections.stores import Stores, open_stores
from schemas.catalog import TOPICS
from streams.kafka import Consumer, TopicPartition, build_consumer
from tests.bench.figures import Say

LOOK_SECONDS = 0.1
WORD_SECONDS = 10.0
ASK_SECONDS = 15.0
# A minute on a machine that has nothing else to do; others may share it.
MOST_SECONDS = 600.0

Place = tuple[str, int]


class NotFolded(Exception):
    """The agents have not come to the end of the log in time; the message says who is how far behind."""


def settle(settings: Settings, say: Say, agents_but: Collection[str] = ()) -> float:
    """Wait until all is folded by all agents but these, and return the seconds that it took."""
    return asyncio.run(settled(settings, say, agents_but))


async def settled(settings: Settings, say: Say, agents_but: Collection[str]) -> float:
    """The same within a loop; NotFolded when it takes too long.

    All is folded when the agents have passed the ends that the log had before they were asked, and has still: had one of
    them appended anything meanwhile, the log had ended later.
    """
    consumer = build_consumer(settings.kafka_bootstrap)
    began = told_at = time.monotonic()
    try:
        async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
            while True:
                ends = await asyncio.to_thread(ends_of, consumer, settings.partitions)
                late = await behind(stores, ends, agents_but)
                if not late and ends == await asyncio.to_thread(ends_of, consumer, settings.partitions):
                    return time.monotonic() - began
                now = time.monotonic()
                if now - began > MOST_SECONDS:
                    raise NotFolded(f"not folded within {MOST_SECONDS:.0f} s: {in_words(late)}")
                if now - told_at > WORD_SECONDS:
                    told_at = now
                    say(f"still to fold: {in_words(late)}")
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        consumer.close()


def ends_of(consumer: Consumer, partitions: int) -> dict[Place, int]:
    """Return the offset after the last record of every partition."""
    places = [(topic.name, partition) for topic in TOPICS for partition in range(partitions)]
    return {place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=ASK_SECONDS)[1] for place in places}


async def behind(stores: Stores, ends: dict[Place, int], agents_but: Collection[str]) -> dict[Place, int]:
    """Return how many records each agent has still to fold of each topic, where there are some."""
    late: dict[Place, int] = {}
    for one in await snapshot(stores):
        if one.agent in agents_but:
            continue
        for topic, position in one.sources.items():
            missing = ends[topic, one.partition] - position
            if missing > 0:
                late[one.agent, topic] = late.get((one.agent, topic), 0) + missing
    return late


def in_words(late: dict[Place, int]) -> str:
    most = sorted(late.items(), key=lambda one: -one[1])[:4]
    return ", ".join(f"{agent} {records:,} of {topic}" for (agent, topic), records in most) or "nothing, but it was appended to"
