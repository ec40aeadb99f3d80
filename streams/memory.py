"""The log, a sink and the ownership counter in memory: twins for tests and simulations, deterministic to the byte."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from schemas.codec import Codec, open_codec
from schemas.crash_points import CrashPoint, Hook, pass_by
from schemas.events import Event
from streams.decoding import RawRecord
from streams.fold import Guard, NeighbourAway, Overtaken, Owed, Progress
from streams.placement import Placer
from streams.producer import Appended


class MemoryLog:
    """A log (`streams.producer.Log`) in memory. Its clock is the events' own: a record is appended when it occurred."""

    def __init__(self, shards: int = 64, partitions: int = 8, codec: Codec | None = None) -> None:
        self.shards = shards
        self.partitions = partitions
        self.codec = codec or open_codec()
        self._placer = Placer(shards, partitions)
        self._records: dict[tuple[str, int], list[RawRecord]] = defaultdict(list)
        self._claims = 0

    async def append(self, event: Event) -> Appended:
        """Append one event and return where it stands."""
        return self.put(event)

    async def append_many(self, events: Sequence[Event]) -> list[Appended]:
        """Append events and return where each stands."""
        return [self.put(event) for event in events]

    def put(self, event: Event) -> Appended:
        """Append one event, without awaiting."""
        topic, partition, key = self._placer.place(event)
        return self.put_raw(topic, partition, self.codec.encoder.encode(event), key, event.occurred_at)

    def put_raw(self, topic: str, partition: int, value: bytes | None, key: bytes | None = None, at_ms: int = 0) -> Appended:
        """Append any bytes to a partition, as a stock producer could."""
        records = self._records[topic, partition]
        timestamp = max(at_ms, records[-1].timestamp if records else 0)
        records.append(RawRecord(len(records), timestamp, key, value))
        return Appended(topic, partition, len(records) - 1)

    def read(self, topic: str, partition: int, start: int = 0, end: int | None = None) -> list[RawRecord]:
        """Return the records of a partition from offset `start` on, below `end`."""
        return self._records[topic, partition][start:end]

    def end(self, topic: str, partition: int) -> int:
        """Return the offset after the last record of a partition."""
        return len(self._records[topic, partition])

    def events(self, topic: str) -> list[Event]:
        """Return all events of a topic, by partition, then offset."""
        return [
            self.codec.decoder.decode(record.value, topic)
            for partition in range(self.partitions)
            for record in self._records[topic, partition]
        ]

    async def claim(self, agent: str, partition: int) -> int:
        """Return a new ownership epoch, higher than any before."""
        self._claims += 1
        return self._claims


class MemorySink:
    """A sink that remembers rows and refuses repeats as a store does; `away` makes the next so many writes fail.

    It owes what was written to it before it was lost, to each agent and partition that wrote it.
    """

    def __init__(self, at: Hook = pass_by) -> None:
        self.rows: dict[str, list[Any]] = defaultdict(list)
        self.guards: dict[tuple[str, int], tuple[int, int]] = {}
        self.progress: dict[tuple[str, int], Progress] = {}
        self.births = {"memory": "first"}
        self.away = 0
        self._at = at
        # By agent and partition: what it has written, and what of that is there. And the epoch of its last reprint.
        self._written: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._whole: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._epochs: dict[tuple[str, int, str], int] = {}

    async def identities(self) -> dict[str, str]:
        """Return the birth id of the one store."""
        return dict(self.births)

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        """Remember rows; a repeat changes nothing. Fails after using up the rows while it is `away`."""
        taken = {name: list(some) for name, some in rows.items()}
        self._fail_while_away()
        place = (guard.agent, guard.partition)
        if (guard.epoch, guard.number) <= self.guards.get(place, (-1, -1)):
            return
        self.guards[place] = (guard.epoch, guard.number)
        writer = (guard.agent.removesuffix(".flush"), guard.partition)
        for name, some in taken.items():
            self.rows[name] += some
            self._whole[writer] |= {name} - self._written[writer]
            self._written[writer].add(name)

    async def owed(self, agent: str, partition: int) -> Sequence[Owed]:
        """Return what this agent and partition wrote before the store was lost."""
        return [Owed(name) for name in sorted(self._written[agent, partition] - self._whole[agent, partition])]

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Remember rows one by one, each a chunk, while no later reprint has begun; then owe them no more."""
        writer, line = (guard.agent, guard.partition), (guard.agent, guard.partition, owed.projection)
        if guard.epoch <= self._epochs.get(line, 0):
            raise Overtaken(f"{line}: epoch {guard.epoch} is not above {self._epochs[line]}")
        self._epochs[line] = guard.epoch
        self.guards.pop(writer, None)
        for written, row in enumerate(rows, 1):
            self._fail_while_away()
            self._hold(line, guard.epoch)
            self.rows[owed.projection].append(row)
            told(written)
            self._at(CrashPoint.MID_REPRINT)
        self._at(CrashPoint.AFTER_REPRINT)
        self._hold(line, guard.epoch)
        self._whole[writer].add(owed.projection)

    def _hold(self, line: tuple[str, int, str], epoch: int) -> None:
        if self._epochs[line] != epoch:
            raise Overtaken(f"{line}: epoch {self._epochs[line]} has overtaken {epoch}")

    def _fail_while_away(self) -> None:
        if self.away:
            self.away -= 1
            raise NeighbourAway("the memory sink is away")

    async def publish(self, progress: Progress) -> None:
        """Remember the last progress of each agent and partition."""
        self.progress[progress.agent, progress.partition] = progress

    def lose(self) -> None:
        """Lose everything, as a store that was emptied would."""
        self.rows.clear()
        self.guards.clear()
        self._whole.clear()
        self._epochs.clear()
        self.births = {"memory": self.births["memory"] + "+"}
