"""Records of reprints in PostgreSQL, and chunks of rows under them, each in one transaction on one server."""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from projections import shard_schema
from projections.postgres import WRITE_ATTEMPTS, Postgres, compose
from projections.prints import Key, Print, Request, columns_of, overtaken
from projections.structure import GLOBAL, Table
from projections.tables import Statement

_READ = """
SELECT agent, partition, epoch, number, whole, request, sources FROM darkroom.prints
WHERE %s::integer[] IS NULL OR partition = ANY(%s)"""
_READ_REQUESTS = "SELECT number, projection, shard FROM darkroom.requests ORDER BY number"
_ASK = """
INSERT INTO darkroom.requests SELECT greatest(max(number), %s) + 1, %s, %s FROM darkroom.requests RETURNING number"""
_BEGIN = """
INSERT INTO darkroom.prints AS p
SELECT *, 0, false, 0, '{}'::json FROM unnest(%s::text[], %s::integer[], %s::bigint[])
ON CONFLICT (agent, partition) DO UPDATE SET epoch = excluded.epoch, number = 0 WHERE p.epoch < excluded.epoch
RETURNING agent, partition"""
_DROP_GUARDS = """
DELETE FROM {schema}.guards WHERE (agent, partition) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))"""
_HOLD = "SELECT epoch, number FROM darkroom.prints WHERE agent = %s AND partition = %s FOR UPDATE"
_RAISE = "UPDATE darkroom.prints SET number = %s WHERE agent = %s AND partition = %s"
_FINISH = """
UPDATE darkroom.prints AS p SET whole = true, number = r.number, request = r.request, sources = r.sources::json
FROM unnest(%s::text[], %s::integer[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
AS r (agent, partition, epoch, number, request, sources)
WHERE p.agent = r.agent AND p.partition = r.partition AND p.epoch = r.epoch
RETURNING p.agent, p.partition"""
_FORGET = "DELETE FROM darkroom.prints WHERE agent = ANY(%s)"
_FORGET_GUARDS = "DELETE FROM {schema}.guards WHERE agent = ANY(%s)"


class Beginning(NamedTuple):
    """A reprint that begins: its record, its epoch, the live guards that it puts back, and the shards in which (None: all)."""

    key: Key
    epoch: int
    guards: tuple[str, ...]
    shards: frozenset[int] | None


class Ending(NamedTuple):
    """A reprint that is done: its record, as it is to be."""

    key: Key
    done: Print


async def read_prints(postgres: Postgres, server: int, partitions: Iterable[int] | None = None) -> dict[Key, Print]:
    """Return the records of some partitions, or of all, on one server."""
    wanted = None if partitions is None else sorted(partitions)
    rows = await postgres.fetch_on(server, _READ, (wanted, wanted))
    return {(agent, partition): Print(*rest) for agent, partition, *rest in rows}


async def read_requests(postgres: Postgres) -> list[Request]:
    """Return every request that a shard be printed again, in the order of their numbers."""
    return [Request(*row) for row in await postgres.fetch_on(0, _READ_REQUESTS)]


async def ask(postgres: Postgres, name: str, shard: int, above: int = 0) -> int:
    """Ask that a shard of a projection be printed again, and return the number of the request, which is `above` one."""
    async with postgres.transaction(0) as (connection, _pipeline):
        # One after the other, so that whoever sees a number has seen all below it.
        await connection.execute("LOCK TABLE darkroom.requests IN EXCLUSIVE MODE")
        cursor = await connection.execute(_ASK, (above, name, shard))
        return (await cursor.fetchone())[0]


async def begin_each(postgres: Postgres, server: int, some: Sequence[Beginning]) -> list[bool]:
    """Raise the epochs of records and delete the live guards that they stand over; False for each that was overtaken.

    From here on live writes of whoever knows an older epoch are refused, so the guards are not missed.
    """
    places = await places_on(postgres, server)
    held = await postgres.retried(server, WRITE_ATTEMPTS, functools.partial(_begin_on, postgres, server, places, some))
    return [one.key in held for one in some]


