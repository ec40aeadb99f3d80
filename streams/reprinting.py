"""Prints again what stores owe an agent, from the agent's own state: a lost store is made whole without reading the log.

Nobody remembers here what was written where. Each store says itself for whom it is whole; what is not is printed when a
partition is opened, before anything is folded or published, so readers are told nothing that is not there.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from schemas.crash_points import CrashPoint
from streams.fold import Agent, Guard, Owed
from streams.ledger import Ledger
from streams.surroundings import Counts, KeptState, Surroundings, patiently

log = logging.getLogger("darkroom.reprint")

# What takes longer says how far it is, as often.
SAY_SECONDS = 2.0


class Reprinter:
    """Prints for one agent and partition. `place` gives the guard of the state's position under an epoch."""

    def __init__(
        self, agent: Agent, state: KeptState, around: Surroundings, counts: Counts, place: Callable[[int], Guard]
    ) -> None:
        self._agent = agent
        self._state = state
        self._around = around
        self._counts = counts
        self._place = place

    async def print_owed(self) -> None:
        """Print until nothing is owed. Raises `Overtaken` when another has begun later, `NeighbourAway` after some patience."""
        await patiently(self._around.patience, self._counts, self._once)

    async def _once(self) -> None:
        guard = self._place(0)
        owed = await self._around.sink.owed(guard.agent, guard.partition)
        if not owed:
            return
        # Each try under an epoch of its own: what a broken one has left on its way is refused.
        epoch = await self._around.claim(guard.agent, guard.partition)
        self._around.at(CrashPoint.AFTER_CLAIM)
        if self._agent.reprint is None:
            # It cannot print. From nothing, its fold prints what is missing; all that it wrote before is there already.
            self._state.wipe()
            # The version went with it. Without one it would be taken for the first, and wiped at each opening from now on.
            Ledger(self._state).set_state_version(self._agent.state_version)
            self._state.commit()
        guard = self._place(epoch)
        telling = Telling(f"{guard.agent}/{guard.partition}", self._counts)
        for one in owed:
            await self._around.sink.reprint(guard, one, self._rows(one), telling.of(one.projection))
        telling.end(owed)

    def _rows(self, owed: Owed) -> Iterable[Any]:
        return () if self._agent.reprint is None else self._agent.reprint(self._state, owed.projection)


class Telling:
    """Tells the log how far a reprint is, and how long it took; counts the rows, which are signs of life."""

    def __init__(self, who: str, counts: Counts) -> None:
        self._who = who
        self._counts = counts
        self._began = self._said = time.monotonic()
        self._before = 0
        self._rows = 0

    def of(self, name: str) -> Callable[[int], None]:
        """Return what hears of one projection how many rows are written so far."""
        self._before = self._rows

        def told(rows: int) -> None:
            self._counts.rows += self._before + rows - self._rows
            self._rows = self._before + rows
            now = time.monotonic()
            if now - self._said > SAY_SECONDS:
                self._said = now
                log.info("%s: reprinting %s: %s rows so far, %s/s", self._who, name, f"{rows:,}", self._rate(now))

        return told

    def end(self, owed: Sequence[Owed]) -> None:
        """Say what was printed, if anything was."""
        if self._rows:
            now = time.monotonic()
            names = " and ".join(one.projection for one in owed)
            log.info("%s: reprinted %s rows of %s in %.1f s", self._who, f"{self._rows:,}", names, now - self._began)

    def _rate(self, now: float) -> str:
        return f"{self._rows / max(now - self._began, 0.001):,.0f}"
