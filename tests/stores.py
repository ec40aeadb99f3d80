"""Stores of their own for tests: fresh databases and an empty Redis database, dropped afterwards.

They live in the test stack; without it the tests that need them skip and say what to run.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator
from typing import NamedTuple
from unittest import mock

import psycopg

from infra.settings import SettingsError, environment_for_tests, load_settings
from projections.pipelined import ConnectionLost, Pipelined
from projections.prepare import prepare
from tests.absent import absent

SHARDS = 8
SERVERS = 2
# Redis has sixteen databases; 0 is the stack's own.
DATABASES = range(1, 16)
CLAIM_SECONDS = 600
_ABSENT = "needs the test stack: python -m infra up --services core --for-tests"


class StorePlaces(NamedTuple):
    """Where prepared, empty stores are."""

    dsns: list[str]
    redis_url: str
    shards: int


@contextlib.contextmanager
def fresh_stores() -> Iterator[StorePlaces]:
    """Give prepared, empty stores: two databases as two servers, and one Redis database."""
    with mock.patch.dict(os.environ, environment_for_tests()):
        try:
            settings = load_settings()
        except SettingsError:
            absent(_ABSENT)
    names = [f"test_{secrets.token_hex(5)}_{number}" for number in range(SERVERS)]
    redis_server = settings.redis_url.rsplit("/", 1)[0]
    admin = settings.postgres_dsns[0]
    try:
        with psycopg.connect(admin, autocommit=True, connect_timeout=3) as connection:
            for name in names:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        number = asyncio.run(_claim(redis_server))
    except (psycopg.OperationalError, ConnectionLost):
        absent(_ABSENT)
    redis_url = f"{redis_server}/{number}"
    dsns = [psycopg.conninfo.make_conninfo(admin, dbname=name) for name in names]
    try:
        asyncio.run(prepare(dsns, redis_url, SHARDS))
        yield StorePlaces(dsns, redis_url, SHARDS)
    finally:
        asyncio.run(_release(redis_server, number))
        with psycopg.connect(admin, autocommit=True) as connection:
            for name in names:
                connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


async def _claim(redis_server: str) -> int:
    """Return the number of a Redis database that nobody else uses now, emptied. A claim that is forgotten ends by itself."""
    client = Pipelined(f"{redis_server}/0")
    try:
        for number in DATABASES:
            if await client.execute("SET", _claimed(number), os.getpid(), "NX", "EX", CLAIM_SECONDS):
                await client.execute("SELECT", number)
                await client.execute("FLUSHDB")
                return number
    finally:
        await client.close()
    raise RuntimeError(f"all {len(DATABASES)} test databases of Redis are claimed; wait, or delete the keys {_claimed('*')}")


async def _release(redis_server: str, number: int) -> None:
    client = Pipelined(f"{redis_server}/{number}")
    try:
        await client.execute("FLUSHDB")
        await client.execute("SELECT", 0)
        await client.execute("DEL", _claimed(number))
    finally:
        await client.close()


def _claimed(number: int | str) -> str:
    return f"claimed-by-a-test:{number}"
