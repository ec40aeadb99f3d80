"""Opening PostgreSQL: pools of connections to each server, which one each leads to, and the shard map."""

import asyncio
import contextlib
import functools
from collections.abc import Sequence

import psycopg
from psycopg_pool import AsyncConnectionPool

from projections import shard_schema
from projections.away import StoreAway
from projections.postgres import Postgres
from projections.shard_map import ShardMap

WAIT_SECONDS = 3.0
RECONNECT_SECONDS = 4.0
# A single statement needs no BEGIN and COMMIT around it: two round trips less for every read.
CONNECTION = {"prepare_threshold": None, "autocommit": True}


async def recognise(found: list[str], server: int, connection: psycopg.AsyncConnection) -> None:
    """Note which server a new connection leads to: an empty one may have taken the place of the one that was known."""
    row = None
    with contextlib.suppress(psycopg.errors.UndefinedTable):
        row = await (await connection.execute(shard_schema.READ_BIRTH)).fetchone()
    # At once, since others read meanwhile: nobody may see a server without a name that has one.
    found[server] = row[0] if row else ""


async def open_postgres(dsns: Sequence[str], shards: int, connections: int) -> Postgres:
    """Open a pool of at most `connections` to each server and read the shard map; StoreNotPrepared without one."""
    found = [""] * len(dsns)
    pools = [
        AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=connections,
            timeout=WAIT_SECONDS,
            # The pool doubles its pauses; without a limit it may sleep for minutes after the server is back.
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            kwargs=CONNECTION,
            configure=functools.partial(recognise, found, server),
        )
        for server, dsn in enumerate(dsns)
    ]
    postgres = Postgres(pools, ShardMap.spread(shards, len(dsns)), (), found)
    try:
        await asyncio.gather(*(pool.open(wait=True, timeout=WAIT_SECONDS * 2) for pool in pools))
        identities = await postgres.identities()
        rows = await postgres.fetch_on(0, shard_schema.READ_SHARD_MAP)
    except psycopg.OperationalError as error:
        await postgres.close()
        raise StoreAway(f"PostgreSQL did not answer: {error}") from error
    except StoreAway:
        await postgres.close()
        raise
    postgres.shard_map = ShardMap.of_rows(shards, len(dsns), rows)
    postgres.births = [identities[f"postgres{number}"] for number in range(len(dsns))]
    return postgres
