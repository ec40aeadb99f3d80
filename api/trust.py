"""Whether what an agent wrote to Redis is whole: not while it writes everything anew, because Redis was lost.

A Redis that comes back empty answers every question, wrongly: nobody follows, nobody blocks. So keys that may be absent
because they were not written *yet* are read from Postgres until their agent has come near the end of its topics.
"""

from __future__ import annotations

from collections.abc import Callable

from api.freshness import Freshness
from api.positions import AgentProgress, Snapshot
from projections.away import StoreAway
from schemas.ids import shard_of

# Further behind than any backlog of ordinary work, and not at the end of its topic: it is folding history.
BEHIND_MS = 30_000


class Trust:
    """Judges agents by the newest snapshot of their progress."""

    def __init__(self, freshness: Freshness, shards: int, partitions: int, now_ms: Callable[[], int]) -> None:
        self._freshness = freshness
        self._shards = shards
        self._partitions = partitions
        self._now_ms = now_ms
        self._judged: tuple[Snapshot | None, dict[str, bool]] = (None, {})

    def check_redis(self) -> None:
        """Raise StoreAway at once while Redis is known to be away: trying it again would cost each reader a second."""
        if self._freshness.snapshot is None:
            raise StoreAway("Redis did not say how far the agents are, several times in a row")

    def near(self, agent: str, id_: int) -> bool:
        """Return whether an agent is near the end with the partition that an id belongs to."""
        snapshot = self._freshness.snapshot
        if snapshot is None:
            return False
        progress = snapshot.progress.get((agent, shard_of(id_) * self._partitions // self._shards))
        return is_near(progress, self._now_ms())

    def everywhere(self, agent: str) -> bool:
        """Return whether an agent is near the end on every partition; judged once a snapshot."""
        snapshot = self._freshness.snapshot
        if snapshot is None:
            return False
        if self._judged[0] is not snapshot:
            self._judged = (snapshot, {})
        judged = self._judged[1]
        if agent not in judged:
            now_ms = self._now_ms()
            all_of_it = (snapshot.progress.get((agent, partition)) for partition in range(self._partitions))
            judged[agent] = all(is_near(progress, now_ms) for progress in all_of_it)
        return judged[agent]


def is_near(progress: AgentProgress | None, now_ms: int) -> bool:
    """Return whether nothing older than half a minute waits to be read; False for an agent that was never heard of."""
    if progress is None:
        return False
    return all(
        offset >= progress.ends.get(topic, 0) or progress.complete_until.get(topic, 0) >= now_ms - BEHIND_MS
        for topic, offset in progress.sources.items()
    )
