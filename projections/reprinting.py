"""What the stores owe an agent, and printing it: chunk by chunk, under a record in each store that only one reprint can hold.

The record's epoch, known to whoever writes, fences: a chunk is written while no later reprint has begun, or not at all, and a
live write from before a reprint is refused after it has begun. What many partitions ask for in one moment is asked, begun and
ended together, so that opening a fresh cluster costs a few statements a server.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from projections import postgres_prints, redis_prints
from projections.away import StoreLost
from projections.builds import Builds
from projections.postgres import Postgres
from projections.postgres_prints import Beginning, Ending
from projections.prints import (
    FLUSH_SUFFIX,
    NEVER,
    Key,
    Owing,
    Print,
    Request,
    chunks,
    guard_name,
    has_shards,
    in_shards,
    last_request,
    overtaken,
    owing,
    print_name,
    written_by,
)
from projections.redis_store import RedisStore
from projections.structure import Rings, Structure, Table
from projections.structures import structure_of
from projections.tables import Statement, statements
from projections.together import Together
from schemas.crash_points import CrashPoint, Hook

# How many reprints of one process read their states at once: each holds a chunk of rows.
AT_ONCE = 4
REDIS = -1


class PlaceLike(Protocol):
    """The place of a reprint (`streams.fold.Guard`)."""

    agent: str
    partition: int
    epoch: int
    sources: Mapping[str, int]


class Found(NamedTuple):
    """What the stores say: the builds that are read, requests by number, and by store (a number, or `REDIS`) the records."""

    builds: Builds
    requests: Sequence[Request]
    prints: Mapping[int, Mapping[Key, Print]]


class Reprints:
    """The reprints of one process. `offer` writes rows of rings."""

    def __init__(
        self,
        postgres: Postgres,
        redis: RedisStore,
        builds: Builds,
        shards: int,
        offer: Callable[[Rings, int, Iterable[Any]], Awaitable[None]],
        at: Hook,
    ) -> None:
        self._postgres = postgres
        self._redis = redis
        self._builds = builds
        self._shards = shards
        self._offer = offer
        self._at = at
        self._epochs: dict[tuple[int, Key], int] = {}
        self._requests: dict[tuple[str, int], Sequence[Request]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._look = Together(self._look_at)
        servers = range(len(postgres.pools))
        self._begin = {server: Together(partial(postgres_prints.begin_each, postgres, server)) for server in servers}
        self._finish = {server: Together(partial(postgres_prints.finish_each, postgres, server)) for server in servers}

    def epoch(self, store: int, key: Key) -> int:
        """Return the epoch that this process knows of a record; 0 for none."""
        return self._epochs.get((store, key), 0)

    def request(self, name: str, agent: str, partition: int) -> int:
        """Return the last request for a projection that was known when this partition of an agent was asked for.

        Not the last that was heard of for any: one that came later is met by whoever is asked for after it.
        """
        return last_request(name, self._requests.get((agent, partition), ()))

    async def owed(self, agent: str, partition: int) -> list[Owing]:
        """Return what the stores do not hold whole; `StoreLost` when they are not those that were opened, or read otherwise."""
        found: Found = await self._look(partition)
        self._requests[agent, partition] = found.requests
        owed = []
        for name in written_by(agent):
            # A build of what others write is nothing to this agent.
            if found.builds.of(name) != self._builds.of(name):
                raise StoreLost(f"another build of {name} was promoted than this process writes; restart")
            structure = structure_of(name)
            key = (print_name(agent, name, self._builds.of(name)), partition)
            held = {store: found.prints[store].get(key, NEVER) for store in self._stores_of(structure)}
            self._epochs |= {(store, key): record.epoch for store, record in held.items()}
            records = [(record, self._shards_of(structure, store)) for store, record in held.items()]
            owed.append(owing(name, records, found.requests, has_shards(structure)))
        return [one for one in owed if one]

    async def _look_at(self, partitions: Sequence[int]) -> list[Found]:
        postgres, redis, servers = self._postgres, self._redis, range(len(self._postgres.pools))
        births, promoted, requests, birth, in_redis, *in_servers = await asyncio.gather(
            postgres.identities(),
            postgres.promotions(),
            postgres_prints.read_requests(postgres),
            redis.identity(),
            redis_prints.read_prints(redis),
            *(postgres_prints.read_prints(postgres, server, set(partitions)) for server in servers),
        )
        if birth != redis.birth or [births.get(f"postgres{server}") for server in servers] != list(postgres.births):
            raise StoreLost("a store is no longer the one that was opened; restart, and print into what is there now")
        found = Found(Builds(promoted), requests, {REDIS: in_redis} | dict(zip(servers, in_servers, strict=True)))
        return [found] * len(partitions)

    def _stores_of(self, structure: Structure) -> Sequence[int]:
        if not isinstance(structure, Table):
            return (REDIS,)
        return range(len(self._postgres.pools)) if structure.sharded else (0,)

    def _shards_of(self, structure: Structure, store: int) -> frozenset[int]:
        everything = range(self._shards)
        if store == REDIS or not has_shards(structure):
            return frozenset(everything)
        return frozenset(shard for shard in everything if self._postgres.shard_map.server_of(shard) == store)

    # --- printing -----------------------------------------------------------------------------------------------------

    async def reprint(self, place: PlaceLike, owed: Owing, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Write all rows that are owed, and note in each store concerned that it is whole; `StoreOvertaken` by a later one."""
        name, structure = owed.projection, structure_of(owed.projection)
        build = self._builds.of(name)
        key = (print_name(place.agent, name, build), place.partition)
        request = self.request(name, place.agent, place.partition)
        concerned = [
            store
            for store in self._stores_of(structure)
            if owed.shards is None or self._shards_of(structure, store) & owed.shards
        ]
        await asyncio.gather(*(self._begun(store, structure, build, place, owed) for store in concerned))
        printing = _Printing(self, structure, build, key, place.epoch)
        async with self._turns:
            for chunk in chunks(in_shards(structure, rows, owed.shards, self._shards)):
                await printing.write(chunk)
                told(printing.rows)
                self._at(CrashPoint.MID_REPRINT)
        self._at(CrashPoint.AFTER_REPRINT)
        done = Print(place.epoch, printing.rows, True, request, place.sources)
        await asyncio.gather(*(self._finished(store, key, done) for store in concerned))
        self._epochs |= {(store, key): place.epoch for store in concerned}

    async def _begun(self, store: int, structure: Structure, build: int, place: PlaceLike, owed: Owing) -> None:
        guards = [guard_name(agent, structure.name, build) for agent in (place.agent, f"{place.agent}{FLUSH_SUFFIX}")]
        key = (guards[0], place.partition)
        if store == REDIS:
            shards = range(self._shards) if owed.shards is None else sorted(owed.shards)
            keys = redis_prints.guards_of(structure, build, guards, place.partition, shards)
            await redis_prints.begin(self._redis, key, place.epoch, keys)
        elif not await self._begin[store](Beginning(key, place.epoch, tuple(guards), owed.shards)):
            raise overtaken(key, place.epoch)

    async def _finished(self, store: int, key: Key, done: Print) -> None:
        if store == REDIS:
            await redis_prints.finish(self._redis, key, done)
        elif not await self._finish[store](Ending(key, done)):
            raise overtaken(key, done.epoch)

    async def write(self, structure: Structure, build: int, record: tuple[Key, int, int], rows: Sequence[Any]) -> None:
        """Write a chunk that brings a record = (key, epoch, number of rows) to this number."""
        if isinstance(structure, Rings):
            await self._offer(structure, build, rows)
        elif isinstance(structure, Table):
            by_server: dict[int, dict[int, list[Statement]]] = {}
            for spot, made in statements(structure, rows, self._shards).items():
                by_server.setdefault(self._postgres.shard_map.server_of(spot), {})[spot] = made
            for server, writes in by_server.items():
                await postgres_prints.write_chunk(self._postgres, server, record, writes, structure, build)
        else:
            await redis_prints.write_chunk(self._redis, record, structure, build, rows, self._shards)


class _Printing:
    """How far one reprint is."""

    def __init__(self, reprints: Reprints, structure: Structure, build: int, key: Key, epoch: int) -> None:
        self.rows = 0
        self._reprints = reprints
        self._structure = structure
        self._build = build
        self._key = key
        self._epoch = epoch

    async def write(self, chunk: Sequence[Any]) -> None:
        self.rows += len(chunk)
        await self._reprints.write(self._structure, self._build, (self._key, self._epoch, self.rows), chunk)
