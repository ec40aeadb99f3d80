"""A minter renews its lease ahead, leases another lane when it was fenced, and says why when it can mint no more."""

import threading
import time

import pytest

from schemas.ids import EPOCH_MS, IDS_PER_LANE, MAX_SEQUENCE, time_of
from streams import minter as minting
from streams.fold import NeighbourAway
from streams.lanes import LaneLost
from streams.minter import Minter

NOW = EPOCH_MS + 1_000_000
LEASE = 1_000


class Lane:
    """A hold on a lane in memory: remembers watermarks, can be fenced, can be away."""

    def __init__(self, lane: int) -> None:
        self.lane = lane
        self.watermarks: list[int] = []
        self.fails_with: Exception | None = None

    def write(self, watermark_ms: int) -> None:
        if self.fails_with:
            raise self.fails_with
        self.watermarks.append(watermark_ms)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def lanes(monkeypatch):
    monkeypatch.setattr(minting, "RENEW_SECONDS", 0.005)
    monkeypatch.setattr(minting, "LEASE_MS", LEASE)
    return [Lane(number) for number in range(1, 9)]


def opened(lanes: list[Lane], clock: Clock) -> Minter:
    taken = iter(lanes)
    return Minter(lambda: (next(taken), clock(), clock() + LEASE), clock)


def lane_of(id_: int) -> int:
    return id_ % MAX_SEQUENCE // IDS_PER_LANE


def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_the_lease_is_renewed_while_time_goes_on(lanes):
    clock = Clock()
    minter = opened(lanes, clock)
    for _ in range(5):
        clock.now += LEASE - 1
        until(lambda: lanes[0].watermarks and lanes[0].watermarks[-1] >= clock.now + LEASE)
        assert time_of(minter.mint(3)) == clock.now
    minter.close()


def test_closing_gives_the_lane_back_from_the_first_unused_millisecond(lanes):
    clock = Clock()
    minter = opened(lanes, clock)
    last = minter.mint(3)
    minter.close()
    assert lanes[0].watermarks[-1] == time_of(last) + 1
    with pytest.raises(NeighbourAway, match="the minter is closed"):
        minter.mint(3)


def test_a_fenced_minter_leases_another_lane(lanes):
    minter = opened(lanes, Clock())
    lanes[0].fails_with = LaneLost("lane 1 was leased by another holder")
    until(lambda: minter.lane == 2)
    assert lane_of(minter.mint(3)) == 2
    minter.close()


def test_a_minter_without_kafka_mints_up_to_its_watermark_and_then_says_why(lanes):
    clock = Clock()

    def no_lane():
        raise NeighbourAway("no broker")

    taken = iter([lambda: (lanes[0], NOW, NOW + LEASE)])
    minter = Minter(lambda: next(taken, no_lane)(), clock)
    lanes[0].fails_with = NeighbourAway("the lease of lane 1 could not be written: no broker")
    clock.now += LEASE - 1
    assert minter.mint(3)
    clock.now += 1
    with pytest.raises(NeighbourAway, match=r"no id can be minted: .*is Kafka up"):
        minter.mint(3)
    minter.close()


def test_a_minter_that_finds_no_lane_says_why_and_mints_as_soon_as_it_has_one(lanes, monkeypatch):
    monkeypatch.setattr(minting, "AGAIN_SECONDS", 0.005)
    clock, is_up = Clock(), threading.Event()

    def lease():
        if not is_up.is_set():
            raise NeighbourAway("no broker")
        return lanes[0], clock(), clock() + LEASE

    minter = Minter(lease, clock)
    with pytest.raises(NeighbourAway, match="no id can be minted: no broker"):
        minter.mint(3)
    is_up.set()
    until(lambda: minter.lane == 1)
    assert lane_of(minter.mint(3)) == 1
    minter.close()


def test_when_kafka_is_back_another_lane_is_taken(lanes):
    minter = opened(lanes, Clock())
    lanes[0].fails_with = NeighbourAway("no broker")
    until(lambda: minter.lane != 1)
    assert lane_of(minter.mint(3)) == minter.lane
    minter.close()


def test_threads_share_a_minter_without_sharing_ids(lanes):
    minter = Minter(lambda: (lanes[0], 0, NOW * 2))
    minted: list[list[int]] = [[] for _ in range(4)]

    def mint(into: list[int]) -> None:
        into.extend(minter.mint(3) for _ in range(300))

    threads = [threading.Thread(target=mint, args=(into,)) for into in minted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    minter.close()
    assert len({id_ for into in minted for id_ in into}) == 1_200
