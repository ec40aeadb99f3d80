"""Positions in the log as clients carry them, and the walk that says whether a projection has passed one.

A position is a set of places `topic.partition.next_offset`. A projection has passed it when every agent that it is made by
has read up to there, and has read what the agents before it made of that. Nothing here asks anybody: the walk is given
snapshots of what agents published (`streams.fold.Progress`, as JSON), one after the other, until nothing is owed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

# Topic and partition -> next offset. The text form joins the places with `~`, which no header needs quoted.
Position = dict[tuple[str, int], int]

# What a position that covers nothing says: an empty header would be lost on the way.
NOWHERE = "none"
MAX_CHARACTERS = 512
_PLACE = re.compile(r"([a-z_]{1,40})\.(\d{1,4})\.(\d{1,18})")


class Unreadable(ValueError):
    """The text is not one of our positions; the message says which part."""


def read_position(text: str) -> Position:
    """Return what a `Darkroom-After` header says: one position or several with commas; `Unreadable` when it is none."""
    position: Position = {}
    for part in text.split(","):
        part = part.strip()
        if part == NOWHERE:
            continue
        for place in part.split("~"):
            match = _PLACE.fullmatch(place)
            if match is None or not place.isascii():
                raise Unreadable(f"{place[:60]!r} is not a place; send back a Darkroom-Position header as it came")
            merge_into(position, {(match[1], int(match[2])): int(match[3])})
    return position


def format_position(position: Position) -> str:
    """Return the header text of a position, its places in order."""
    if not position:
        return NOWHERE
    return "~".join(f"{topic}.{partition}.{offset}" for (topic, partition), offset in sorted(position.items()))


def merge_into(position: Position, other: Position) -> Position:
    """Make a position cover another one too, and return it."""
    for place, offset in other.items():
        if position.get(place, -1) < offset:
            position[place] = offset
    return position


class AgentProgress(Protocol):
    """How far one agent has come on one partition: `streams.fold.Progress` as the projections' reader gives it back."""

    agent: str
    partition: int
    sources: Mapping[str, int]
    ends: Mapping[str, int]
    complete_until: Mapping[str, int]
    emitted: Mapping[str, Mapping[int, int]]
    builds: Mapping[str, int]
    births: Mapping[str, str]
    requests: Mapping[str, int]


@dataclass(frozen=True)
class Snapshot:
    """All that agents had published at one moment, by agent and partition.

    `derived` are the topics that agents make from others: the walk follows these only, since an effect that appends to a
    topic of the edge (a resized variant) may be minutes away and is nobody's repeat. `birth` is the Redis that said so,
    `back` who is less far than before.
    """

    progress: Mapping[tuple[str, int], AgentProgress]
    derived: frozenset[str]
    birth: str = ""
    back: frozenset[tuple[str, int]] = frozenset()
    reads: dict[str, frozenset[str]] = field(init=False)
    emits: dict[str, frozenset[str]] = field(init=False)
    _relevant: dict[tuple[str, ...], frozenset[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        reads: dict[str, set[str]] = {}
        emits: dict[str, set[str]] = {}
        for (agent, _), progress in self.progress.items():
            reads.setdefault(agent, set()).update(progress.sources)
            emits.setdefault(agent, set()).update(topic for topic in progress.emitted if topic in self.derived)
        object.__setattr__(self, "reads", {agent: frozenset(topics) for agent, topics in reads.items()})
        object.__setattr__(self, "emits", {agent: frozenset(topics) for agent, topics in emits.items()})

    def relevant(self, writers: Iterable[str]) -> frozenset[str]:
        """Return the agents that the writers' rows depend on: themselves, and who makes the derived topics they read."""
        asked = tuple(writers)
        if (known := self._relevant.get(asked)) is not None:
            return known
        found: set[str] = set()
        waiting = list(asked)
        while waiting:
            agent = waiting.pop()
            if agent not in found:
                found.add(agent)
                wanted = self.reads.get(agent, frozenset())
                waiting.extend(other for other, made in self.emits.items() if made & wanted)
        self._relevant[asked] = frozenset(found)
        return self._relevant[asked]


class Walk:
    """What is still owed before everything up to a position has reached the rows of some writers.

    A debt (agent, topic, partition, offset) that is paid at a snapshot becomes debts at the offsets which that agent had
    emitted *then*: they are kept, so that a busy log does not move the goal.
    """

    def __init__(self, position: Position, writers: Iterable[str]) -> None:
        self.writers = tuple(writers)
        self.places = [(topic, partition, offset) for (topic, partition), offset in position.items()]
        self.owed: set[tuple[str, str, int, int]] | None = None

    def passed(self, snapshot: Snapshot) -> bool:
        """Pay what this snapshot shows as done; return whether nothing is owed. An agent never heard of owes all."""
        relevant = snapshot.relevant(self.writers)
        if self.owed is None:
            if any(writer not in snapshot.reads for writer in self.writers):
                return not self.places
            self.owed = set()
            self._owe(self.places, snapshot, relevant)
        before: set[tuple[str, str, int, int]] = set()
        while self.owed and self.owed != before:
            before = set(self.owed)
            for debt in before:
                self._pay(debt, snapshot, relevant)
        return not self.owed

    def _owe(self, places: Iterable[tuple[str, int, int]], snapshot: Snapshot, relevant: frozenset[str]) -> None:
        assert self.owed is not None
        for topic, partition, offset in places:
            for agent in relevant:
                if topic in snapshot.reads.get(agent, frozenset()):
                    self.owed.add((agent, topic, partition, offset))

    def _pay(self, debt: tuple[str, str, int, int], snapshot: Snapshot, relevant: frozenset[str]) -> None:
        agent, topic, partition, offset = debt
        progress = snapshot.progress.get((agent, partition))
        if progress is None or progress.sources.get(topic, 0) < offset:
            return
        self.owed.discard(debt)
        made = [
            (derived, target, until)
            for derived, by_partition in progress.emitted.items()
            if derived in snapshot.derived
            for target, until in by_partition.items()
        ]
        self._owe(made, snapshot, relevant)


def without_passed(position: Position, snapshot: Snapshot, writers: Iterable[str]) -> Position:
    """Return the places of a position that some projection has not passed yet."""
    writers = tuple(writers)
    return {place: offset for place, offset in position.items() if not Walk({place: offset}, writers).passed(snapshot)}


def seen_position(snapshot: Snapshot, writers: Iterable[str]) -> Position:
    """Return how far the writers' rows reach into the topics of the edge: what an answer made of them has seen."""
    relevant = snapshot.relevant(writers)
    seen: Position = {}
    for (agent, partition), progress in snapshot.progress.items():
        if agent in relevant:
            for topic, offset in progress.sources.items():
                if topic not in snapshot.derived and offset:
                    merge_into(seen, {(topic, partition): offset})
    return seen


def complete_until(snapshot: Snapshot, writers: Iterable[str]) -> int | None:
    """Return the event time in ms up to which the writers' rows are complete; None when a writer was never heard of."""
    relevant = snapshot.relevant(writers)
    if not relevant or any(agent not in snapshot.reads for agent in relevant):
        return None
    times = [
        until
        for (agent, _), progress in snapshot.progress.items()
        if agent in relevant
        for until in progress.complete_until.values()
    ]
    return min(times, default=None)
