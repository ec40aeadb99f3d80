"""How far the projections are, seen from the API: one background look at what agents publish, shared by all who wait.

With it comes the birth id of the Redis that says so: reads of Redis are believed while it answers with that one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from api.heard import Heard
from api.positions import AgentProgress, Position, Snapshot, Walk
from projections.away import StoreAway
from projections.witnessed import NOBODY

log = logging.getLogger("darkroom.api.freshness")

IDLE_SECONDS = 0.1
# Ten looks of 1 ms each within a hop: what a reader who waits loses at most.
WAITED_FOR_SECONDS = 0.01
# Each look is three tries over a third of a second; after so many failures Redis is away, and the snapshot too old.
FORGET_AFTER_FAILURES = 2


class Look(Protocol):
    """What one look found: the birth id of Redis (None: it has none), and all progress (`projections.progress.Look`)."""

    birth: str | None
    records: Sequence[AgentProgress]


class Believed(Protocol):
    """The Redis that is read, and believed while it has this birth id (`projections.witnessed.WitnessedRedis`)."""

    birth: str | None


ReadProgress = Callable[[], Awaitable[Look]]


class Freshness:
    """Keeps the newest `Snapshot`, and wakes those who wait when there is another one."""

    def __init__(self, read_progress: ReadProgress, derived: frozenset[str], redis: Believed) -> None:
        self._read_progress = read_progress
        self._derived = derived
        self._redis = redis
        self.heard = Heard()
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._changed = asyncio.Event()
        self._task: asyncio.Task | None = None
        self.snapshot: Snapshot | None = None

    async def start(self) -> None:
        """Look once, then keep looking until `stop`."""
        await self._look_safely()
        self._task = asyncio.create_task(self._keep_looking(), name="freshness")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def wait(self, position: Position, writers: Iterable[str], timeout_seconds: float) -> bool:
        """Return whether all rows of these agents have passed a position, waiting for it up to a time (0: look only)."""
        return not position or await self.until(Walk(position, writers).passed, timeout_seconds)

    async def until(self, holds: Callable[[Snapshot], bool], timeout_seconds: float) -> bool:
        """Return whether something holds of the newest snapshot, waiting for such a one up to a time (0: look only)."""
        if self.snapshot is not None and holds(self.snapshot):
            return True
        if timeout_seconds <= 0:
            return False
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(timeout_seconds):
                while True:
                    await self._changed.wait()
                    if self.snapshot is not None and holds(self.snapshot):
                        return True
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1

    async def _keep_looking(self) -> None:
        failures = 0
        while True:
            if self._waiting:
                await asyncio.sleep(WAITED_FOR_SECONDS)
            else:
                self._wanted.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), IDLE_SECONDS)
            failures = 0 if await self._look_safely() else failures + 1
            if failures >= FORGET_AFTER_FAILURES:
                self._forget()

    async def _look_safely(self) -> bool:
        try:
            await self._look()
        except (StoreAway, OSError, TimeoutError) as problem:
            if self.snapshot is not None:
                log.warning("progress cannot be read, waiting readers are told that they are stale: %s", problem)
            return False
        return True

    async def _look(self) -> None:
        found = await self._read_progress()
        if (birth := found.birth) is None:
            if self.snapshot is not None:
                log.warning("Redis was emptied; PostgreSQL answers until it is restored")
            self._forget()
            return
        progress = {(each.agent, each.partition): each for each in found.records}
        back = self.heard.hear(progress, birth)
        # Both from one moment to the next: whoever asked before hears that the store is another one.
        self._redis.birth = birth
        self.snapshot = Snapshot(progress, self._derived, birth, back)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _forget(self) -> None:
        """Know nothing more of Redis, and believe nothing that it says."""
        self.snapshot = None
        self._redis.birth = NOBODY
