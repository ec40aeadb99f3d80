"""The function `next_id()` of a shard schema mints ids of the same layout as Python, in its own lane."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from projections.postgres import compose
from projections.shard_schema import GLOBAL_SCHEMA, SHARD_SCHEMA
from projections.structure import GLOBAL
from schemas.ids import EPOCH_MS, IDS_PER_LANE, MAX_SEQUENCE, SQL_LANE, compose_id, shard_of, time_of
from tests.stores import fresh_stores

SHARD = 5


@pytest.fixture(scope="module")
def dsn():
    with fresh_stores() as places:
        with psycopg.connect(places.dsns[0]) as connection:
            for text in SHARD_SCHEMA:
                connection.execute(compose(text, SHARD))
        yield places.dsns[0]


def mint(connection, count: int) -> list[int]:
    rows = connection.execute("SELECT shard0005.next_id() FROM generate_series(1, %s)", (count,)).fetchall()
    return [id_ for (id_,) in rows]


def lane_of(id_: int) -> int:
    return (id_ % MAX_SEQUENCE) // IDS_PER_LANE


def test_ids_have_the_layout_of_python_and_lie_in_lane_zero(dsn):
    with psycopg.connect(dsn) as connection:
        before = connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetchone()[0]
        [id_] = mint(connection, 1)
    assert id_ == compose_id(time_of(id_), SHARD, id_ % MAX_SEQUENCE)
    assert shard_of(id_) == SHARD
    assert lane_of(id_) == SQL_LANE
    assert before - 1 <= time_of(id_) <= before + 10_000


def test_more_ids_than_a_millisecond_holds_wait_for_the_next_one(dsn):
    with psycopg.connect(dsn) as connection:
        ids = mint(connection, 40 * IDS_PER_LANE)
        after = connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetchone()[0]
    assert ids == sorted(set(ids))
    assert {lane_of(id_) for id_ in ids} == {SQL_LANE}
    assert max(len(list(group)) for _, group in itertools.groupby(ids, time_of)) <= IDS_PER_LANE
    assert time_of(ids[-1]) <= after, "an id lies in the future"


def test_ids_are_unique_over_connections_and_over_rollbacks(dsn):
    """Kills: a minter that keeps its last tick in a row that a rollback takes back."""

    def some(_number: int) -> list[int]:
        with psycopg.connect(dsn) as connection:
            lost = mint(connection, 50)
            connection.rollback()
            return lost + mint(connection, 50)

    with ThreadPoolExecutor(4) as threads:
        ids = [id_ for part in threads.map(some, range(4)) for id_ in part]
    assert len(set(ids)) == len(ids) == 400


def test_a_clock_that_stepped_back_repeats_no_id(dsn):
    """Kills: the greatest of clock and last tick replaced by the clock."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        # As if the last id had been minted 300 ms from now: to the function this is a clock that stepped back.
        now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        soon = psycopg.sql.SQL(f"SELECT setval('shard0005.id_ticks', ({now} + 300 - {EPOCH_MS}) * {IDS_PER_LANE})")
        [(tick,)] = connection.execute(soon).fetchall()
        [id_] = mint(connection, 1)
        assert (time_of(id_) - EPOCH_MS) * IDS_PER_LANE + id_ % MAX_SEQUENCE == tick + 1


def test_preparing_again_changes_nothing(dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        before = connection.execute("SELECT birth FROM darkroom.births").fetchall()
        for text in GLOBAL_SCHEMA:
            connection.execute(compose(text, GLOBAL))
        for text in SHARD_SCHEMA:
            connection.execute(compose(text, SHARD))
        assert connection.execute("SELECT birth FROM darkroom.births").fetchall() == before
        mint(connection, 1)
