"""Likes from Kafka to Redis through the real worker, and what the framework alone costs, beside a plain loop."""

import asyncio

from infra.settings import Settings
from projections import counters
from projections.rows import CounterKind
from projections.stores import open_stores
from tests.bench import plain
from tests.bench.figures import Figure, Say, in_words
from tests.bench.likes_log import TOPIC, LikesLog
from tests.bench.workers import Plan, measured_worker

READ_AT_ONCE = 5_000


def likes_per_core(settings: Settings, log: LikesLog, say: Say) -> Figure:
    """Measure the agent `likes` over the whole topic and compare every count in Redis with the model."""
    spent = plain.count_likes(settings.kafka_bootstrap, log)
    baseline = log.events / spent.cpu
    say(f"plain loop: {in_words(baseline)} records a CPU second, {in_words(log.events / spent.wall)} a second")
    with measured_worker(Plan("likes", {TOPIC: log.ends}), settings.log_dir) as worker:
        cost = worker.next()
    exact = asyncio.run(counts_in_redis(settings, log)) == log.counts
    wall = in_words(log.events / cost["wall"])
    return Figure(
        name="likes_per_core",
        value=log.events / cost["cpu"],
        unit="likes/CPU second of the worker",
        baseline=baseline,
        against="consume(10,000) + fastavro + Counter",
        note=f"{wall}/s by the clock; Redis {cost['redis'] / log.events * 1e6:.2f} us each",
        exact=exact,
    )


async def counts_in_redis(settings: Settings, log: LikesLog) -> dict[int, int]:
    """Return the number of likes of each photo that the model knows, as readers see it."""
    photos = list(log.counts)
    found: dict[int, int] = {}
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        for first in range(0, len(photos), READ_AT_ONCE):
            some = photos[first : first + READ_AT_ONCE]
            values = await counters.counts(stores, [(CounterKind.PHOTO_LIKES, photo) for photo in some])
            found |= dict(zip(some, values, strict=True))
    return found


def framework_us(settings: Settings, log: LikesLog, say: Say) -> Figure:
    """Measure a worker whose fold does nothing: transport, decoding to columns, batch loop, state with its position."""
    spent = plain.raw_consume(settings.kafka_bootstrap, log)
    raw = spent.cpu / log.events * 1e6
    say(f"raw consume: {raw:.2f} us a record")
    with measured_worker(Plan("nothing", {TOPIC: log.ends}), settings.log_dir) as worker:
        cost = worker.next()
    whole = cost["cpu"] / log.events * 1e6
    return Figure(
        name="framework_us",
        value=whole - raw,
        unit="CPU us/record above raw consume",
        baseline=raw,
        against="consume(10,000) alone",
        note=f"{whole:.2f} us in all, decoding to columns included",
    )
