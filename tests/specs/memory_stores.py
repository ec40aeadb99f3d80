"""Stores as the API's trust sees them, and agents that tell how far they are: both can be lost, in memory."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple

from api.freshness import Freshness
from api.trust import Trust
from projections.builds import Builds
from projections.catalog import PROJECTIONS
from projections.shard_map import ShardMap

SHARDS, PARTITIONS, SERVERS = 64, 8, 2
AGENTS = sorted({writer for projection in PROJECTIONS for writer in projection.writers})
# Agents with two sources, which go over history again when their state was lost.
TWO_SOURCES = frozenset({"follows", "viewers", "comments", "fanout", "notifications"})
NOTHING: Mapping = MappingProxyType({})


class Told(NamedTuple):
    """What one agent published of one partition."""

    agent: str
    partition: int
    sources: Mapping
    builds: Mapping
    births: Mapping
    requests: Mapping
    ends: Mapping = NOTHING
    complete_until: Mapping = NOTHING
    emitted: Mapping = NOTHING


class Look(NamedTuple):
    """What is found in Redis: its birth id and the progress."""

    birth: str | None
    records: list


class MemoryStores:
    """Redis, two PostgreSQL servers, and an API process that looks at them; agents tell when they are told to."""

    def __init__(self) -> None:
        self.lost = 0
        self.redis = SimpleNamespace(birth="redis")
        self.redis_now: str | None = "redis"
        self.postgres = SimpleNamespace(found=["p0", "p1"], shard_map=ShardMap.spread(SHARDS, SERVERS))
        self.builds = Builds({})
        self.requested: dict[str, int] = {}
        self.shards = SHARDS
        self.hash: dict[tuple[str, int], Told] = {}
        self.freshness = Freshness(self.read_progress, frozenset(), self.redis)
        self.trust = Trust(self.freshness, self, PARTITIONS)

    async def read_progress(self) -> Look:
        return Look(self.redis_now, [told for told in self.hash.values() if self._counts(told)])

    def _counts(self, told: Told) -> bool:
        """Like `projections.progress`: what was said of another build, or before a request, is not heard."""
        of, asked = self.builds.of, self.builds.request_of
        return all(of(name) == n and asked(name) <= told.requests.get(name, 0) for name, n in told.builds.items())

    def request(self, name: str) -> None:
        """Ask that a shard of a projection be printed again."""
        self.requested[name] = self.requested.get(name, 0) + 1
        self.builds.replace({}, self.requested)

    async def look(self) -> None:
        """Let the API look once, as it does ten times a second."""
        await self.freshness._look()

    def tell(self, agents: Iterable[str] = AGENTS, offset: int = 9, partitions: Iterable[int] = range(PARTITIONS)) -> None:
        """Let agents publish: they are whole in the stores as they are now."""
        births = {f"postgres{server}": birth for server, birth in enumerate(self.postgres.found)}
        for agent in agents:
            builds = {one.name: self.builds.of(one.name) for one in PROJECTIONS if agent in one.writers}
            sources = {"a": offset, "b": offset} if agent in TWO_SOURCES else {"a": offset}
            for partition in partitions:
                self.hash[agent, partition] = Told(agent, partition, sources, builds, births, dict(self.requested))

    def lose_redis(self) -> None:
        """FLUSHALL: the connection stays, the keys are gone."""
        self.redis_now, self.hash = None, {}

    def prepare_redis(self) -> None:
        """A worker that starts again gives Redis a new birth id."""
        self.lost += 1
        self.redis_now = f"redis {self.lost}"

    def replace_server(self, server: int) -> None:
        """A new connection leads to an empty server, which was prepared."""
        self.lost += 1
        self.postgres.found[server] = f"p{server} {self.lost}"
