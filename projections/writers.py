"""Where folds' rows go: PostgreSQL first, then Redis, under guards that turn every repeat into nothing (I4).

Implements `streams.fold.Sink` by its shape. Rows of rings may be lazy and endless: they are consumed chunk by chunk with a
few calls on their way; since offers to a ring commute and repeat, only the guard after them says that they are all there.
Lazy rows of tables that are very many go chunk by chunk too, in one transaction (`projections.postgres_many`).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import chain, islice
from typing import Any, Protocol

import msgspec

from projections import progress as progress_hash
from projections.away import StoreAway
from projections.builds import Builds
from projections.commands import Commands, add_commands
from projections.keys import guard_key, key_of
from projections.pipelined import ConnectionLost, ReplyError
from projections.postgres import Postgres
from projections.postgres_many import Many
from projections.postgres_opening import open_postgres
from projections.postgres_prints import read_requests
from projections.prints import Key, Owing, chunks, guard_name, last_requests, print_name, written_by
from projections.redis_prints import field_of
from projections.redis_store import WRITE_ATTEMPTS, RedisStore, backfill_words, close_words, deliver_words
from projections.reprinting import REDIS, Reprints
from projections.rows import Closed
from projections.structure import Keyed, Rings, Table
from projections.structures import NAMES, structure_of
from projections.tables import Guarded, GuardLine, statements
from schemas.crash_points import CrashPoint, Hook, pass_by
from schemas.ids import shard_of

# Rings offered to in one call: what one author's photo costs before another one's turn.
CHUNK = 1_000
# Lazy rows of a table that are in memory at once.
ROWS_AT_ONCE = 10_000
# What is sent before the first answer is awaited: many small calls, or few large ones, lest readers wait behind them.
CALLS_ON_THEIR_WAY = 128
RINGS_ON_THEIR_WAY = 4_000


class GuardLike(Protocol):
    """The place of a write (`streams.fold.Guard`)."""

    agent: str
    partition: int
    epoch: int
    number: int
    sources: Mapping[str, int]


class Writers:
    """The real sink. With `rebuild` = (name, build) it writes that projection only, into that build.

    Each build of each projection has guards of its own, so a build that is promoted goes on where it stood.
    """

    def __init__(
        self,
        postgres: Postgres,
        redis: RedisStore,
        builds: Builds,
        shards: int,
        feed_depth: int,
        rebuild: tuple[str, int] | None = None,
        at: Hook = pass_by,
    ):
        self.postgres = postgres
        self.redis = redis
        self.builds = builds
        self._shards = shards
        self._feed_depth = feed_depth
        self._rebuild = rebuild
        self._at = at
        self._reprints = Reprints(postgres, redis, builds, shards, self._offer, at)
        self._many = Many(postgres)

    async def close(self) -> None:
        """Close the stores."""
        await asyncio.gather(self.postgres.close(), self.redis.close())

    async def identities(self) -> dict[str, str]:
        """Return the birth id of each store (`postgres0`, ..., `redis`), the build of each projection, and the last request
        for it, read now."""
        builds, requests = Builds(await self.postgres.promotions()), await read_requests(self.postgres)
        if self._rebuild:
            builds.replace({self._rebuild[0]: self._rebuild[1]})
        named = {f"build/{name}": str(builds.of(name)) for name in NAMES}
        named |= {f"reprint/{name}": str(number) for name, number in last_requests(requests).items()}
        return await self.postgres.identities() | {"redis": await self.redis.identity() or ""} | named

    async def commit(self, guard: GuardLike, rows: Mapping[str, Iterable[Any]]) -> None:
        """Write rows by projection; a repeat changes nothing. StoreAway when a store cannot be reached."""
        chosen = {name: given for name, given in rows.items() if self._rebuild is None or name == self._rebuild[0]}
        structures = {name: structure_of(name) for name in chosen}
        await self._write_tables(guard, {name: one for name, one in structures.items() if isinstance(one, Table)}, chosen)
        self._at(CrashPoint.AFTER_POSTGRES)
        keyed = [name for name, one in structures.items() if not isinstance(one, Table | Rings)]
        await asyncio.gather(*(self._write_keys(guard, name, structures[name], chosen[name]) for name in keyed))
        self._at(CrashPoint.AFTER_REDIS)
        for name, structure in structures.items():
            if isinstance(structure, Rings):
                await self._offer(structure, self._build(name), chosen[name])
                await self._commit_keys(self._line(guard, name), f"{{{name}.{self._build(name)}}}", ())

    async def _write_tables(self, guard: GuardLike, tables: Mapping[str, Table], rows: Mapping[str, Iterable[Any]]) -> None:
        writes: dict[int, list[Guarded]] = {}
        for name, table in tables.items():
            line, given = self._line(guard, name), rows[name]
            if not isinstance(given, Sized):
                left = iter(given)
                given = list(islice(left, ROWS_AT_ONCE))
                if len(given) == ROWS_AT_ONCE:
                    await self._write_many(line, name, table, chain([given], chunks(left, ROWS_AT_ONCE)))
                    continue
            for place, made in statements(table, given, self._shards).items():
                writes.setdefault(place, []).append(Guarded(line, made))
        if writes:
            built = {name: (table, self._build(name)) for name, table in tables.items()}
            await self.postgres.commit(writes, built, self._tenures([self._line(guard, name) for name in tables]))

    async def _write_many(self, line: GuardLine, name: str, table: Table, parts: Iterable[Sequence[Any]]) -> None:
        made = (statements(table, part, self._shards) for part in parts)
        await self._many.write(line, table, self._build(name), made, self._tenures([line]))

    def _tenures(self, lines: Sequence[GuardLine]) -> dict[int, dict[Key, int]]:
        return {server: dict(self._tenure(server, line) for line in lines) for server in range(len(self.postgres.pools))}

    async def _write_keys(self, guard: GuardLike, name: str, structure: Keyed, rows: Iterable[Any]) -> None:
        made: Commands = {}
        add_commands(made, structure, self._build(name), rows, self._shards)
        line = self._line(guard, name)
        await asyncio.gather(*(self._commit_keys(line, tag, commands) for tag, commands in made.items()))

    async def _commit_keys(self, line: GuardLine, tag: str, commands: Sequence[tuple]) -> None:
        key, epoch = self._tenure(REDIS, line)
        await self.redis.commit(guard_key(tag, line.agent, line.partition), line[2:], commands, (field_of(key), epoch))

    def _line(self, guard: GuardLike, name: str) -> GuardLine:
        sources = msgspec.json.encode(dict(guard.sources), order="sorted").decode()
        return GuardLine(guard_name(guard.agent, name, self._build(name)), guard.partition, guard.epoch, guard.number, sources)

    async def publish(self, progress: progress_hash.ProgressLike) -> None:
        """Make progress visible to readers, in the store that it speaks of; StoreLost when that is gone. A rebuild has none."""
        if self._rebuild is None:
            await self.redis.check()
            births = {f"postgres{server}": birth for server, birth in enumerate(self.postgres.births)}
            place = progress.agent, progress.partition
            requests = {name: self._reprints.request(name, *place) for name in written_by(progress.agent)}
            words = progress_hash.encode(progress, self.builds, births | {"redis": self.redis.birth or ""}, requests)
            await self.redis.call("HSET", progress_hash.KEY, *words, attempts=WRITE_ATTEMPTS)

    async def owed(self, agent: str, partition: int) -> Sequence[Owing]:
        """Return what the stores do not hold whole for an agent; a rebuild folds from zero, and is owed nothing."""
        return [] if self._rebuild else await self._reprints.owed(agent, partition)

    async def reprint(self, guard: GuardLike, owed: Owing, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Write all rows of a projection, chunk by chunk, and note that it is whole; `StoreOvertaken` by a later reprint."""
        await self._reprints.reprint(guard, owed, rows, told)

    def _tenure(self, store: int, line: GuardLine) -> tuple[Key, int]:
        """Return the record that a live write stands under, and the epoch that is known of it."""
        agent, _, named = line.agent.partition("@")
        name, _, build = named.rpartition(".")
        key = (print_name(agent, name, int(build)), line.partition)
        return key, self._reprints.epoch(store, key)

    def _build(self, name: str) -> int:
        return self._rebuild[1] if self._rebuild else self.builds.of(name)

    async def _offer(self, structure: Rings, build: int, rows: Iterable[Any]) -> None:
        sent: deque[tuple[tuple, asyncio.Future]] = deque()
        rings = 0
        try:
            for row in rows:
                for words in self._calls(structure, build, row):
                    sent.append((words, self.redis.execute(*words)))
                    rings += words[2]
                    while len(sent) > CALLS_ON_THEIR_WAY or rings > RINGS_ON_THEIR_WAY:
                        rings -= await self._settle(*sent.popleft())
                        self._at(CrashPoint.MID_FANOUT)
            while sent:
                await self._settle(*sent.popleft())
        finally:
            for _, future in sent:
                future.cancel()

    def _calls(self, structure: Rings, build: int, row: Any) -> Iterator[tuple]:
        if isinstance(row, Closed):
            yield close_words(key_of(structure, build, shard_of(row.user_id), row.user_id))
            return
        owners, photo_ids = structure.offers(row)
        keys = [key_of(structure, build, shard_of(owner), owner) for owner in owners]
        if len(photo_ids) == 1:
            for first in range(0, len(keys), CHUNK):
                yield deliver_words(photo_ids[0], keys[first : first + CHUNK], self._feed_depth)
        elif photo_ids:
            # What is older than the depth cannot stay, but it must raise the floor: offering one more than fits is enough.
            newest = sorted(photo_ids, reverse=True)[: self._feed_depth + 1]
            for key in keys:
                yield backfill_words(key, newest, self._feed_depth)

    async def _settle(self, words: tuple, future: asyncio.Future) -> int:
        """Await a call, again when need be, and return how many rings it was about."""
        try:
            await future
        except (ConnectionLost, ReplyError):
            # Whether it ran is not known, or it could not yet: rings take a repeat.
            await self.redis.call(*words, attempts=WRITE_ATTEMPTS)
        return words[2]


async def open_writers(
    dsns: Sequence[str],
    redis_url: str,
    shards: int,
    feed_depth: int = 500,
    connections: int = 2,
    rebuild: tuple[str, int] | None = None,
    at: Hook = pass_by,
) -> Writers:
    """Open the stores for writing. A Redis that was lost gets a new birth id here, so that it owes all to everybody."""
    postgres = await open_postgres(dsns, shards, connections)
    redis = RedisStore(redis_url)
    try:
        await redis.prepare()
        await redis.open()
        builds = Builds(await postgres.promotions())
    except StoreAway:
        await asyncio.gather(postgres.close(), redis.close())
        raise
    return Writers(postgres, redis, builds, shards, feed_depth, rebuild, at)
