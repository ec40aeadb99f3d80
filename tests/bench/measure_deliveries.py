"""Deliveries into timelines: from photos in Kafka through the fan-out to Redis, and Redis alone."""

import asyncio

from infra.settings import Settings
from projections import timelines
from projections.redis_store import backfill_words
from projections.stores import open_stores
from schemas.ids import compose_id, shard_of
from tests.bench import audience as world, redis_side
from tests.bench.audience import Audience
from tests.bench.figures import Figure, Say, in_words
from tests.bench.redis_side import Served
from tests.bench.workers import Plan, measured_worker

LOOKED_AT = 1_000


def deliveries(settings: Settings, say: Say) -> list[Figure]:
    """Measure both, on the same full timelines, and compare timelines with the model."""
    audience = world.make_audience(settings.shards)
    filled = asyncio.run(fill(settings, audience.people))
    say(f"filled {len(audience.people):,} timelines with {len(filled)} photos each")
    with_file, adds_with_file = redis_alone(settings, audience)
    say(f"Redis alone, with its append-only file: {in_words(with_file.rate)} a CPU second")
    with redis_side.without_file(settings.redis_url):
        asyncio.run(fill(settings, audience.people))
        served, adds = redis_alone(settings, audience)
    say(f"and without: {in_words(served.rate)}; redis-benchmark ZADD -P 200: {in_words(adds.rate)}")
    # The timelines start over, so that what the worker writes is newer than what they hold.
    asyncio.run(fill(settings, audience.people))
    end_to_end, exact = fan_out(settings, audience, filled, say)
    return [
        figure("deliveries", end_to_end, adds_with_file, exact),
        figure("deliveries_redis", served, adds, None),
        figure("deliveries_redis_with_file", with_file, adds_with_file, None),
    ]


def redis_alone(settings: Settings, audience: Audience) -> tuple[Served, Served]:
    """Measure deliveries without a worker, and redis-benchmark's writes."""
    asyncio.run(redis_side.fill_sorted_sets(settings.redis_url))
    adds = redis_side.benchmark_adds(settings.redis_url)
    asyncio.run(redis_side.drop_sorted_sets(settings.redis_url))
    return asyncio.run(redis_side.deliver(settings.redis_url, audience, later_photos(audience))), adds


def figure(name: str, served: Served, adds: Served, exact: bool | None) -> Figure:
    each = 1e6 / served.writes
    worker = f"worker {served.worker * each:.2f} and " if served.worker else ""
    return Figure(
        name=name,
        value=served.rate,
        unit="deliveries/CPU second of " + ("the slower of worker and Redis" if served.worker else "Redis"),
        baseline=adds.rate,
        against="redis-benchmark ZADD -P 200",
        note=f"{in_words(served.writes / served.wall)}/s by the clock; {worker}Redis {served.redis * each:.2f} CPU us each",
        exact=exact,
    )


def fan_out(settings: Settings, audience: Audience, filled: tuple[int, ...], say: Say) -> tuple[Served, bool]:
    """Let the real worker take followers in, then measure it carrying photos to them."""
    gained, photos = list(world.audience_events(audience)), list(world.photo_events(audience))
    world.append(settings, gained)
    plan = Plan("fanout", ends=world.ends_of(settings, photos), before=world.ends_of(settings, gained))
    with measured_worker(plan, settings.log_dir) as worker:
        worker.next()
        say(f"the worker knows {sum(map(len, audience.followers.values())):,} followers")
        world.append(settings, photos)
        cost = worker.next()
    exact = asyncio.run(timelines_are_right(settings, audience, filled))
    return Served(audience.deliveries, cost["wall"], cost["redis"], cost["cpu"]), exact


def later_photos(audience: Audience) -> list[tuple[int, int]]:
    """Return as many photos again, newer than all."""
    apart = len(audience.photos) * world.APART_MS << 23
    return [(photo + apart, author) for photo, author in audience.photos]


async def fill(settings: Settings, people: list[int]) -> tuple[int, ...]:
    """Fill everybody's timeline with the same older photos, whatever it held; return these, newest first."""
    filled = tuple(compose_id(world.BEGAN_MS - 10_000 - n, 0, 0) for n in range(settings.feed_depth + 1))
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        first, *others = [stores.key(timelines.STRUCTURE, shard_of(user), user) for user in people]
        await stores.redis.call("UNLINK", first)
        await stores.redis.call(*backfill_words(first, filled, settings.feed_depth))
        await asyncio.gather(*(stores.redis.execute("COPY", first, key, "REPLACE") for key in others))
    return filled


async def timelines_are_right(settings: Settings, audience: Audience, filled: tuple[int, ...]) -> bool:
    """Return whether people's timelines hold exactly the newest of what they were to get."""
    expected = audience.timelines()
    depth = settings.feed_depth
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        for user in audience.people[:LOOKED_AT]:
            page = await timelines.page(stores, user, None, depth)
            if page.ids != (*expected[user], *filled)[:depth]:
                return False
    return True
