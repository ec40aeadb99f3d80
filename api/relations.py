"""The reader's relations, and whom everybody pulls: read when they may have changed, recalled otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from api.freshness import Freshness
from api.positions import Snapshot
from api.recall import Recall
from api.trust import Trust
from api.visibility import Viewer
from projections import barriers, celebrities, followings, viewers
from projections.away import StoreAway
from projections.stores import Stores
from schemas.events import FollowState

Spans = Sequence[tuple[int, int]]


class Relations:
    """Looks up what stands between people."""

    def __init__(self, stores: Stores, freshness: Freshness, trust: Trust, recall: Recall[Viewer]) -> None:
        self._stores = stores
        self._freshness = freshness
        self._trust = trust
        self._recall = recall
        self._spans: Mapping[int, Spans] = {}
        self._snapshot: Snapshot | None = None
        self._stamp: list | None = None

    async def viewer(self, user_id: int) -> Viewer:
        """Return one person's own side of all relations."""
        known = self._recall.get(user_id)
        if known is not None:
            return known
        stamp = self._recall.stamp(user_id)
        try:
            with self._trust.redis_at("viewers", user_id):
                read = await viewers.viewer(self._stores, user_id)
        except StoreAway:
            return await self._from_rows(user_id)
        known = Viewer(user_id, read.following, read.requested, read.blocking, read.blocked_by, read.mutes)
        self._recall.keep(user_id, stamp, known)
        return known

    async def _from_rows(self, user_id: int) -> Viewer:
        """Return the same from Postgres, while Redis is away or being filled again; 503 while that may lack a block."""
        follows, sides = await asyncio.gather(followings.all_of(self._stores, user_id), barriers.all_of(self._stores, user_id))
        self._trust.check_rows("followings", user_id)
        self._trust.check_rows("barriers", user_id)
        return Viewer(
            user_id,
            frozenset(row.followee_id for row in follows if row.state == FollowState.FOLLOWING),
            frozenset(row.followee_id for row in follows if row.state == FollowState.REQUESTED),
            frozenset(row.other_id for row in sides if row.blocking_since is not None),
            frozenset(row.other_id for row in sides if row.blocked_by),
            {row.other_id: row.muted_until or 0 for row in sides if row.muting_since is not None},
        )

    async def pulled(self) -> Mapping[int, Spans]:
        """Return the authors that are pulled, and in which spans of time; not to be changed. StoreAway while nobody knows."""
        snapshot = self._freshness.snapshot
        if snapshot is None or snapshot is not self._snapshot:
            with self._trust.redis("celebrities") as believing:
                said = snapshot.progress.items() if snapshot else ()
                # Where the agent is, and in which Redis and builds: after a reprint it is at the same place.
                place = [(each.sources, each.builds, each.requests) for (agent, _), each in said if agent == "follows"]
                stamp = [believing.birth, *place]
                if not place or stamp != self._stamp:
                    self._spans = await celebrities.spans(self._stores)
            self._snapshot, self._stamp = snapshot, stamp
        return self._spans
