"""The keeping of a worker's states in the object store: how they come back, and how snapshots of them are taken."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from streams.cluster import cluster_id, ends_of
from streams.objects import Objects
from streams.restoring import Restoring
from streams.snapshotting import Snapshots
from streams.surroundings import Surroundings


@dataclass(frozen=True)
class Safekeeping:
    """What one worker restores with, and takes snapshots with, over one object store."""

    objects: Objects
    restoring: Restoring
    snapshots: Snapshots

    async def close(self) -> None:
        """Let go of the object store."""
        await self.objects.close()


async def open_safekeeping(
    open_objects: Callable[[], Objects], bootstrap: str, seconds: float, around: Surroundings
) -> Safekeeping:
    """Return the keeping of states beside the Kafka cluster at `bootstrap`, with a snapshot of each every so many seconds.

    Asks Kafka for its id, which all keys begin with; `NeighbourAway` when it does not answer. The object store is not asked.
    """
    cluster = await asyncio.to_thread(cluster_id, bootstrap)
    objects = open_objects()

    async def ends(number: int, topics: Iterable[str]) -> Mapping[str, int]:
        return await asyncio.to_thread(partial(ends_of, bootstrap, number, tuple(topics)))

    restoring = Restoring(objects, cluster, ends, around.patience, around.at)
    return Safekeeping(objects, restoring, Snapshots(objects, cluster, seconds, around.at))
