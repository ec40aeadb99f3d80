"""Leases of id lanes, kept in the control topic `lanes`: who may mint in a lane, and below which millisecond.

A lease record says {lane, holder, watermark_ms}. It is written in a transaction of the lane's own transactional id, so that
`init_transactions` of the next holder fences the one before: a renewal of the fenced one fails, and it stops at the watermark
it had. The next holder starts at the last watermark in the log. Two holders therefore never share a millisecond, whatever
their clocks say; clocks decide only how soon a lane counts as free.
"""

import json
import random
import time
from dataclasses import dataclass

from schemas.ids import LANES, SQL_LANE
from streams import kafka
from streams.fold import NeighbourAway

LANES_TOPIC = "lanes"
READ_SECONDS = 10.0


class LaneLost(Exception):
    """Another holder leased the lane; stop minting in it and lease another."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The last word on a lane: ids below `watermark_ms` may have been minted by `holder`."""

    lane: int
    holder: str
    watermark_ms: int


def read_leases(bootstrap: str) -> dict[int, Lease]:
    """Return the last lease record of each lane in the log.

    It reads uncommitted records too, on purpose: a record in the log, committed or not, was written by the holder of its time
    and is at least as high as anything that holder minted; and one open transaction elsewhere must not hide a lane's last word.
    """
    consumer = kafka.build_consumer(bootstrap, "read_uncommitted")
    leases: dict[int, Lease] = {}
    try:
        _, end = consumer.get_watermark_offsets(kafka.TopicPartition(LANES_TOPIC, 0), timeout=READ_SECONDS)
        consumer.assign([kafka.TopicPartition(LANES_TOPIC, 0, 0)])
        deadline = time.monotonic() + READ_SECONDS
        while end and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error():
                # The end, and what follows the last record before it is a transaction's marker.
                if message.error().code() == kafka.KafkaError._PARTITION_EOF:
                    return leases
                raise NeighbourAway(f"cannot read {LANES_TOPIC}[0]: {message.error().str()}")
            lease = json.loads(message.value())
            leases[lease["lane"]] = Lease(lease["lane"], lease["holder"], lease["watermark_ms"])
        if end:
            raise NeighbourAway(f"{LANES_TOPIC}[0] could not be read to its end within {READ_SECONDS:g} s")
        return leases
    except kafka.KafkaException as error:
        raise NeighbourAway(
            f"cannot read {LANES_TOPIC}[0] at {bootstrap}: {error}; was `streams topics create` run?"
        ) from error
    finally:
        consumer.close()


def free_lanes(leases: dict[int, Lease], now_ms: int) -> list[int]:
    """Return the lanes that nobody holds at a time in ms; a lane no one ever leased is free."""
    return [lane for lane in range(LANES) if lane != SQL_LANE and (lane not in leases or leases[lane].watermark_ms < now_ms)]


class LaneHold:
    """One lane, held by this process through its transactional producer."""

    def __init__(self, bootstrap: str, lane: int, holder: str) -> None:
        self.lane = lane
        self._holder = holder
        self._client = kafka.build_lane_producer(bootstrap, lane)
        self._call(self._client.init_transactions, READ_SECONDS)

    def write(self, watermark_ms: int) -> None:
        """Commit a new watermark. `LaneLost` when another holder has fenced this one; `NeighbourAway` when Kafka is."""
        lease = {"lane": self.lane, "holder": self._holder, "watermark_ms": watermark_ms}
        self._call(self._client.begin_transaction)
        self._call(self._client.produce, LANES_TOPIC, json.dumps(lease), str(self.lane), 0)
        self._call(self._client.commit_transaction, READ_SECONDS)

    def _call(self, work, *arguments) -> None:
        try:
            work(*arguments)
        except kafka.KafkaException as error:
            cause = error.args[0]
            if cause.fatal() or cause.code() in (kafka.KafkaError._FENCED, kafka.KafkaError.PRODUCER_FENCED):
                raise LaneLost(f"lane {self.lane} was leased by another holder: {cause.str()}") from error
            if cause.txn_requires_abort():
                self._client.abort_transaction(READ_SECONDS)
            raise NeighbourAway(f"the lease of lane {self.lane} could not be written: {cause.str()}") from error


def lease_lane(bootstrap: str, holder: str, now_ms, lease_ms: int) -> tuple[LaneHold, int, int]:
    """Lease any free lane; return it with its floor and watermark in ms. `now_ms` is the clock, called without arguments.

    Raises `NeighbourAway` when no lane is free: 31 processes mint already, or crashed less than a lease ago.
    """
    lanes = free_lanes(read_leases(bootstrap), now_ms())
    random.shuffle(lanes)  # Who starts at the same moment should not fence each other.
    for lane in lanes:
        hold = LaneHold(bootstrap, lane, holder)
        last = read_leases(bootstrap).get(lane)
        if last is not None and last.watermark_ms >= now_ms():
            continue  # Leased by another since we looked; we have fenced it, and it will find another lane as we do.
        floor = last.watermark_ms if last else 0
        watermark = max(now_ms(), floor) + lease_ms
        try:
            hold.write(watermark)
        except LaneLost:
            continue
        return hold, floor, watermark
    raise NeighbourAway(f"no id lane is free: {LANES - 1} are leased; one that crashed is free again after {lease_ms} ms")
