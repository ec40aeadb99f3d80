"""Where an event goes: its topic, partition and key, by the catalogue of topics alone."""

from typing import NamedTuple

from schemas.catalog import topic_of
from schemas.events import Event
from schemas.ids import partition_of


class Placement(NamedTuple):
    """The topic, partition and key of one event; a key of None is none, as only others write it."""

    topic: str
    partition: int
    key: bytes | None


class Placer:
    """Places events for a cluster of so many shards and partitions; remembers which topic holds which type."""

    def __init__(self, shards: int, partitions: int) -> None:
        self._shards = shards
        self._partitions = partitions
        self._topics: dict[type[Event], object] = {}

    def place(self, event: Event) -> Placement:
        """Return where an event goes; KeyError when no topic holds its type, ValueError when its shard is not in use."""
        event_type = type(event)
        topic = self._topics.get(event_type)
        if topic is None:
            topic = self._topics[event_type] = topic_of(event_type)
        partition = partition_of(topic.shard(event, self._shards), self._shards, self._partitions)
        return Placement(topic.name, partition, topic.key(event).encode())
