"""The arithmetic of minting: which id comes next in one lane, whatever the clock does. No clock, no I/O.

An id is free when its millisecond is at or above the lane's floor and below its watermark, and its sequence was not used in
that millisecond and shard. Time never goes back: after a clock step back the last millisecond goes on.
"""

from schemas.ids import IDS_PER_LANE, LANES, compose_id


class LaneSpent(Exception):
    """The next id would stand at or above the lane's watermark; the lease must be renewed first."""


class LaneSequence:
    """Ids of one lane, 32 a millisecond and shard. From `floor_ms` on, and below `watermark_ms`."""

    def __init__(self, lane: int, floor_ms: int, watermark_ms: int) -> None:
        if not 0 <= lane < LANES:
            raise ValueError(f"lane {lane} is not in 0..{LANES - 1}")
        self.lane = lane
        self.watermark_ms = watermark_ms
        self._first = lane * IDS_PER_LANE
        self._now = floor_ms
        self._used: dict[int, int] = {}

    @property
    def next_free_ms(self) -> int:
        """The first millisecond in which this sequence has surely minted nothing."""
        return self._now + 1 if self._used else self._now

    def mint(self, shard: int, now_ms: int) -> int | None:
        """Return the next id of a shard at a clock's time in ms, or None: this millisecond is full, ask again in the next.

        When the clock stands behind the last id, waiting for it could take hours; then the next millisecond is taken at once.
        Raises `LaneSpent` at the watermark and ValueError when the shard does not exist.
        """
        if now_ms > self._now:
            self._advance(now_ms)
        used = self._used.get(shard, 0)
        if used == IDS_PER_LANE:
            if now_ms == self._now:
                return None
            self._advance(self._now + 1)
            used = 0
        if self._now >= self.watermark_ms:
            raise LaneSpent(f"lane {self.lane} may mint below {self.watermark_ms} ms only; the clock says {now_ms}")
        id_ = compose_id(self._now, shard, self._first + used)
        self._used[shard] = used + 1
        return id_

    def extend(self, watermark_ms: int) -> None:
        """Raise the watermark, after it was committed; it is never lowered."""
        self.watermark_ms = max(self.watermark_ms, watermark_ms)

    def _advance(self, now_ms: int) -> None:
        self._now = now_ms
        self._used.clear()
