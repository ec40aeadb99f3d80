"""Finds consumers that look alive and do nothing: behind and not moving, or no longer hearing from the broker."""

from collections.abc import Mapping

Place = tuple[str, str, int]


class Watchdog:
    """Looks at positions again and again, and says which one has stood still for too long while records wait."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._moved: dict[Place, tuple[int, float]] = {}

    def look(self, behind: Mapping[Place, tuple[int, tuple[int, float]]], now: float, now_ms: float) -> str | None:
        """Return what stands still, in words, or None.

        `behind` has for each (agent, topic, partition) its position, and the partition's end with the Unix time in ms at which
        that end was heard; `now` is a monotonic clock in seconds, `now_ms` the Unix time in ms.
        """
        for gone in set(self._moved) - set(behind):
            del self._moved[gone]
        for place, (position, (end, heard_ms)) in behind.items():
            before, since = self._moved.get(place, (-1, now))
            if position != before or position >= end:
                # The clock runs from when there was something to do.
                self._moved[place] = (position, now)
            elif position < end and now - since > self._stall_seconds:
                agent, topic, partition = place
                return f"{agent} has stood at {topic}[{partition}]@{position} for {now - since:.0f} s, {end - position} behind"
            if position >= end and now_ms - heard_ms > self._stall_seconds * 1000:
                return f"nothing was heard from {place[1]}[{place[2]}] for {(now_ms - heard_ms) / 1000:.0f} s"
        return None
