"""Minted ids are unique: through clock steps back, overflow, crashes, and lanes that change hands."""

import pytest
from hypothesis import event, given, strategies as some

from schemas.ids import EPOCH_MS, IDS_PER_LANE, MAX_SEQUENCE, shard_of, time_of
from streams.lane_sequence import LaneSequence, LaneSpent
from streams.lanes import Lease, free_lanes

NOW = EPOCH_MS + 1_000_000


@given(some.lists(some.tuples(some.integers(-50, 3), some.integers(0, 2), some.integers(1, 70)), max_size=40))
def test_no_id_comes_twice_whatever_the_clock_does(steps):
    """Kills: a sequence that starts anew when the clock goes back, and one that wraps around within a millisecond."""
    sequence, now, minted = LaneSequence(3, 0, NOW + 10**6), NOW, []
    for step, shard, wanted in steps:
        now += step
        event("back" if step < 0 else "on")
        for _ in range(wanted):
            id_ = sequence.mint(shard, now)
            if id_ is None:
                event("full")
                break
            assert shard_of(id_) == shard
            assert (id_ % MAX_SEQUENCE) // IDS_PER_LANE == 3
            minted.append(id_)
    assert len(set(minted)) == len(minted)
    times = [time_of(id_) for id_ in minted]
    assert times == sorted(times)


def test_a_full_millisecond_waits_for_the_next_one():
    sequence = LaneSequence(1, 0, NOW + 100)
    first = [sequence.mint(7, NOW) for _ in range(IDS_PER_LANE)]
    assert None not in first
    assert sequence.mint(7, NOW) is None
    assert sequence.mint(8, NOW) is not None
    assert time_of(sequence.mint(7, NOW + 1)) == NOW + 1


def test_after_a_step_back_the_time_of_ids_goes_on():
    sequence = LaneSequence(1, 0, NOW + 100)
    for _ in range(IDS_PER_LANE):
        sequence.mint(7, NOW)
    assert time_of(sequence.mint(7, NOW - 3_600_000)) == NOW + 1


def test_nothing_is_minted_at_or_above_the_watermark():
    sequence = LaneSequence(1, 0, NOW)
    assert sequence.mint(7, NOW - 1) is not None
    with pytest.raises(LaneSpent, match="below"):
        sequence.mint(7, NOW)
    sequence.extend(NOW + 1)
    assert time_of(sequence.mint(7, NOW)) == NOW


@given(
    some.lists(
        some.tuples(some.integers(-2_000, 2_000), some.integers(1, 500), some.integers(0, 80), some.booleans()), max_size=12
    )
)
def test_holders_of_one_lane_never_share_a_millisecond_whatever_their_clocks(holders):
    """Each holder starts at the last watermark in the log; after a crash that is the lease's, after a close what was used.

    Kills: a holder that trusts its own clock instead of the floor, and a close that gives back a millisecond that was used.
    """
    floor, minted = 0, []
    for skew, lease_ms, wanted, closes in holders:
        clock = NOW + skew
        watermark = max(clock, floor) + lease_ms
        sequence = LaneSequence(5, floor, watermark)
        for n in range(wanted):
            try:
                id_ = sequence.mint(0, clock + n // 3)
            except LaneSpent:
                event("spent")
                break
            if id_ is not None:
                minted.append(id_)
        floor = sequence.next_free_ms if closes else watermark
        event("closed" if closes else "crashed")
    assert len(set(minted)) == len(minted)


def test_a_lane_is_free_once_its_watermark_is_past_and_sql_keeps_its_own():
    leases = {1: Lease(1, "a", NOW), 2: Lease(2, "b", NOW - 1)}
    free = free_lanes(leases, NOW)
    assert 0 not in free
    assert 1 not in free
    assert free[:2] == [2, 3]
    assert len(free) == 30
