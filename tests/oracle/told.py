"""What the log says, as the oracle reads it: every record that can be decoded, each topic in the order of its keys."""

from typing import NamedTuple, Protocol

from schemas.codec import BadRecord
from schemas.events import Event


class Told(NamedTuple):
    """One event, where it stands in its partition, and when the log had it (Unix time in ms)."""

    offset: int
    appended_at: int
    event: Event


class ReadableLog(Protocol):
    """What the oracle needs of a log: `streams.memory.MemoryLog` has it."""

    partitions: int

    def read(self, topic: str, partition: int) -> list:
        """Return the raw records of a partition."""


def told(log: ReadableLog, topic: str) -> list[Told]:
    """Return a topic by partition, then offset: so the order of each key is kept, and nothing else may be read from it.

    What cannot be decoded was never said (I9).
    """
    found = []
    for partition in range(log.partitions):
        for record in log.read(topic, partition):
            try:
                event = log.codec.decoder.decode(record.value, topic)
            except BadRecord:
                continue
            found.append(Told(record.offset, record.timestamp, event))
    return found


def heard(log: ReadableLog, topic: str) -> list[Event]:
    """Return the derived events of a topic that count, by partition, then offset.

    An event is named by its cause (I5). Of one agent and partition each counts that was caused later than all before it: a
    repeat does not, nor what a zombie says after its successor has spoken.
    """
    found = []
    for partition in range(log.partitions):
        latest: dict[tuple[str, str], tuple[int, ...]] = {}
        for record in log.read(topic, partition):
            event = log.codec.decoder.decode(record.value, topic)
            agent, of, *cause = event.event_id.split("/")
            at = tuple(map(int, cause))
            if at > latest.get((agent, of), ()):
                latest[agent, of] = at
                found.append(event)
    return found
