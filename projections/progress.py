"""How far each agent has come on each partition, in one hash of Redis: `progress`, field `<agent>/<partition>`.

Answers: is what I wrote in the projections that I read? How far behind is each projection? Written by the workers after
each commit, and once a second when idle; not a projection of the log, so it has no build and no digest.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

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
    """One agent on one partition: next offset, end offset and event time by topic; last offsets appended elsewhere."""

    agent: str
    partition: int
    sources: dict[str, int]
    ends: dict[str, int]
    complete_until: dict[str, int]
    emitted: dict[str, dict[int, int]]


def encode(progress: ProgressLike) -> tuple[str, bytes]:
    """Return the field and the value of a progress."""
    record = ProgressRecord(
        progress.agent,
        progress.partition,
        dict(progress.sources),
        dict(progress.ends),
        dict(progress.complete_until),
        {topic: dict(offsets) for topic, offsets in progress.emitted.items()},
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

    def record(self) -> ProgressRecord:
        return ProgressRecord(self.agent, self.partition, self.sources, self.ends, self.complete_until, self.emitted)


async def snapshot(stores: Stores) -> list[ProgressRecord]:
    """Return all progress, by one HGETALL, ordered by agent and partition."""
    found = await stores.redis.call("HGETALL", KEY)
    return sorted((decode(value) for value in found[1::2]), key=lambda record: record[:2])
