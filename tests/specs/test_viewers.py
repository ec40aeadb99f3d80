"""Specification of the agent `viewers`."""

import asyncio

import pytest

from agents import viewers
from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.memory import MemorySink
from projections.rows import BarrierRow, FollowingRow, ViewerRow
from streams.memory import MemoryLog
from streams.pipeline import Pipeline
from tests.behaviours import clause
from tests.specs.builders import ANN, BOB, CY, DAWN, DEE, Play, barrier, closed, did, following, opened

SHARDS, PARTITIONS = 64, 4


@pytest.fixture
def play():
    return Play(viewers.fold)


def test_a_follow_and_a_request_stand_apart_and_only_follows_count(play):
    play.given(following(ANN, "FOLLOWING", BOB, at=1), following(ANN, "REQUESTED", CY, at=2))
    assert play.row("viewers", ANN) == ViewerRow(ANN, (BOB,), (CY,), (), (), ())
    assert play.row("followings", ANN, CY) == FollowingRow(ANN, CY, "REQUESTED", DAWN + 2)
    assert play.count("following", ANN) == 1


def test_a_request_that_took_effect_counts(play):
    play.given(following(ANN, "REQUESTED", BOB)).given(following(ANN, "FOLLOWING", BOB), following(ANN, "FOLLOWING", BOB))
    assert play.row("viewers", ANN) == ViewerRow(ANN, (BOB,), (), (), (), ())
    assert play.count("following", ANN) == 1


def test_an_ended_follow_leaves_nothing(play):
    play.given(following(ANN, "FOLLOWING", BOB)).given(following(ANN, "NONE", BOB))
    assert play.row("viewers", ANN) == ViewerRow(ANN, (), (), (), (), ())
    assert play.row("followings", ANN, BOB) is None
    assert play.count("following", ANN) == 0


def test_the_people_of_a_viewer_are_sorted(play):
    people = sorted((BOB, CY, DEE))
    play.given(*(following(ANN, "FOLLOWING", who) for who in reversed(people)))
    assert play.row("viewers", ANN).following == tuple(people)


def test_blocks_and_mutes_stand_in_one_row_for_filters_and_one_each_for_lists(play):
    play.given(
        barrier(ANN, BOB, blocking_since=DAWN),
        barrier(ANN, CY, blocked_by=True),
        barrier(ANN, DEE, muting_since=DAWN, muted_until=DAWN + 9),
    )
    assert play.row("viewers", ANN) == ViewerRow(ANN, (), (), (BOB,), (CY,), ((DEE, DAWN + 9),))
    assert play.row("barriers", ANN, BOB) == BarrierRow(ANN, BOB, DAWN, False, None, None)


def test_a_mute_for_ever_ends_at_zero(play):
    play.given(barrier(ANN, BOB, muting_since=DAWN))
    assert play.row("viewers", ANN).mutes == ((BOB, 0),)


def test_a_barrier_that_was_taken_away_leaves_nothing(play):
    play.given(barrier(ANN, BOB, blocking_since=DAWN), barrier(ANN, BOB))
    assert play.row("viewers", ANN) == ViewerRow(ANN, (), (), (), (), ())
    assert play.row("barriers", ANN, BOB) is None


def test_one_row_for_each_touched_viewer(play):
    changes = play.when(following(ANN, "FOLLOWING", BOB), following(ANN, "FOLLOWING", CY), following(BOB, "REQUESTED", CY))
    assert [row.user_id for row in changes.rows["viewers"]] == [ANN, BOB]


def test_an_unknown_state_is_refused(play):
    (refused,) = play.when(following(ANN, "UNKNOWN", BOB)).refused
    assert refused.reason.startswith("state UNKNOWN")


@clause("14.1", "14.2")
def test_of_who_is_gone_no_row_and_no_count_is_left():
    """What `accounts`, `relations` and `follows` say of them, in any partition, takes everything back."""
    log, sink = MemoryLog(SHARDS, PARTITIONS), MemorySink(SHARDS)
    rules = Rules(shards=SHARDS, partitions=PARTITIONS)
    pipeline = Pipeline(agents_of("people", catalog(rules)), log, sink)
    told = [opened(who, name) for who, name in ((ANN, "ann"), (BOB, "bob"), (CY, "cy"), (DEE, "dee"))]
    told += [did(ANN, "FOLLOW_WANTED", BOB), did(BOB, "FOLLOW_WANTED", ANN), did(CY, "FOLLOW_WANTED", ANN)]
    told += [did(ANN, "BLOCKED", DEE), did(CY, "MUTED", ANN), did(BOB, "FOLLOW_WANTED", CY)]
    for event in told:
        log.put(event)
    asyncio.run(pipeline.run())
    assert sink.rows["viewers"][str(ANN)].blocking == (DEE,)
    log.put(closed(ANN, at=9))
    asyncio.run(pipeline.run())
    assert {int(user_id): row[1:] for user_id, row in sink.rows["viewers"].items()} == {BOB: ((CY,), (), (), (), ())}
    assert {row[:2] for row in sink.rows["followings"].values()} == {(BOB, CY)}
    assert {row[:2] for row in sink.rows["followers"].values()} == {(CY, BOB)}
    assert sink.rows["barriers"] == {}
    assert {(row.kind, row.entity_id): row.value for row in sink.rows["counters"].values()} == {
        ("followers", CY): 1,
        ("following", BOB): 1,
    }
