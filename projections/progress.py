"""How far each agent has come on each partition, in one hash of Redis: `progress`, field `<agent>/<partition>`.

Answers: is what I wrote in the projections that I read? How far behind is each projection? Written by the workers after
each commit, and once a second when idle; not a projection of the log, so it has no digest. What a worker has written to
another build than readers read says nothing to them: while workers change over to a promoted build, readers wait. Nor does
what was said of another Redis: a late word of a worker that knew the lost one must not vouch for the new one.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

import msgspec

from projections.builds import Builds
from projections.catalog import PROJECTIONS
from projections.redis_store import BIRTH, RedisStore
from projections.stores import Stores

KEY = "progress"


class ProgressLike(Protocol):
    """What the runtime publishes (`streams.fold.Progress`)."""

    agent: str
    partition: int
    sources: Mapping[str, int]
    ends: Mapping[str, int]
    complete_until: Mapping[str, int]
    emitted: Mapping[str, Mapping[int, int]]


class ProgressRecord(NamedTuple):
    """One agent on one partition: next offset, end offset and event time by topic; last offsets appended elsewhere.

    `builds` names the build of each projection that the agent writes, `births` the stores that it was written to, `requests`
    the last request of each projection (that shards of it be printed again) that was met.
    """

    agent: str
    partition: int
    sources: dict[str, int]
    ends: dict[str, int]
    complete_until: dict[str, int]
    emitted: dict[str, dict[int, int]]
    builds: dict[str, int]
    births: dict[str, str]
    requests: dict[str, int]


class Look(NamedTuple):
    """What agents say now, and of which Redis; `birth` is None when it has none, since it is new or was lost."""

    birth: str | None
    records: list[ProgressRecord]


def encode(
    progress: ProgressLike, builds: Builds, births: Mapping[str, str], requests: Mapping[str, int] = MappingProxyType({})
) -> tuple[str, bytes]:
    """Return the field and the value of the progress of an agent that writes these builds to these stores, in which it has
    met these requests."""
    record = ProgressRecord(
        progress.agent,
        progress.partition,
        dict(progress.sources),
        dict(progress.ends),
        dict(progress.complete_until),
        {topic: dict(offsets) for topic, offsets in progress.emitted.items()},
        {one.name: builds.of(one.name) for one in PROJECTIONS if progress.agent in one.writers},
        dict(births),
        {name: number for name, number in requests.items() if number},
    )
    return f"{record.agent}/{record.partition}", msgspec.json.encode(record._asdict())


def decode(value: bytes) -> ProgressRecord:
    """Return the progress that a value holds."""
    return msgspec.json.decode(value, type=_Wire).record()


class _Wire(msgspec.Struct):
    agent: str
    partition: int
    sources: dict[str, int]
    ends: dict[str, int]
    complete_until: dict[str, int]
    emitted: dict[str, dict[int, int]]
    builds: dict[str, int] = {}
    births: dict[str, str] = {}
    requests: dict[str, int] = {}

    def record(self) -> ProgressRecord:
        return ProgressRecord(*(getattr(self, name) for name in ProgressRecord._fields))


async def snapshot(stores: Stores) -> list[ProgressRecord]:
    """Return all progress in the builds that are read, ordered by agent and partition."""
    return (await look(stores.redis, stores.builds)).records


async def look(redis: RedisStore, builds: Builds) -> Look:
    """Return all progress in the builds that are read, and the birth id of the Redis that says so, read in this order."""
    found, birth = await asyncio.gather(redis.call("HGETALL", KEY), redis.call("GET", BIRTH))
    said = birth.decode() if birth else None
    current = [one for one in map(decode, found[1::2]) if speaks_of(one, builds, said)]
    return Look(said, sorted(current, key=lambda record: record[:2]))


def speaks_of(record: ProgressRecord, builds: Builds, birth: str | None) -> bool:
    """Return whether a record speaks of the builds that are read, whole, in the Redis that was asked."""
    if record.births.get("redis", birth) != birth:
        return False
    return all(
        builds.of(name) == n and builds.request_of(name) <= record.requests.get(name, 0) for name, n in record.builds.items()
    )
