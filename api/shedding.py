"""Work beyond what one process can carry is refused at once: requests, bytes of uploads, writes to a log that is away.

A refusal costs microseconds, so that those who are being answered do not suffer from those who cannot be. What is refused
is told when to come again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from api.problems import RETRY_AFTER_SECONDS, Problem, unavailable
from schemas.events import Event
from streams.producer import Appended, Log, LogUnavailable

# The log counts as away when an append failed, or has been waited for so long while none came through. Writes are refused
# then; after a pause one of them is let through to see.
SLOW_SECONDS = 1.5
PAUSE_SECONDS = 1.0
LOOK_SECONDS = 2.0


class LookedAt(Log, Protocol):
    """A log that can be looked at without writing: `streams.producer.Producer`."""

    async def look(self, timeout_seconds: float) -> None:
        """`LogUnavailable` when no broker answers in time."""


class Load:
    """How much one process carries, and the most that it may. Of one event loop, so without a lock."""

    def __init__(self, requests: int, upload_bytes: int) -> None:
        self.requests_most = requests
        self.upload_bytes_most = upload_bytes
        self.requests = 0
        self.upload_bytes = 0

    def take_upload(self, size: int) -> None:
        """Make room in memory for a body of so many bytes; 503 when there is none."""
        if self.upload_bytes + size > self.upload_bytes_most:
            raise unavailable("Too many pictures are coming in at once; send it again in a moment.")
        self.upload_bytes += size

    def drop_upload(self, size: int) -> None:
        """Give the room back."""
        self.upload_bytes -= size


def too_busy() -> Problem:
    """Return the 503 for a request that finds all places taken."""
    return unavailable("Too many requests are under way; try again in a moment.")


class Fuse:
    """A log that fails fast: while the one behind it is away, nobody waits for it but the one who looks after each pause."""

    def __init__(self, log: LookedAt, now_seconds: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._now_seconds = now_seconds
        # When each append under way began, the oldest first.
        self._under_way: dict[object, float] = {}
        self._came_through = now_seconds()
        self._blown_at: float | None = None
        self._looking: asyncio.Task | None = None

    def check(self) -> None:
        """503 at once while the log is away, but for one who tries after each pause."""
        wait = self.away_seconds()
        if wait is not None:
            raise unavailable(
                "The log cannot be written just now; try again in a moment.", max(RETRY_AFTER_SECONDS, round(wait))
            )

    def away_seconds(self) -> float | None:
        """Return in how many seconds it is worth trying again; None when it is now."""
        now = self._now_seconds()
        if self._blown_at is None:
            oldest = next(iter(self._under_way.values()), now)
            if now - max(oldest, self._came_through) < SLOW_SECONDS:
                return None
            self._blown_at = now
        # One at a time is let through: until its fate is known, there is nothing new to learn.
        wait = self._blown_at + PAUSE_SECONDS - now
        return None if wait <= 0 and not self._trying(now) else max(wait, 0.0)

    async def look(self) -> None:
        """`LogUnavailable` while no broker answers; those who ask meanwhile share one look."""
        if self.away_seconds() is not None:
            raise LogUnavailable("the log was away a moment ago")
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._log.look(LOOK_SECONDS), name="look at the log")
        await asyncio.shield(self._looking)

    def _trying(self, now: float) -> bool:
        return any(began > now - SLOW_SECONDS for began in self._under_way.values())

    async def append(self, event: Event) -> Appended:
        """Append one event; `LogUnavailable` at once while the log is away."""
        if self.away_seconds() is not None:
            raise LogUnavailable("the log was away a moment ago")
        mark = object()
        self._under_way[mark] = self._now_seconds()
        try:
            place = await self._log.append(event)
        except LogUnavailable:
            # One partition may be away alone: then others come through, and nobody is held off.
            if self._came_through <= self._under_way[mark]:
                self._blown_at = self._now_seconds()
            raise
        finally:
            del self._under_way[mark]
        self._came_through, self._blown_at = self._now_seconds(), None
        return place
