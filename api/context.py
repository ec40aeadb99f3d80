"""What every call needs of the world, put together once in `__main__`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from api import positions
from api.auth import Tokens
from api.freshness import Freshness
from api.limits import Limits
from api.metrics import Metrics
from api.people import People
from api.relations import Relations
from api.remembered import Remembered
from api.shedding import Fuse, Load
from api.signing import Signer
from api.times import format_ms
from api.trust import Trust
from projections.catalog import PROJECTIONS
from projections.stores import Stores
from streams.producer import Edge, Objects


def now_ms() -> int:
    """Return the Unix time in ms."""
    return time.time_ns() // 1_000_000


class Seen(NamedTuple):
    """How far an answer reaches: its position, the header text of that, the time up to which it is complete."""

    position: positions.Position
    text: str
    as_of: str | None


@dataclass
class Context:
    """The stores, the edge and the settings of one API process."""

    stores: Stores
    edge: Edge
    objects: Objects
    freshness: Freshness
    tokens: Tokens
    people: People
    relations: Relations
    trust: Trust
    remembered: Remembered
    limits: Limits
    load: Load
    fuse: Fuse
    signer: Signer
    metrics: Metrics
    shards: int
    partitions: int
    trend_window_seconds: int
    gives_tokens: bool
    shown: dict[bytes, Any] = field(default_factory=dict)
    description: bytes = b"{}"
    now_ms: Callable[[], int] = now_ms
    wait_seconds: float = 2.0
    read_seconds: float = 4.0
    decision_seconds: float = 5.0
    _seen: dict[tuple[str, ...], tuple[positions.Snapshot, Seen]] = field(default_factory=dict)
    _writers: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def writers_of(self, projections: Iterable[str]) -> tuple[str, ...]:
        """Return the agents that write these projections, each once."""
        names = tuple(projections)
        known = self._writers.get(names)
        if known is None:
            found = {writer: None for each in PROJECTIONS if each.name in names for writer in each.writers}
            known = self._writers[names] = tuple(found)
        return known

    def seen(self, projections: tuple[str, ...]) -> Seen | None:
        """Return what answers made of these projections have seen by now; None when nobody can say. Kept per snapshot."""
        snapshot = self.freshness.snapshot
        if snapshot is None:
            return None
        known = self._seen.get(projections)
        if known is None or known[0] is not snapshot:
            known = self._seen[projections] = (snapshot, self._look(snapshot, projections))
        return known[1]

    def _look(self, snapshot: positions.Snapshot, projections: tuple[str, ...]) -> Seen:
        writers = self.writers_of(projections)
        position = positions.without_passed(positions.seen_position(snapshot, writers), snapshot, self.all_writers())
        until = positions.complete_until(snapshot, writers)
        return Seen(position, positions.format_position(position), None if until is None else format_ms(until))

    def all_writers(self) -> tuple[str, ...]:
        """Return every agent that writes any projection."""
        return self.writers_of(each.name for each in PROJECTIONS)
