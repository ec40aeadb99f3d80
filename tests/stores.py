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
import pytest

from infra.settings import SettingsError, environment_for_tests, load_settings
from projections.pipelined import ConnectionLost, Pipelined
from projections.prepare import prepare

SHARDS = 8
SERVERS = 2
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
            pytest.skip(_ABSENT)
    names = [f"test_{secrets.token_hex(5)}_{number}" for number in range(SERVERS)]
    # One of the fifteen databases that nobody else uses; two runs at once meet seldom, and then fail loudly.
    redis_url = f"{settings.redis_url.rsplit('/', 1)[0]}/{1 + os.getpid() % 15}"
    admin = settings.postgres_dsns[0]
    try:
        with psycopg.connect(admin, autocommit=True, connect_timeout=3) as connection:
            for name in names:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        asyncio.run(_flush(redis_url))
    except (psycopg.OperationalError, ConnectionLost):
        pytest.skip(_ABSENT)
    dsns = [psycopg.conninfo.make_conninfo(admin, dbname=name) for name in names]
    try:
        asyncio.run(prepare(dsns, redis_url, SHARDS))
        yield StorePlaces(dsns, redis_url, SHARDS)
    finally:
        asyncio.run(_flush(redis_url))
        with psycopg.connect(admin, autocommit=True) as connection:
            for name in names:
                connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


async def _flush(redis_url: str) -> None:
    client = Pipelined(redis_url)
    try:
        await client.execute("FLUSHDB")
    finally:
        await client.close()
