"""When what was hit is back: a role folds what the log holds, the API answers, a partition has its leader again."""

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec

from agents.catalog import catalog as agents_catalog
from agents.wiring import rules_of
from infra.components import Process
from infra.settings import Settings
from projections.away import StoreAway
from projections.progress import KEY, decode
from projections.redis_store import RedisStore
from schemas.catalog import TOPICS
from streams import kafka
from tests.chaos.compare import Difference, Kind
from tests.chaos.ledger import Ledger
from tests.chaos.plan import Fault, Group, Means
from tests.chaos.strikes import Striker, Struck

LOOK_SECONDS = 0.2
ASK_SECONDS = 3.0
# Whatever was hit must be back within this, overlapping faults and a busy machine included.
BACK_SECONDS = 180.0

Ends = Mapping[tuple[str, int], int]


@dataclass
class Recovery:
    """One fault that hit, and when what it hit was back, in seconds since the run began."""

    struck: Struck
    at: float
    back: float | None = None
    healed: bool = False
    ends: Ends | None = field(default=None, repr=False)
    overdue: bool = False
    waits_for: str = "it still runs"

    @property
    def fault(self) -> Fault:
        """The fault."""
        return self.struck.fault


class Watch:
    """Looks at what was hit until it is back, in a thread of its own."""

    def __init__(self, settings: Settings, programs: Mapping[str, Process], striker: Striker, ledger: Ledger) -> None:
        self._settings = settings
        self._programs = programs
        self._striker = striker
        self._ledger = ledger
        self._admin = kafka.build_admin(settings.kafka_bootstrap)
        self._agents = agents_catalog(rules_of(settings))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self.recoveries: list[Recovery] = []

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self._thread.join(30)

    def add(self, struck: Struck) -> None:
        """Take in a fault that hit."""
        self.recoveries.append(Recovery(struck, self._ledger.seconds))

    def suffering(self) -> set[tuple[Group, str]]:
        """Return what is not quite back: brokers until every replica is in sync again."""
        return {(one.fault.group, one.fault.target) for one in self.recoveries if one.back is None or not one.healed}

    def flush(self) -> None:
        """Empty Redis; OSError when it is away."""

        async def empty() -> None:
            redis = RedisStore(self._settings.redis_url)
            try:
                await asyncio.wait_for(redis.call("FLUSHALL", attempts=1), ASK_SECONDS)
            finally:
                await redis.close()

        try:
            asyncio.run(empty())
        except (StoreAway, TimeoutError) as away:
            raise OSError(str(away)) from away
        self._ledger.flushed()

    # --- looking ------------------------------------------------------------------------------------------------------------

    def _look_on(self) -> None:
        while not self._stopping.is_set():
            for one in self.recoveries:
                if one.back is None or not one.healed:
                    self._look_at(one)
            self._stopping.wait(LOOK_SECONDS)

    def _look_at(self, one: Recovery) -> None:
        waited = self._ledger.seconds - one.at
        if one.fault.means is Means.STOP and not one.struck.is_gone:
            if waited > self._striker.limit_seconds(one.fault.target) + 5 and not one.overdue:
                one.overdue = True
                self._ledger.differ(
                    Difference(Kind.STACK, f"{one.fault.target} was asked to stop and runs after {waited:.0f} s")
                )
            return
        if one.fault.means is Means.KILL and not one.struck.is_gone:
            return
        if one.back is None and self._is_back(one):
            one.back = self._ledger.seconds
        one.healed = one.back is not None and (one.fault.group is not Group.BROKER or self._in_sync())
        if one.back is None and waited > BACK_SECONDS and not one.overdue:
            one.overdue = True
            text = f"{one.fault.target} is not back {waited:.0f} s after {one.fault.means} at {one.at:.1f} s: {one.waits_for}"
            self._ledger.differ(Difference(Kind.STACK, text))

    def _is_back(self, one: Recovery) -> bool:
        """Return whether what was hit is back; else `waits_for` says what is missing."""
        one.waits_for = self._missing(one) or ""
        return not one.waits_for

    def _missing(self, one: Recovery) -> str | None:
        target, group = one.fault.target, one.fault.group
        if target in self._striker.down():
            return "it does not run"
        if group is Group.BROKER:
            return None if self._led() else "a partition has no leader"
        waits = self._programs[target].ready()
        if waits is None and group is not Group.WORKER:
            waits = self._programs["api"].ready()
        if waits is not None or group is Group.API:
            return waits
        one.ends = one.ends or self._ends()
        if one.ends is None:
            return "the brokers do not say where topics end"
        return self._unfolded(target.rpartition("-")[0] if group is Group.WORKER else None, one.ends)

    def _ends(self) -> Ends | None:
        wanted = {
            TopicPartition(topic.name, number): OffsetSpec.latest()
            for topic in TOPICS
            for number in range(self._settings.partitions)
        }
        try:
            asked = self._admin.list_offsets(wanted, request_timeout=ASK_SECONDS)
            return {(tp.topic, tp.partition): found.result().offset for tp, found in asked.items()}
        except kafka.KafkaException:
            return None

    def _unfolded(self, role: str | None, ends: Ends) -> str | None:
        """Return what the agents of a role (None: of all) have not said to have folded up to these ends."""
        progress = self._progress()
        for agent in self._agents:
            for number in range(self._settings.partitions if role in (None, agent.role) else 0):
                sources = progress.get((agent.name, number), {})
                for topic in agent.sources:
                    if sources.get(topic, -1) < ends[topic, number]:
                        return f"{agent.name} is at {topic}[{number}]@{sources.get(topic)} of {ends[topic, number]}"
        return None

    def _progress(self) -> dict[tuple[str, int], dict[str, int]]:
        async def read() -> list[bytes]:
            redis = RedisStore(self._settings.redis_url)
            try:
                return await asyncio.wait_for(redis.call("HGETALL", KEY, attempts=1), ASK_SECONDS)
            finally:
                await redis.close()

        try:
            found = asyncio.run(read())
        except (StoreAway, OSError, TimeoutError):
            return {}
        records = [decode(value) for value in found[1::2]]
        return {(one.agent, one.partition): one.sources for one in records}

    def _partitions(self) -> list:
        try:
            metadata = self._admin.list_topics(timeout=ASK_SECONDS)
        except kafka.KafkaException:
            return []
        return [partition for topic in metadata.topics.values() for partition in topic.partitions.values()]

    def _led(self) -> bool:
        partitions = self._partitions()
        return bool(partitions) and all(one.leader >= 0 for one in partitions)

    def _in_sync(self) -> bool:
        partitions = self._partitions()
        return bool(partitions) and all(len(one.isrs) == len(one.replicas) for one in partitions)


def wait_back(watch: Watch, seconds: float) -> list[Difference]:
    """Wait until all that was hit is back, or so long; what is not."""
    until = time.monotonic() + seconds
    while (left := watch.suffering()) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    return [Difference(Kind.STACK, f"{name} was hit and is not quite back") for _, name in sorted(left)]
