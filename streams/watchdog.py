"""Finds consumers that look alive and do nothing: behind and not moving, or no longer hearing from the broker."""

from collections.abc import Mapping
from typing import NamedTuple

Place = tuple[str, str, int]


class Sight(NamedTuple):
    """What is seen of one (agent, topic, partition): its position, the signs of life within a batch (events appended, lazy rows
    written), the end of the partition, and the Unix time in ms at which that end was heard."""

    position: int
    signs: int
    end: int
    heard_ms: float


class Watchdog:
    """Looks again and again, and says which place has stood still for too long while records wait."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._moved: dict[Place, tuple[tuple[int, int], float]] = {}

    def look(self, seen: Mapping[Place, Sight], now: float, now_ms: float) -> str | None:
        """Return what stands still, in words, or None; `now` is a monotonic clock in seconds, `now_ms` the Unix time in ms."""
        for gone in set(self._moved) - set(seen):
            del self._moved[gone]
        for place, sight in seen.items():
            # One batch may be minutes of work: an effect appends events as it goes, a delivery to many takes row after row.
            done = (sight.position, sight.signs)
            before, since = self._moved.get(place, (None, now))
            agent, topic, partition = place
            if done != before or sight.position >= sight.end:
                # The clock runs from when there was something to do.
                self._moved[place] = (done, now)
            elif now - since > self._stall_seconds:
                behind = f"for {now - since:.0f} s, {sight.end - sight.position} behind"
                return f"{agent} has stood at {topic}[{partition}]@{sight.position} {behind}"
            silent = (now_ms - sight.heard_ms) / 1000
            if sight.position >= sight.end and silent > self._stall_seconds:
                return f"nothing was heard from {topic}[{partition}] for {silent:.0f} s"
        return None
