"""Whether a store holds all of what an agent wrote: where it does not, what is absent there means nothing.

A Redis or a PostgreSQL server that comes back empty answers every question, wrongly: nobody follows, nobody blocks. An agent
that owes a store its rows says nothing of its progress before they are all there. So a store is whole for an agent on a
partition when there is progress that speaks of this store (its birth id), of the builds that are read, and of no less
than was said before.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.freshness import Freshness
from api.heard import Told
from api.positions import AgentProgress
from api.problems import Problem, unavailable
from projections.away import StoreAway
from projections.catalog import PROJECTIONS
from projections.stores import Stores
from schemas.ids import shard_of

_PROJECTIONS = {projection.name: projection for projection in PROJECTIONS}
# What answers in the place of a projection in Redis; counts in PostgreSQL are late, so they stand in for nobody.
_INSTEAD: dict[str, tuple[str, ...]] = {
    "viewers": ("followings", "barriers"),
    "account_cards": ("accounts",),
    "photo_cards": ("photos",),
    "liked": ("likes",),
    "timelines": ("photos",),
    "authors": ("photos",),
    "celebrities": ("photos",),
    "counters": (),
}


class Believing:
    """The body of the `with` reads Redis; StoreAway at its end if that was another store than at its beginning."""

    __slots__ = ("_builds", "_stores", "birth")

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self.birth = stores.redis.birth
        self._builds = stores.builds.current

    def __enter__(self) -> Believing:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None and (self._stores.redis.birth != self.birth or self._stores.builds.current is not self._builds):
            raise StoreAway("Redis, or the build that is read, changed while it was read")


class Trust:
    """Judges stores by what agents said of them, newest and before."""

    def __init__(self, freshness: Freshness, stores: Stores, partitions: int) -> None:
        self._freshness = freshness
        self._stores = stores
        self._partitions = partitions
        self._era: tuple = ()
        self._judged: dict[tuple[str, ...], bool] = {}
        self._completed: dict[tuple[str, ...], bool] = {}

    # --- Redis ------------------------------------------------------------------------------------------------------------

    def redis(self, *projections: str) -> Believing:
        """Return what a read of these projections is done in; StoreAway at once unless all of them are there."""
        self._begin_era()
        whole = self._judged.get(projections)
        if whole is None:
            there = self._freshness.snapshot is not None
            whole = self._judged[projections] = there and all(self._redis_whole(name) for name in projections)
        if not whole:
            raise _not_there()
        return Believing(self._stores)

    def redis_at(self, projection: str, id_: int) -> Believing:
        """Return the same for what a projection holds of one id."""
        partition = self._partition(id_)
        if not all(self._in_redis(projection, (agent, partition)) for agent in _PROJECTIONS[projection].writers):
            raise _not_there()
        return Believing(self._stores)

    def _redis_whole(self, name: str) -> bool:
        return all(self._in_redis(name, key) for key in self._keys(name))

    def _in_redis(self, name: str, key: tuple[str, int]) -> bool:
        snapshot, told = self._freshness.snapshot, self._told(name, key)
        return snapshot is not None and told is not None and told.birth == snapshot.birth and key not in snapshot.back

    # --- PostgreSQL: to be asked after the rows were read, since a new connection may have led to another server --------------

    def check_rows(self, projection: str, id_: int) -> None:
        """503 when rows of one id that were not found may only be not there yet."""
        self.check_rows_in(projection, shard_of(id_))

    def check_rows_in(self, projection: str, shard: int) -> None:
        """The same for all of a shard; in one that is not in use there are no rows to miss."""
        if shard < self._stores.shards:
            server = self._stores.postgres.shard_map.server_of(shard)
            partition = shard * self._partitions // self._stores.shards
            for agent in _PROJECTIONS[projection].writers:
                if not self._in_rows(projection, (agent, partition), (server,)):
                    raise restoring()

    def complete(self, projections: tuple[str, ...]) -> bool:
        """Return whether each of these projections, or what answers in its place, holds everything."""
        self._begin_era()
        found = self._completed.get(projections)
        if found is None:
            found = self._completed[projections] = all(self._complete(name) for name in projections)
        return found

    def _complete(self, name: str) -> bool:
        if _PROJECTIONS[name].store == "redis":
            instead = _INSTEAD[name]
            return self._redis_whole(name) or (bool(instead) and all(self._complete(other) for other in instead))
        servers = range(len(self._stores.postgres.found))
        return all(self._in_rows(name, key, servers) for key in self._keys(name))

    def _in_rows(self, name: str, key: tuple[str, int], servers: Iterable[int]) -> bool:
        told, snapshot = self._told(name, key), self._freshness.snapshot
        if told is None:
            return False
        if snapshot is not None and key in snapshot.back and len(told.record.sources) > 1:
            # With one source rows refuse what is older; with several, history is written once more.
            return False
        found, births = self._stores.postgres.found, told.record.births
        return all(found[server] and births.get(f"postgres{server}") == found[server] for server in servers)

    # --- both -------------------------------------------------------------------------------------------------------------

    def _told(self, name: str, key: tuple[str, int]) -> Told | None:
        """Return the last word of an agent on a partition, if it holds for a projection as it is read and asked for now."""
        told = self._freshness.heard.last(key)
        if told is None:
            return None
        if not self._is_met(name, told.record):
            return None
        snapshot = self._freshness.snapshot
        if snapshot is None or told.birth != snapshot.birth or key in snapshot.progress:
            return told
        # It counts no more: for another projection's sake, which is nothing to us, or nobody knows why.
        return None if all(self._is_met(other, told.record) for other in told.record.builds) else told

    def _is_met(self, name: str, record: AgentProgress) -> bool:
        """Return whether a record speaks of the build that is read, and was made after the last request to print in it."""
        builds = self._stores.builds
        return record.builds.get(name) == builds.of(name) and record.requests.get(name, 0) >= builds.request_of(name)

    def _begin_era(self) -> None:
        """Forget judgements that were made of another snapshot, of other builds or of other servers."""
        era = (self._freshness.snapshot, self._stores.builds.current, self._stores.postgres.found)
        known = self._era
        if not known or known[0] is not era[0] or known[1] is not era[1] or known[2] != era[2]:
            self._era = (*era[:2], list(era[2]))
            self._judged, self._completed = {}, {}

    def _keys(self, name: str) -> Iterable[tuple[str, int]]:
        return ((agent, partition) for agent in _PROJECTIONS[name].writers for partition in range(self._partitions))

    def _partition(self, id_: int) -> int:
        return shard_of(id_) * self._partitions // self._stores.shards


def _not_there() -> StoreAway:
    return StoreAway("Redis is away, or does not hold everything yet")


def restoring() -> Problem:
    """Return the 503 for what neither store can say."""
    return unavailable("What this depends on is being restored; try again in a moment.")
