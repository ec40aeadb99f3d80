"""What was read before and cannot have changed since: values of one agent, kept while it has not moved.

An agent that has not gone on reading has not written anything new, and how far it has read is in the snapshot that
freshness keeps. So a value that was read at the same positions is at least as new as the snapshot, and whoever waited for a
position until the snapshot had passed it sees no older value from here. A store that was lost and restored comes back at the
same positions, so which stores and builds the agent speaks of belongs to the stamp too.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from api.freshness import Freshness
from api.positions import AgentProgress, Snapshot
from schemas.ids import shard_of

Value = TypeVar("Value")


class Stamp(NamedTuple):
    """From which Redis a value is, and how far its agent was, in which builds and stores. Equal ones are one object."""

    birth: str
    sources: object
    builds: object
    births: object
    requests: object


class Recall(Generic[Value]):
    """Values by id, each made by one agent on the partition that the id's shard belongs to."""

    def __init__(self, freshness: Freshness, agent: str, shards: int, partitions: int, size: int) -> None:
        self._freshness = freshness
        self._agent = agent
        self._shards = shards
        self._partitions = partitions
        self._size = size
        self._kept: dict[int, tuple[Stamp, Value]] = {}
        self._snapshot: Snapshot | None = None
        self._stamps: dict[int, Stamp] = {}
        self._newest: dict[int, Stamp] = {}

    def stamp(self, id_: int) -> Stamp | None:
        """Return how far the agent is with what this id belongs to; to be asked *before* reading what is kept under it."""
        snapshot = self._freshness.snapshot
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._stamps = {} if snapshot is None else self._stamps_of(snapshot)
            self._newest |= self._stamps
        return self._stamps.get(shard_of(id_) * self._partitions // self._shards)

    def get(self, id_: int) -> Value | None:
        """Return the value kept under an id, None when there is none or it may have changed."""
        kept = self._kept.get(id_)
        return None if kept is None or kept[0] is not self.stamp(id_) else kept[1]

    def keep(self, id_: int, stamp: Stamp | None, value: Value) -> None:
        """Keep a value that was read at a stamp; the one kept longest makes room."""
        if stamp is None:
            return
        if id_ not in self._kept and len(self._kept) >= self._size:
            del self._kept[next(iter(self._kept))]
        self._kept[id_] = (stamp, value)

    def _stamps_of(self, snapshot: Snapshot) -> dict[int, Stamp]:
        said = ((partition, each) for (agent, partition), each in snapshot.progress.items() if agent == self._agent)
        return {partition: self._stamp(partition, each, snapshot.birth) for partition, each in said}

    def _stamp(self, partition: int, each: AgentProgress, birth: str) -> Stamp:
        made = Stamp(birth, each.sources, each.builds, each.births, each.requests)
        known = self._newest.get(partition)
        return known if known == made else made
