"""How far each agent has come on each partition, in one hash of Redis: `progress`, field `<agent>/<partition>`.

Answers: is what I wrote in the projections that I read? How far behind is each projection? Written by the workers after
each commit, and once a second when idle; not a projection of the log, so it has no digest. What a worker has written to
another build than readers read says nothing to them: while workers change over to a promoted build, readers wait.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from projections.builds import Builds
from projections.catalog import PROJECTIONS
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

    `builds` names the build of each projection that the agent writes.
    """

    agent: str
    partition: int
    sources: dict[str, int]
    ends: dict[str, int]
    complete_until: dict[str, int]
    emitted: dict[str, dict[int, int]]
    builds: dict[str, int]


def encode(progress: ProgressLike, builds: Builds) -> tuple[str, bytes]:
    """Return the field and the value of the progress of an agent that writes these builds."""
    record = ProgressRecord(
        progress.agent,
        progress.partition,
        dict(progress.sources),
        dict(progress.ends),
        dict(progress.complete_until),
        {topic: dict(offsets) for topic, offsets in progress.emitted.items()},
        {one.name: builds.of(one.name) for one in PROJECTIONS if progress.agent in one.writers},
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

    def record(self) -> ProgressRecord:
        return ProgressRecord(
            self.agent, self.partition, self.sources, self.ends, self.complete_until, self.emitted, self.builds
        )


async def snapshot(stores: Stores) -> list[ProgressRecord]:
    """Return all progress in the builds that are read, by one HGETALL, ordered by agent and partition."""
    found = await stores.redis.call("HGETALL", KEY)
    records = [decode(value) for value in found[1::2]]
    current = [one for one in records if all(stores.builds.of(name) == build for name, build in one.builds.items())]
    return sorted(current, key=lambda record: record[:2])