async def _begin_on(postgres: Postgres, server: int, places: Sequence[int], some: Sequence[Beginning]) -> set[Key]:
    ordered = sorted(some, key=lambda one: one.key)
    keys = columns_of(one.key for one in ordered)
    async with postgres.transaction(server) as (connection, pipeline):
        birth = await connection.execute(shard_schema.READ_BIRTH)
        begun = await connection.execute(_BEGIN, (*keys, [one.epoch for one in ordered]))
        epochs = await connection.execute(shard_schema.SHARE_PRINTS, keys)
        await pipeline.sync()
        postgres.check_birth(server, await birth.fetchone())
        fresh = set(await begun.fetchall())
        known = {(agent, partition): epoch for agent, partition, epoch in await epochs.fetchall()}
        for place in places:
            lines = [
                (guard, one.key[1])
                for one in ordered
                if one.key in fresh and (one.shards is None or place in one.shards)
                for guard in one.guards
            ]
            if lines:
                await connection.execute(compose(_DROP_GUARDS, place), columns_of(lines))
    # One that began before, and whose answer was lost, has its epoch there and is not begun twice.
    return {one.key for one in ordered if known.get(one.key) == one.epoch}


async def places_on(postgres: Postgres, server: int) -> list[int]:
    """Return every place on a server that has guards."""
    return [*await postgres.shards_on(server), *([GLOBAL] if server == 0 else [])]


async def write_chunk(
    postgres: Postgres,
    server: int,
    record: tuple[Key, int, int],
    writes: Mapping[int, Sequence[Statement]],
    table: Table,
    build: int,
) -> None:
    """Write rows by place if a record = (key, epoch, number) still has this epoch; `StoreOvertaken` when a later one began.

    A number that is not above the record's is a repeat of what was written, and changes nothing.
    """
    await postgres.create(server, [(place, table, build) for place in writes])
    work = functools.partial(_write_on, postgres, server, record, writes, table, build)
    await postgres.retried(server, WRITE_ATTEMPTS, work)


async def _write_on(
    postgres: Postgres,
    server: int,
    record: tuple[Key, int, int],
    writes: Mapping[int, Sequence[Statement]],
    table: Table,
    build: int,
) -> None:
    key, epoch, number = record
    async with postgres.transaction(server) as (connection, pipeline):
        birth = await connection.execute(shard_schema.READ_BIRTH)
        held = await connection.execute(_HOLD, key)
        await pipeline.sync()
        postgres.check_birth(server, await birth.fetchone())
        found = await held.fetchone()
        if found is None or found[0] != epoch:
            raise overtaken(key, epoch, found[0] if found else 0)
        if number <= found[1]:
            return
        await connection.execute(_RAISE, (number, *key))
        for place in sorted(writes):
            for _, text, params in writes[place]:
                await connection.execute(compose(text, place, table, build), params)


async def finish_each(postgres: Postgres, server: int, some: Sequence[Ending]) -> list[bool]:
    """Note that reprints came to their end; False for each that was overtaken."""
    ordered = sorted(some)
    done = [one.done for one in ordered]
    columns = (
        *columns_of(one.key for one in ordered),
        [one.epoch for one in done],
        [one.number for one in done],
        [one.request for one in done],
        [json.dumps(dict(one.sources), sort_keys=True) for one in done],
    )
    finished = set(await postgres.fetch_on(server, _FINISH, columns, WRITE_ATTEMPTS))
    return [one.key in finished for one in some]


async def forget(postgres: Postgres, names: Sequence[str]) -> None:
    """Delete the records and the guards under these names, on all servers: their build was dropped."""
    for server in range(len(postgres.pools)):
        await postgres.run_on(server, _FORGET, (list(names),))
        for place in await places_on(postgres, server):
            await postgres.run_on(server, compose(_FORGET_GUARDS, place), (list(names),))
