"""Three brokers, of which one after the other is killed while events are written: what was acknowledged is in the log, once.

The nodes are the test's own, in a directory that is gone afterwards. Kills: one copy of each record, an acknowledgement by
one broker, a leader that lacks records, a producer that sends again without a number.
"""

import asyncio
import itertools
import os
import sys
import threading
import time
from collections import Counter

import pytest

from schemas.codec import open_codec
from schemas.events import LikeChanged, LikeKind
from schemas.ids import compose_id
from streams.frames import frame_decoder
from streams.kafka import build_consumer
from streams.lanes import LaneHold, read_leases
from streams.producer import Producer, SyncProducer
from streams.replay import Replay, pin
from streams.selection import Selection
from streams.topics import create_topics
from tests.integration.brokers import NODES, Brokers
from tests.integration.workers import until

pytestmark = pytest.mark.stack
# Within the tests' own block of ports, above what the other stacks in it use.
PORT_BASE = int(os.environ.get("DARKROOM_PORT_BASE") or 28500) + 330
EVENTS = 200_000
BATCH = 250
PARTITIONS, SHARDS = 8, 64
# Longer than any stall that is allowed for, so that nothing is given up and the log must hold exactly what was written.
PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def brokers(tmp_path_factory):
    three = Brokers(tmp_path_factory.mktemp("brokers"), PORT_BASE)
    try:
        three.start(*NODES)
        three.wait_ready(*NODES)
        create_topics(three.bootstrap, PARTITIONS, three.settings.replicas)
        yield three
    finally:
        three.kill_all()


class Writing(threading.Thread):
    """Something that is done again and again until it is told to stop; notes when each time ended, and what went wrong."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.ended: list[float] = []
        self.failures: list[str] = []
        self.stopping = False

    def run(self) -> None:
        try:
            self.write()
        except Exception as failure:
            self.failures.append(f"{self.name}: {failure!r}")

    def write(self) -> None:
        raise NotImplementedError

    def longest_pause(self) -> float:
        """Return the longest time in seconds between two acknowledgements."""
        return max((after - before for before, after in itertools.pairwise(self.ended)), default=0.0)


class Awaiting(Writing):
    """Likes through the asynchronous producer, in four calls at once, and between them claims of a partition."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__("Producer")
        self._brokers = bootstrap
        self.acknowledged: list[str] = []
        self.epochs: list[int] = []

    def write(self) -> None:
        asyncio.run(self._write())

    async def _write(self) -> None:
        producer = Producer(self._brokers, SHARDS, PARTITIONS, timeout_seconds=PATIENCE_SECONDS)
        try:
            await asyncio.gather(self._claim(producer), *[self._append(producer, f"a{lane}") for lane in range(4)])
        finally:
            await producer.close()

    async def _append(self, producer: Producer, lane: str) -> None:
        for first in itertools.count(0, BATCH):
            if self.stopping:
                return
            events = likes(lane, first)
            await producer.append_many(events)
            self.acknowledged += [event.event_id for event in events]
            self.ended.append(time.monotonic())

    async def _claim(self, producer: Producer) -> None:
        while not self.stopping:
            self.epochs.append(await producer.claim("count", 0))
            await asyncio.sleep(0.05)


class Waiting(Writing):
    """Likes through the producer for scripts."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__("SyncProducer")
        self._brokers = bootstrap
        self.acknowledged: list[str] = []

    def write(self) -> None:
        with SyncProducer(self._brokers, SHARDS, PARTITIONS, timeout_seconds=PATIENCE_SECONDS) as producer:
            for first in itertools.count(0, BATCH):
                if self.stopping:
                    return
                events = likes("s", first)
                producer.append_many(events)
                self.acknowledged += [event.event_id for event in events]
                self.ended.append(time.monotonic())


class Leasing(Writing):
    """One id lane, whose lease is renewed in a transaction each time."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__("LaneHold")
        self._hold = LaneHold(bootstrap, 30, "a minter")
        self.watermark = 0

    def write(self) -> None:
        while not self.stopping:
            self._hold.write(self.watermark + 1)
            self.watermark += 1
            self.ended.append(time.monotonic())


def likes(lane: str, first: int) -> list[LikeChanged]:
    """Return the next likes of a writer, each with a name of its own, of photos in every partition."""
    return [
        LikeChanged(
            event_id=f"{lane}-{n}", occurred_at=1_700_000_000_000, actor_id=n, source="test",
            photo_id=compose_id(1_700_000_000_000, n % SHARDS, n % 1_024), kind=LikeKind.LIKED,
        )
        for n in range(first, first + BATCH)
    ]  # fmt: skip


def in_the_log(bootstrap: str) -> Counter:
    """Return how often each event stands in the log of likes, by its name."""
    consumer = build_consumer(bootstrap)
    selection = Selection("likes")
    replay = Replay(consumer, selection, pin(consumer, selection), frame_decoder(open_codec().decoder))
    found = Counter()
    for piece in replay.pieces():
        found.update(piece.rows["event_id"].to_list())
    consumer.close()
    assert not replay.dead
    return found


def test_nothing_acknowledged_is_lost_or_doubled_when_a_broker_is_killed_and_then_the_active_controller(brokers, capsys):
    awaiting, waiting, leasing = Awaiting(brokers.bootstrap), Waiting(brokers.bootstrap), Leasing(brokers.bootstrap)
    writers = (awaiting, waiting, leasing)

    def written() -> int:
        assert not [failure for writer in writers for failure in writer.failures]
        return len(awaiting.acknowledged) + len(waiting.acknowledged)

    def goes_on(until_there_are: int) -> None:
        begun = [len(writer.ended) for writer in writers]
        until(lambda: written() >= until_there_are, f"{until_there_are:,} events")
        until(lambda: all(len(w.ended) > n for w, n in zip(writers, begun, strict=True)), "everyone goes on")

    for writer in writers:
        writer.start()
    goes_on(until_there_are=40_000)
    pauses = []
    for which in ("a broker", "the active controller"):
        leader = brokers.controller()
        node = leader if which == "the active controller" else leader % 3 + 1
        for writer in writers:
            writer.ended = writer.ended[-1:]
        brokers.kill(node)
        goes_on(until_there_are=written() + 40_000)
        pauses.append((which, node, [(writer.name, writer.longest_pause()) for writer in writers]))
        brokers.start(node)
        brokers.wait_ready(*NODES)
    goes_on(until_there_are=EVENTS)
    for writer in writers:
        writer.stopping = True
    for writer in writers:
        writer.join(PATIENCE_SECONDS)
    total = written()

    found = in_the_log(brokers.bootstrap)
    assert found == Counter(awaiting.acknowledged + waiting.acknowledged)
    assert set(found.values()) == {1}
    assert awaiting.epochs == sorted(set(awaiting.epochs))
    assert read_leases(brokers.bootstrap)[30].watermark_ms == leasing.watermark
    with capsys.disabled():
        for which, node, longest in pauses:
            told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in longest)
            sys.stdout.write(f"\nkilled {which} (node {node}): longest pause of {told}")
        counted = f"{len(awaiting.epochs)} claims, {leasing.watermark} lane leases"
        sys.stdout.write(f"\n{total:,} events acknowledged, 0 lost, 0 doubled; {counted}\n")
