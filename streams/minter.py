"""Minting ids: unique among all processes, across clock steps and crashes, without a coordinator on the path.

`streams.lane_sequence` has the arithmetic, `streams.lanes` the leases. A minter renews its lease in a thread of its own,
well ahead; when it cannot, it stops at its watermark and says so.
"""

import threading
import time
from collections.abc import Callable

from streams.fold import NeighbourAway
from streams.lane_sequence import LaneSequence, LaneSpent
from streams.lanes import LaneHold, LaneLost, lease_lane

LEASE_MS = 20_000
RENEW_SECONDS = 5.0
# A lane that could not be had is asked for again so soon.
AGAIN_SECONDS = 1.0
# A full millisecond is waited out in steps of this.
PAUSE_SECONDS = 0.0002


def wall_clock_ms() -> int:
    """Return the Unix time in ms."""
    return time.time_ns() // 1_000_000


class Minter:
    """Mints ids in one leased lane: 32 a millisecond and shard. Safe to share between threads.

    One that finds no lane when it begins mints nothing until it has one; it asks again and again.
    """

    def __init__(self, lease: Callable[[], tuple[LaneHold, int, int]], clock: Callable[[], int] = wall_clock_ms) -> None:
        self._lease = lease
        self._clock = clock
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._trouble: Exception | None = None
        self._hold: LaneHold | None = None
        self._sequence = LaneSequence(0, 0, 0)
        self._renew_once()
        self._thread = threading.Thread(target=self._renew, name="lane-lease", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, bootstrap: str, holder: str) -> "Minter":
        """Return a minter whose lane is leased through Kafka; blocks for tenths of a second, for seconds without Kafka."""
        return cls(lambda: lease_lane(bootstrap, holder, wall_clock_ms, LEASE_MS))

    @property
    def lane(self) -> int:
        """The lane that is minted in now."""
        return self._sequence.lane

    def mint(self, shard: int) -> int:
        """Return a new id of a shard (1 to 2 us; up to 1 ms when this millisecond is full).

        Raises `NeighbourAway` when there is no lane, or its lease ran out, because Kafka could not be reached.
        """
        while True:
            with self._lock:
                try:
                    id_ = self._sequence.mint(shard, self._clock())
                except LaneSpent as spent:
                    raise NeighbourAway(f"no id can be minted: {self._trouble or spent}; is Kafka up?") from spent
            if id_ is not None:
                return id_
            time.sleep(PAUSE_SECONDS)

    def close(self) -> None:
        """Give the lane back: its watermark becomes the first millisecond that was not used. Mints nothing afterwards."""
        self._closing.set()
        self._thread.join()
        with self._lock:
            last = self._sequence.next_free_ms
            self._sequence = LaneSequence(self._sequence.lane, last, 0)
            self._trouble = RuntimeError("the minter is closed")
        if self._hold is None:
            return
        try:
            self._hold.write(last)
        except (LaneLost, NeighbourAway):
            # The lease runs out by itself.
            return

    def _take_lane(self) -> None:
        hold, floor, watermark = self._lease()
        with self._lock:
            self._hold, self._sequence = hold, LaneSequence(hold.lane, floor, watermark)

    def _renew(self) -> None:
        while not self._closing.wait(RENEW_SECONDS if self._trouble is None else AGAIN_SECONDS):
            self._renew_once()

    def _renew_once(self) -> None:
        try:
            if self._trouble is None and self._hold is not None:
                self._extend()
            else:
                # A transaction that failed half-way cannot be taken up again; another lane can.
                self._take_lane()
            self._trouble = None
        except NeighbourAway as away:
            # Told to whoever mints once the watermark is reached; until then there is nothing to tell.
            self._trouble = away

    def _extend(self) -> None:
        watermark = max(self._clock(), self._sequence.next_free_ms) + LEASE_MS
        try:
            self._hold.write(watermark)
        except LaneLost:
            self._stop_lane()
            self._take_lane()
            return
        with self._lock:
            self._sequence.extend(watermark)

    def _stop_lane(self) -> None:
        with self._lock:
            self._sequence = LaneSequence(self._sequence.lane, self._sequence.next_free_ms, 0)
