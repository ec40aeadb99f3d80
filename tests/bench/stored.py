"""What the stores hold, all of it: counts in Redis, counts and rows in PostgreSQL."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from infra.settings import Settings
from projections.keys import family_pattern, suffix_of
from projections.stores import Stores, open_stores
from projections.structures import structure_of

LOOK_SECONDS = 0.5
# Counts are flushed every 10 s, 30 at the most.
FLUSHED_SECONDS = 45.0

# By kind and entity.
Counts = dict[tuple[str, int], int]


async def counts_in_redis(stores: Stores) -> Counts:
    """Return every count, as readers see it at once."""
    structure = structure_of("counters")
    found: Counts = {}
    async for keys in stores.redis.scan(family_pattern(structure, stores.builds.of("counters"))):
        values = await stores.redis.call("MGET", *keys)
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                kind, _, entity = suffix_of(key).partition(":")
                found[kind, int(entity)] = int(value)
    return found


async def counts_in_postgres(stores: Stores) -> Counts:
    """Return every count that was flushed."""
    rows = await rows_in_postgres(stores, "counter_rows", "SELECT kind, entity_id, value FROM {table}")
    return {(kind, entity): value for kind, entity, value in rows}


async def rows_in_postgres(stores: Stores, name: str, text: str) -> list[tuple]:
    """Return what a query finds in every shard's table of a projection."""
    structure, build = structure_of(name), stores.builds.of(name)
    found = [await stores.postgres.fetch(structure, build, place, text) for place in range(stores.shards)]
    return [row for rows in found for row in rows]


async def flushed_counts(stores: Stores, wanted: Counts, kinds: frozenset[str]) -> Counts:
    """Return the counts of some kinds in PostgreSQL once they are as wanted, or as they are when that takes too long."""
    deadline = time.monotonic() + FLUSHED_SECONDS
    while True:
        found = of_kinds(await counts_in_postgres(stores), kinds)
        if found == wanted or time.monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_SECONDS)


def of_kinds(counts: Counts, kinds: frozenset[str]) -> Counts:
    """Return the counts of some kinds."""
    return {key: value for key, value in counts.items() if key[0] in kinds}


def with_stores(settings: Settings, work: Callable[[Stores], Awaitable[Any]]) -> Any:
    """Do something with the stores as a reader, in a loop of its own."""

    async def opened() -> Any:
        async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
            return await work(stores)

    return asyncio.run(opened())
