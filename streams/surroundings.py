"""What a batch loop needs of the world around it, and what it counts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.crash_points import Hook, pass_by
from streams.decoding import BatchDecoder
from streams.fold import NeighbourAway, Overtaken, Sink, State
from streams.producer import Log


class KeptState(State, Protocol):
    """A state whose changes are kept, dropped, wiped: `streams.state`."""

    def commit(self) -> None:
        """Keep every change since the last commit, in one step."""

    def forget(self) -> None:
        """Drop every change since the last commit."""

    def wipe(self) -> None:
        """Forget everything, kept or not."""

    def close(self) -> None:
        """Drop what was not committed and let go."""


@dataclass(frozen=True)
class Patience:
    """How long neighbours are waited for, and how many dead letters in a row are still poison and not our mistake."""

    pauses_seconds: tuple[float, ...] = (0.1, 0.3, 1.0, 2.0, 4.0)
    dead_letters_in_a_row: int = 1_000


@dataclass
class Counts:
    """What one loop has done, for metrics. `rows` are those that were lazy or printed again: they are signs of life."""

    batches: int = 0
    records: int = 0
    repeats: int = 0
    dead_letters: int = 0
    events: int = 0
    retries: int = 0
    flushes: int = 0
    rows: int = 0

    @property
    def signs(self) -> int:
        """What moves while one long batch is worked on: events of an effect, rows of a delivery to very many."""
        return self.events + self.rows


@dataclass(frozen=True)
class Surroundings:
    """What a loop needs of the world.

    `claim` gives an ownership epoch; `ends` the end of a topic's partition and its time; `at` is told of each durable boundary.
    Of one batch's events at most `events_at_once` are in memory, and on their way to the log.
    """

    decoder: BatchDecoder
    sink: Sink
    log: Log
    claim: Callable[[str, int], Awaitable[int]]
    ends: Callable[[str, int], tuple[int, int] | None]
    patience: Patience = field(default_factory=Patience)
    at: Hook = pass_by
    events_at_once: int = 2_000


async def patiently(patience: Patience, counts: Counts, attempt: Callable[[], Awaitable]) -> Any:
    """Await an attempt, again after growing pauses while a neighbour is away; then raise its `NeighbourAway`."""
    for pause in patience.pauses_seconds:
        try:
            return await attempt()
        except Overtaken:
            raise
        except NeighbourAway:
            counts.retries += 1
            await asyncio.sleep(pause)
    return await attempt()
