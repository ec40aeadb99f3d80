"""Snapshots of states in memory through the real code: a database on disk, its checkpoint, the object store, and back."""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from schemas.crash_points import Hook
from schemas.object_keys import SNAPSHOTS, snapshots_prefix
from streams.fold import Agent
from streams.objects import Objects
from streams.overlay import RUNTIME_PREFIX
from streams.restoring import Restoring
from streams.snapshotting import Snapshots
from streams.state import MIB, Budget, MemoryState, StateStore
from streams.surroundings import Patience

CLUSTER = "simulation"


class Shelf:
    """Where states are put aside."""

    def __init__(self, objects: Objects, at: Hook) -> None:
        self._objects = objects
        self._at = at

    async def put(self, agent: Agent, partition: int, state: MemoryState) -> None:
        """Take a snapshot of what a state has committed."""
        with temporary() as directory:
            store = StateStore.open(Path(directory) / str(partition), Budget(MIB, MIB))
            try:
                store.put_many(items_of(state.reopened()))
                store.commit()
                snapshots = Snapshots(self._objects, CLUSTER, 1.0, self._at)
                snapshots.watch(agent, partition, store)
                await snapshots.take((agent.name, partition))
            finally:
                store.close()

    async def empty(self, agent: Agent, partition: int) -> None:
        """Lose every snapshot of a state."""
        for one in await self._objects.listing(SNAPSHOTS, snapshots_prefix(CLUSTER, agent.name, partition)):
            await self._objects.delete(SNAPSHOTS, one.key)

    async def get(self, agent: Agent, partition: int, end: Callable[[str, int], int]) -> MemoryState | None:
        """Bring the newest state back, or None."""

        async def ends(partition: int, topics: Iterable[str]) -> Mapping[str, int]:
            return {topic: end(topic, partition) for topic in topics}

        with temporary() as directory:
            restoring = Restoring(self._objects, CLUSTER, ends, Patience(pauses_seconds=()), self._at)
            restored = await restoring.fetch_newest(agent, partition, Path(directory) / str(partition))
            if restored is None:
                return None
            store = StateStore.open(restored.directory, Budget(MIB, MIB))
            try:
                return MemoryState(dict(items_of(store)))
            finally:
                store.close()


def temporary() -> tempfile.TemporaryDirectory:
    """Return a directory for a while; threads of who died in it may still write there when it is deleted."""
    return tempfile.TemporaryDirectory(prefix="darkroom-simulation-", ignore_cleanup_errors=True)


def items_of(state: MemoryState | StateStore) -> list[tuple[bytes, bytes]]:
    """Return everything that a state holds, the runtime's own keys too."""
    return [*state.scan(RUNTIME_PREFIX), *state.scan(b"")]
