"""How a fetch waits at the broker: for the first record while few come, for many or a moment while many do.

Answering every record at once costs most of a core at a thousand records a second; gathering for 10 ms costs a hundred fetches
a second while nothing happens. So the fetches that brought something are counted, half a second at a time. No clock in here.
"""

from typing import NamedTuple


class FetchWait(NamedTuple):
    """When the broker answers a fetch: at so many bytes, or after so many ms."""

    min_bytes: int
    max_wait_ms: int


AT_ONCE = FetchWait(1, 200)
GATHERED = FetchWait(64 * 1024, 10)

WINDOW_SECONDS = 0.5
# 50 fetches with records a second are half of what gathering allows, so that the two do not alternate at every window.
MANY_IN_WINDOW = 25


class Pace:
    """Counts fetches and says how the next one waits."""

    def __init__(self) -> None:
        self._since = 0.0
        self._fetches = 0
        self._wait = AT_ONCE

    def after(self, brought: bool, now: float) -> FetchWait:
        """Return how the next fetch waits, after one that brought records or none, at a monotonic time in seconds."""
        if now - self._since >= WINDOW_SECONDS:
            self._wait = GATHERED if self._fetches > MANY_IN_WINDOW and now - self._since < 2 * WINDOW_SECONDS else AT_ONCE
            self._since, self._fetches = now, 0
        self._fetches += brought
        if self._fetches > MANY_IN_WINDOW:
            self._wait = GATHERED
        return self._wait
