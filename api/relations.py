"""The reader's relations, and whom everybody pulls: read when they may have changed, recalled otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.freshness import Freshness
from api.positions import Snapshot
from api.recall import Recall
from api.visibility import Viewer
from projections import celebrities, viewers
from projections.stores import Stores

Spans = Sequence[tuple[int, int]]


class Relations:
    """Looks up what stands between people."""

    def __init__(self, stores: Stores, freshness: Freshness, recall: Recall[Viewer]) -> None:
        self._stores = stores
        self._freshness = freshness
        self._recall = recall
        self._spans: Mapping[int, Spans] = {}
        self._snapshot: Snapshot | None = None
        self._stamp: list | None = None

    async def viewer(self, user_id: int) -> Viewer:
        """Return one person's own side of all relations."""
        known = self._recall.get(user_id)
        if known is None:
            stamp = self._recall.stamp(user_id)
            read = await viewers.viewer(self._stores, user_id)
            known = Viewer(user_id, read.following, read.requested, read.blocking, read.blocked_by, read.mutes)
            self._recall.keep(user_id, stamp, known)
        return known

    async def pulled(self) -> Mapping[int, Spans]:
        """Return the authors that are pulled, and in which spans of time; not to be changed."""
        snapshot = self._freshness.snapshot
        if snapshot is None or snapshot is not self._snapshot:
            stamp = snapshot and [each.sources for (agent, _), each in snapshot.progress.items() if agent == "follows"]
            if not stamp or stamp != self._stamp:
                self._spans = await celebrities.spans(self._stores)
            self._snapshot, self._stamp = snapshot, stamp
        return self._spans
