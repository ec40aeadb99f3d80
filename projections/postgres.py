"""PostgreSQL for projections: pools per server, schemas on first use, guarded commits, reads.

With its namesakes (opening, prints, preparation) the only module that knows the driver. SQL comes as text with places in
braces; `{table}` becomes the table of one shard and build. Nothing here knows what a projection means. Statements are never
prepared, so PgBouncer may stand between.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from projections import shard_schema
from projections.away import StoreAway, StoreLost, StoreNotPrepared
from projections.prints import check_epochs, columns_of
from projections.shard_map import ShardMap
from projections.shard_schema import schema_name
from projections.structure import GLOBAL, Spot, Table
from projections.tables import Guarded, create_texts

# 0.05 s doubled six times: about three seconds of patience before the neighbour counts as away.
WRITE_ATTEMPTS = 7
READ_ATTEMPTS = 2
# Schemas created in one transaction; each takes some fifty locks.
SCHEMAS_AT_ONCE = 8


@functools.lru_cache(maxsize=50_000)
def compose(text: str, place: int, table: Table | None = None, build: int = 0) -> str:
    """Return SQL text with its braces filled: `{schema}`, and of a table `{table}`, `{columns}`, `{index_0}`."""
    schema = schema_name(place)
    names: dict[str, sql.Composable] = {"schema": sql.Identifier(schema), "shard": sql.Literal(place)}
    names |= {name: sql.Literal(number) for name, number in shard_schema.NEXT_ID_NUMBERS.items()}
    names["ticks"] = sql.Literal(f"{schema}.id_ticks")
    if table:
        names["table"] = sql.Identifier(schema, f"{table.name}_{build}")
        names["columns"] = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        names |= {f"index_{n}": sql.Identifier(f"{table.name}_{build}_{n}") for n in range(len(table.indexes))}
    return sql.SQL(text).format(**names).as_string(None)


class Postgres:
    """The servers as one store. Made by `postgres_opening`; one for a process and event loop."""

    def __init__(self, pools: Sequence[AsyncConnectionPool], shard_map: ShardMap, births: Sequence[str], found: list[str]):
        self.pools = pools
        self.shard_map = shard_map
        self.births = births
        # The birth id that the newest connection to each server read; "" for one that was never prepared.
        self.found = found
        self._there_in: list[str] = []
        self._there: set[Spot] = set()

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(pool.close() for pool in self.pools))

    async def identities(self) -> dict[str, str]:
        """Return the birth id of each server, read now."""
        rows = await asyncio.gather(*(self.fetch_on(n, shard_schema.READ_BIRTH) for n in range(len(self.pools))))
        self.found[:] = [found[0][0] if found else "" for found in rows]
        return {f"postgres{number}": birth for number, birth in enumerate(self.found) if birth}

    async def promotions(self) -> dict[str, int]:
        """Return the build of each projection that was ever promoted."""
        return dict(await self.fetch_on(0, shard_schema.READ_PROMOTIONS))

    async def promote(self, name: str, build: int) -> None:
        """Make a build the one that readers read and writers write."""
        await self.run_on(0, shard_schema.PROMOTE, (name, build))

    # --- writing ------------------------------------------------------------------------------------------------------

    async def commit(
        self,
        writes: Mapping[int, Sequence[Guarded]],
        tables: Mapping[str, tuple[Table, int]],
        tenures: Mapping[int, Mapping[tuple[str, int], int]] = MappingProxyType({}),
    ) -> None:
        """Run each place's statements whose guard is newer than the stored one; one transaction a server.

        `tables` gives the structure and build of every table that statements name. A repeat changes nothing. `tenures` are,
        by server, the epochs that the writer knows of its records (`projections.prints`); another one is `StoreOvertaken`.
        """
        by_server: dict[int, dict[int, Sequence[Guarded]]] = {}
        for place in sorted(writes):
            by_server.setdefault(self.shard_map.server_of(place), {})[place] = writes[place]
        for server, places in by_server.items():
            wanted = {(p, *tables[s.table]) for p, given in places.items() for guarded in given for s in guarded.statements}
            await self.create(server, wanted)
            await self.retried(
                server, WRITE_ATTEMPTS, functools.partial(self._commit_on, server, places, tables, tenures.get(server, {}))
            )

    async def _commit_on(
        self,
        server: int,
        places: Mapping[int, Sequence[Guarded]],
        tables: Mapping[str, tuple[Table, int]],
        tenures: Mapping[tuple[str, int], int],
    ) -> None:
        async with self.transaction(server) as (connection, pipeline):
            birth = await connection.execute(shard_schema.READ_BIRTH)
            # Shared locks: a reprint that begins waits for these writes, and they see it if it began before.
            epochs = await connection.execute(shard_schema.SHARE_PRINTS, columns_of(tenures))
            # Places in order, and of each place guards in order: two writers may wait for each other, but never both ways.
            raised = [
                (await connection.execute(compose(shard_schema.RAISE_GUARD, place), guard), place, given)
                for place, several in places.items()
                for guard, given in sorted(several)
            ]
            await pipeline.sync()
            self.check_birth(server, await birth.fetchone())
            check_epochs(tenures, {(agent, partition): epoch for agent, partition, epoch in await epochs.fetchall()})
            for cursor, place, given in raised:
                if await cursor.fetchone() is None:
                    continue
                for name, text, params in given:
                    await connection.execute(compose(text, place, *tables[name]), params)

    @contextlib.asynccontextmanager
    async def transaction(self, server: int) -> AsyncIterator[tuple[psycopg.AsyncConnection, psycopg.AsyncPipeline]]:
        """Give a connection in a transaction, whose statements go out without waiting for each other's answers."""
        async with (
            self.pools[server].connection() as connection,
            connection.pipeline() as pipeline,
            connection.transaction(),
        ):
            yield connection, pipeline

    def check_birth(self, server: int, found: tuple | None) -> None:
        """StoreLost when the birth id that was found is not the one of the server that was opened."""
        if found is None or found[0] != self.births[server]:
            raise StoreLost(f"PostgreSQL server {server} is not the one that was opened; restart and replay into it")

    async def create(self, server: int, wanted: Iterable[Spot]) -> None:
        """Create the schemas and tables of (place, table, build) that are not there."""
        missing: dict[int, list[Spot]] = {}
        # Asking first: even a CREATE INDEX that finds its index would wait for everybody who writes to the table.
        for spot in await self._absent(server, sorted(wanted, key=lambda one: one[0])):
            missing.setdefault(spot[0], []).append(spot)
        places = list(missing)
        for start in range(0, len(places), SCHEMAS_AT_ONCE):
            some = [missing[place] for place in places[start : start + SCHEMAS_AT_ONCE]]
            await self.retried(server, WRITE_ATTEMPTS, functools.partial(self._create_some, server, some))
        self._there.update(spot for spots in missing.values() for spot in spots)

    async def _create_some(self, server: int, missing: Sequence[Sequence[Spot]]) -> None:
        async with self.transaction(server) as (connection, _pipeline):
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (shard_schema.CREATION_LOCK,))
            await connection.execute("SET LOCAL client_min_messages = warning")
            for spots in missing:
                place = spots[0][0]
                for text in () if place == GLOBAL else shard_schema.SHARD_SCHEMA:
                    await connection.execute(compose(text, place))
                for _, table, build in spots:
                    for text in create_texts(table):
                        await connection.execute(compose(text, place, table, build))

    async def _absent(self, server: int, spots: Sequence[Spot]) -> list[Spot]:
        """Return those that do not exist; what once existed is not asked again, unless another server has taken its place."""
        if self._there_in != self.found:
            self._there_in, self._there = list(self.found), set()
        # Another may put a new set in its place while this one waits.
        there = self._there
        if unknown := [spot for spot in spots if spot not in there]:
            names = {f"{schema_name(place)}.{table.name}_{build}": (place, table, build) for place, table, build in unknown}
            asked = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL"
            there.update(names[name] for (name,) in await self.fetch_on(server, asked, (list(names),)))
        return [spot for spot in unknown if spot not in there]

    async def drop(self, table: Table, build: int) -> None:
        """Drop one build of a table in all schemas."""
        for server in range(len(self.pools)):
            for place in await self.places_on(server, table):
                await self.run_on(server, compose("DROP TABLE IF EXISTS {table}", place, table, build))
        self._there = {spot for spot in self._there if spot[1:] != (table, build)}

    # --- reading ------------------------------------------------------------------------------------------------------

    async def fetch(self, table: Table, build: int, place: int, text: str, params: Sequence = ()) -> list[tuple]:
        """Return the rows of a query on one place's table; none while the table does not exist."""
        server = self.shard_map.server_of(place)
        if not await self._existing(server, table, build, (place,)):
            return []
        return await self.fetch_on(server, compose(text, place, table, build), params)

    async def fetch_many(
        self, table: Table, build: int, parts: Mapping[int, Sequence], text: str, end: str, end_params: Sequence = ()
    ) -> list[tuple]:
        """Return the rows of one query on many places: a UNION ALL a server, each followed by `end` (ORDER BY, LIMIT)."""
        by_server: dict[int, list[int]] = {}
        for place in parts:
            by_server.setdefault(self.shard_map.server_of(place), []).append(place)
        work = (self._union(n, table, build, {p: parts[p] for p in ps}, text, end, end_params) for n, ps in by_server.items())
        return [row for rows in await asyncio.gather(*work) for row in rows]

    async def _union(
        self, server: int, table: Table, build: int, parts: Mapping, text: str, end: str, end_params: Sequence
    ) -> list[tuple]:
        places = await self._existing(server, table, build, parts)
        if not places:
            return []
        union = " UNION ALL ".join(f"({compose(text, place, table, build)})" for place in places)
        params = [param for place in places for param in parts[place]]
        return await self.fetch_on(server, " ".join(("SELECT * FROM (", union, ") AS found", end)), (*params, *end_params))

    async def _existing(self, server: int, table: Table, build: int, places: Iterable[int]) -> list[int]:
        """Return the places where a build of a table exists."""
        spots = [(place, table, build) for place in places]
        absent = set(await self._absent(server, spots))
        return [spot[0] for spot in spots if spot not in absent]

    async def places_on(self, server: int, table: Table) -> list[int]:
        """Return the places of a table on one server whose schema exists."""
        if table.sharded:
            return await self.shards_on(server)
        return [GLOBAL] if server == 0 else []

    async def shards_on(self, server: int) -> list[int]:
        """Return the shards on one server whose schema exists."""
        asked = "SELECT substr(nspname, 6)::integer FROM pg_namespace WHERE nspname ~ '^shard[0-9]{4}$' ORDER BY 1"
        rows = await self.fetch_on(server, asked)
        return [place for (place,) in rows if self.shard_map.server_of(place) == server]

    async def places_with(self, server: int, table: Table, build: int) -> list[int]:
        """Return the places on one server that hold a build of a table."""
        return await self._existing(server, table, build, await self.places_on(server, table))

    async def fetch_on(self, server: int, text: str, params: Sequence = (), attempts: int = READ_ATTEMPTS) -> list[tuple]:
        """Return the rows of a finished query on one server; none for a statement that has no result."""

        async def work() -> list[tuple]:
            async with self.pools[server].connection() as connection:
                cursor = await connection.execute(text, params)
                return await cursor.fetchall() if cursor.description else []

        return await self.retried(server, attempts, work)

    async def run_on(self, server: int, text: str, params: Sequence = ()) -> None:
        """Run one finished statement, in a transaction of its own, on one server."""
        await self.fetch_on(server, text, params, WRITE_ATTEMPTS)

    @contextlib.asynccontextmanager
    async def one_moment(self, server: int) -> AsyncIterator[Callable[..., Awaitable[list[tuple]]]]:
        """Give a function that reads (text, place, table, build), always as of one moment (repeatable read)."""
        async with self.pools[server].connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

            async def read(text: str, place: int, table: Table | None = None, build: int = 0) -> list[tuple]:
                return await (await connection.execute(compose(text, place, table, build))).fetchall()

            yield read

    async def retried(self, server: int, attempts: int, work: Callable[[], Awaitable[Any]]) -> Any:
        for attempt in range(attempts):
            try:
                return await work()
            except psycopg.errors.UndefinedTable as error:
                if "darkroom." not in str(error):
                    raise StoreAway(f"PostgreSQL server {server} lost a table that was there: {error}") from error
                said = f"PostgreSQL server {server} has no schema `darkroom`; run `python -m projections prepare`"
                raise StoreNotPrepared(said) from error
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                cause = error
            await asyncio.sleep(0.05 * 2**attempt)
            with contextlib.suppress(psycopg.Error):
                # A server that restarted left only dead connections in the pool.
                await self.pools[server].check()
        raise StoreAway(f"PostgreSQL server {server} did not answer in {attempts} attempts: {cause}") from cause
