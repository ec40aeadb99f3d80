"""Asks for a reprint and watches it: a new, empty build of a projection, or one shard of it in place.

The workers do the work, from their states: they notice what was promoted or asked for within a second, and print what they owe.
Readers are told the while that the projection is incomplete. When all of it is printed, the old build is dropped.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from projections import postgres_prints, progress, redis_prints
from projections.builds import create_build, drop_build, promote
from projections.catalog import PROJECTIONS
from projections.prints import Key, Print, guard_name, has_shards
from projections.stores import PROMOTION_SECONDS, Stores
from projections.structures import structure_of

LOOK_SECONDS = 0.2
SAY_SECONDS = 2.0


class NoSuchShard(Exception):
    """The shard is not in use, or the projection does not lie in shards."""


class NotDone(Exception):
    """Not every partition was printed in time; the message says which are missing."""


class Reprinted(NamedTuple):
    """What was printed: the build that is read now, how many rows, in which time."""

    build: int
    rows: int
    seconds: float


async def ask_for(stores: Stores, name: str, shard: int | None) -> int:
    """Ask for a projection, or one shard of it, and return the build that was read until now; KeyError for an unknown name."""
    structure_of(name)
    before = stores.builds.of(name)
    if shard is None:
        await _begin_empty(stores, name, before + 1)
    else:
        await _ask(stores, name, shard)
    return before


async def watch(
    stores: Stores, name: str, before: int, partitions: int, wait_seconds: float, say: Callable[[str], None]
) -> Reprinted:
    """Wait until readers may trust what was asked for, and drop the build `before`, if it is another one; `NotDone` if late."""
    began = monotonic()
    await wait_until_whole(stores, name, partitions, wait_seconds, say)
    if before != stores.builds.of(name):
        # Readers that look at the promotions once a second may still ask the old one.
        await asyncio.sleep(2 * PROMOTION_SECONDS)
        await drop_build(stores.postgres, stores.redis, name, before)
    return Reprinted(stores.builds.of(name), await _rows(stores, name), monotonic() - began)


async def _begin_empty(stores: Stores, name: str, build: int) -> None:
    # A build that was once begun and given up may have left rows behind, and records that say it is whole.
    await drop_build(stores.postgres, stores.redis, name, build)
    await create_build(stores.postgres, name, build)
    await promote(stores.postgres, stores.redis, name, build)
    stores.builds.replace(await stores.postgres.promotions(), stores.builds.requested)


async def _ask(stores: Stores, name: str, shard: int) -> None:
    if not has_shards(structure_of(name)):
        raise NoSuchShard(f"{name} does not lie in shards; print all of it: python -m projections reprint {name}")
    if not 0 <= shard < stores.shards:
        raise NoSuchShard(f"shard {shard} is not among the {stores.shards} in use (0..{stores.shards - 1})")
    # Above what was ever met: the first server may have been lost, and the requests with it.
    met = max((record.request for _, record in await _records(stores)), default=0)
    number = await postgres_prints.ask(stores.postgres, name, shard, met)
    stores.builds.replace(await stores.postgres.promotions(), dict(stores.builds.requested) | {name: number})


async def wait_until_whole(stores: Stores, name: str, partitions: int, wait_seconds: float, say: Callable[[str], None]) -> None:
    """Wait until every partition of every writer says that it is whole in what is read now; `NotDone` after so long."""
    began = monotonic()
    [writers] = [projection.writers for projection in PROJECTIONS if projection.name == name]
    wanted = {(agent, partition) for agent in writers for partition in range(partitions)}
    said = began
    while True:
        missing = sorted(wanted - {record[:2] for record in await progress.snapshot(stores)})
        if not missing:
            return
        now = monotonic()
        done = len(wanted) - len(missing)
        if now - began > wait_seconds:
            places = ", ".join(f"{agent}/{partition}" for agent, partition in missing[:8])
            more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
            raise NotDone(
                f"{name}: after {wait_seconds:.0f} s {done} of {len(wanted)} partitions are printed; missing: {places}{more}. "
                "Are all workers running (python -m infra status)? It goes on by itself when they are."
            )
        if now - said > SAY_SECONDS:
            said = now
            rows = await _rows(stores, name)
            eta = f"{(now - began) / done * len(missing):.0f} s to go" if done else "waiting for the workers to begin"
            say(f"{name}: {done} of {len(wanted)} partitions, {rows:,} rows, {rows / (now - began):,.0f}/s, {eta}")
        await asyncio.sleep(LOOK_SECONDS)


async def _rows(stores: Stores, name: str) -> int:
    """Return how many rows were printed so far in the build that is read, as the records say."""
    [writers] = [projection.writers for projection in PROJECTIONS if projection.name == name]
    names = {guard_name(agent, name, stores.builds.of(name)) for agent in writers}
    found: dict[tuple[str, int], int] = {}
    for key, record in await _records(stores):
        if key[0] in names:
            # Each server's record says how many rows were printed on all servers.
            found[key] = max(found.get(key, 0), record.number)
    return sum(found.values())


async def _records(stores: Stores) -> list[tuple[Key, Print]]:
    records = list((await redis_prints.read_prints(stores.redis)).items())
    for server in range(len(stores.postgres.pools)):
        records += (await postgres_prints.read_prints(stores.postgres, server)).items()
    return records
