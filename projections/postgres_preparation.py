"""Setting up empty PostgreSQL servers for projections: the global schema, the birth id, the shard map. Repeatable."""

import secrets
from collections.abc import Sequence

import psycopg

from projections import shard_schema
from projections.away import StoreAway
from projections.postgres import compose
from projections.shard_map import ShardMap
from projections.structure import GLOBAL


async def prepare_postgres(dsns: Sequence[str], shards: int) -> None:
    """Create the global schema on every server, and on the first the shard map; repeatable, and changes nothing then."""
    for number, dsn in enumerate(dsns):
        try:
            async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5) as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (shard_schema.CREATION_LOCK,))
                await connection.execute("SET LOCAL client_min_messages = warning")
                for text in shard_schema.GLOBAL_SCHEMA:
                    await connection.execute(compose(text, GLOBAL))
                await connection.execute(shard_schema.ENTER_BIRTH, (secrets.token_hex(8),))
                if number == 0:
                    await enter_shard_map(connection, ShardMap.spread(shards, len(dsns)))
        except psycopg.OperationalError as error:
            raise StoreAway(f"PostgreSQL server {number} did not answer: {error}") from error


async def enter_shard_map(connection: psycopg.AsyncConnection, spread: ShardMap) -> None:
    """Write the default shard map unless there is one; ValueError when that one does not fit shards and servers."""
    rows = await (await connection.execute(shard_schema.READ_SHARD_MAP)).fetchall()
    if rows:
        ShardMap.of_rows(spread.shards, spread.servers, rows)
        return
    for span in spread.ranges:
        await connection.execute(shard_schema.ENTER_RANGE, (span.first, span.end, span.server))
