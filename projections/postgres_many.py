"""Rows of one batch that are too many for memory: chunk by chunk, in one transaction a server, under the batch's own guard.

The guard of a place is raised before its first row, in the transaction that holds all of them, so that either every row of a
place is there with its guard, or none is. Rows have been used up when this fails: whoever made them makes them again.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

import psycopg

from projections import shard_schema
from projections.away import StoreAway
from projections.postgres import Postgres, compose
from projections.prints import check_epochs, columns_of
from projections.structure import Table
from projections.tables import GuardLine, Statement

# The epochs of records that a writer knows, by server and record.
Tenures = Mapping[int, Mapping[tuple[str, int], int]]


class Many:
    """Writes batches of very many rows, one batch at a time: each keeps a connection to a server until its last row."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._turn = asyncio.Lock()

    async def write(
        self,
        line: GuardLine,
        table: Table,
        build: int,
        chunks: Iterable[Mapping[int, Sequence[Statement]]],
        tenures: Tenures,
    ) -> None:
        """Write statements by place, if the guard is newer than the one stored there; StoreAway when a server goes away."""
        async with self._turn:
            opened: dict[int, _OnOneServer] = {}
            try:
                async with contextlib.AsyncExitStack() as stack:
                    for writes in chunks:
                        for place in sorted(writes):
                            server = self._postgres.shard_map.server_of(place)
                            if server not in opened:
                                opened[server] = await self._opened(stack, server, tenures.get(server, {}))
                            await self._postgres.create(server, [(place, table, build)])
                            await opened[server].write(line, place, table, build, writes[place])
            except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UndefinedTable) as error:
                for server in opened:
                    with contextlib.suppress(psycopg.Error):
                        # A server that restarted left only dead connections in the pool.
                        await self._postgres.pools[server].check()
                raise StoreAway(f"PostgreSQL went away while the rows of a large batch were written: {error}") from error

    async def _opened(self, stack: contextlib.AsyncExitStack, server: int, tenures: Mapping) -> "_OnOneServer":
        connection, pipeline = await stack.enter_async_context(self._postgres.transaction(server))
        birth = await connection.execute(shard_schema.READ_BIRTH)
        # A shared lock: a reprint that begins waits for all of these rows, and they see it if it began before.
        epochs = await connection.execute(shard_schema.SHARE_PRINTS, columns_of(tenures))
        await pipeline.sync()
        self._postgres.check_birth(server, await birth.fetchone())
        check_epochs(tenures, {(agent, partition): epoch for agent, partition, epoch in await epochs.fetchall()})
        return _OnOneServer(connection, pipeline)


class _OnOneServer:
    """The transaction on one server, and in which places its guard was newer."""

    def __init__(self, connection: psycopg.AsyncConnection, pipeline: psycopg.AsyncPipeline) -> None:
        self._connection = connection
        self._pipeline = pipeline
        self._newer: dict[int, bool] = {}

    async def write(self, line: GuardLine, place: int, table: Table, build: int, made: Sequence[Statement]) -> None:
        if place not in self._newer:
            raised = await self._connection.execute(compose(shard_schema.RAISE_GUARD, place), line)
            await self._pipeline.sync()
            self._newer[place] = await raised.fetchone() is not None
        if self._newer[place]:
            for _, text, params in made:
                await self._connection.execute(compose(text, place, table, build), params)
            # Awaited, or what was sent would stay in memory until the end.
            await self._pipeline.sync()
