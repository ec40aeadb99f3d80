"""What a fold is: a pure function from a batch of records and a state to changes.

A fold reads no clock, no setting and no socket (I2). Live running, recovery, rebuild and replay call the same fold. Who
reads the log, keeps the state, writes the rows and appends the events is the runtime's work (`streams.batch_loop`).
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import polars

from schemas.events import Event


@dataclass(frozen=True, slots=True)
class Record:
    """One decoded record. `appended_at` is the broker's time in ms."""

    offset: int
    appended_at: int
    event: Event


@dataclass(frozen=True)
class Batch:
    """Records of one topic partition, in offset order, none of which the state has seen.

    Topics that the catalogue calls hot come as `columns` (the event's fields, and `offset` and `appended_at`), the others
    as `records`. `next_offset` is the position after the batch; offsets may have gaps.
    """

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    records: Sequence[Record] = ()
    columns: polars.DataFrame | None = None


class State(Protocol):
    """Keys and values of one agent and partition. Writes are seen at once, and kept only with the batch's position."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of many keys, in their order."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key."""

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Set many keys."""

    def delete(self, key: bytes) -> None:
        """Remove a key, if it is there."""

    def delete_many(self, keys: Iterable[bytes]) -> None:
        """Remove those of many keys that are there."""

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield items whose key starts with `prefix`, in key order, those after the key `after`, at most `limit`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that decoded but makes no sense; it is dead-lettered with its reason."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Caused:
    """An event to append, and the offset of the record that caused it. Its `event_id` is empty: the runtime names it."""

    offset: int
    event: Event


@dataclass
class Changes:
    """What a fold decided: rows by projection (absolute values), events to append, records to refuse.

    Rows and events may be lazy (from scans of the state), so that what is large passes in bounded memory. They are taken after
    the fold, the events after the rows, while the state stands still at the end of the batch; lazy ones say what is so then.
    Events stand in the order of the records that caused them.
    """

    rows: dict[str, Iterable[Any]] = field(default_factory=dict)
    events: Iterable[Caused] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


Fold = Callable[[Batch, State], Changes]
Flush = Callable[[State], Changes]
Effect = Callable[[Batch, State], AsyncIterator[Caused]]
# All rows of one projection that a state stands for; lazy, in bounded memory.
Reprint = Callable[[State, str], Iterable[Any]]


@dataclass(frozen=True)
class Agent:
    """One line of the agents' catalogue.

    An agent has a `fold`, or an `effect` (work on the outside that is safe to repeat, such as resizing, whose events are
    appended as they come). `flush` gives rows that may wait, called at most every `flush_seconds`. `sources` are topics;
    `writes` are projections; `emits` are topics. `max_records` bounds a batch. `reprint(state, projection)` yields every row of
    a projection that stands at the state's position, those that `flush` writes too. `state_version` grows with every change of
    what the state holds: a state of another version is not used.
    """

    name: str
    role: str
    sources: tuple[str, ...]
    fold: Fold | None = None
    effect: Effect | None = None
    flush: Flush | None = None
    writes: tuple[str, ...] = ()
    emits: tuple[str, ...] = ()
    max_records: int = 5_000
    reprint: Reprint | None = None
    state_version: int = 1


@dataclass(frozen=True, slots=True)
class Guard:
    """The place of a write: a store refuses a batch whose (epoch, number) is not above the one that it holds (I4).

    An agent with one source has epoch 0 and the batch's next offset as number; one with several sources numbers its batches
    under an ownership epoch from a fenced counter. `sources` is the position by topic after the batch.
    """

    agent: str
    partition: int
    epoch: int
    number: int
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one agent has come on one partition, published after each commit and once a second when idle.

    `sources`: next offset by topic. `complete_until`: by topic, the event time in ms up to which nothing is missing.
    `emitted`: by topic, then partition, the offset after the last event that the agent appended there.
    """

    agent: str
    partition: int
    sources: Mapping[str, int]
    ends: Mapping[str, int]
    complete_until: Mapping[str, int]
    emitted: Mapping[str, Mapping[int, int]]


class Owed(NamedTuple):
    """What a store does not hold whole for one agent and partition: a projection, in these shards (None: in all)."""

    projection: str
    shards: frozenset[int] | None = None


class Sink(Protocol):
    """Where rows go. `projections.writers` has the real one, tests a memory twin."""

    async def identities(self) -> dict[str, str]:
        """Return the birth id of each store, and builds and requests; another birth id means that the store was lost."""

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        """Write rows under the guard; a repeat changes nothing. Raises `NeighbourAway` when a store cannot be reached."""

    async def owed(self, agent: str, partition: int) -> Sequence[Owed]:
        """Return what was lost, or never written: a store says itself for whom it is whole, so nobody else need remember."""

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Write all rows of a projection, however many, and note that it is whole; `told` hears how many are written so far.

        The guard's epoch was claimed for this reprint: one that a later claim has overtaken is `Overtaken`.
        """

    async def publish(self, progress: Progress) -> None:
        """Make progress visible to readers."""


class NeighbourAway(Exception):
    """A store, a broker or the object store did not answer after bounded retries; exit and be restarted."""


class Overtaken(NeighbourAway):
    """Another worker has begun a later reprint of these rows, so they are its own now; exit at once, without another try."""


class InvariantBroken(Exception):
    """Darkroom itself is wrong; crash without acknowledging."""
