"""What agents ever said to this process of how far they are: it outlives the store that they say it in.

Redis holds both the progress and much of what it is about, so a lost Redis takes its own history with it. What was heard
before tells, of what PostgreSQL holds, that it is whole still; and that an agent which is less far than it was goes over
history again, so that its rows are of the past.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from api.positions import AgentProgress

Key = tuple[str, int]


class Told(NamedTuple):
    """The last that was heard of an agent on a partition: the record, and the birth id of the Redis that had it."""

    record: AgentProgress
    birth: str


class Heard:
    """The last word and the furthest place of each agent and partition."""

    def __init__(self) -> None:
        self._last: dict[Key, Told] = {}
        self._furthest: dict[Key, Mapping[str, int]] = {}

    def hear(self, progress: Mapping[Key, AgentProgress], birth: str) -> frozenset[Key]:
        """Take in a snapshot; return who is less far in some topic than they were before."""
        back = []
        for key, record in progress.items():
            furthest = self._furthest.get(key)
            if furthest is None or all(record.sources.get(topic, 0) >= offset for topic, offset in furthest.items()):
                self._furthest[key] = record.sources
            else:
                back.append(key)
            self._last[key] = Told(record, birth)
        return frozenset(back)

    def last(self, key: Key) -> Told | None:
        """Return the last that was heard, None of somebody never heard of."""
        return self._last.get(key)
