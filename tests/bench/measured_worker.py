"""One real worker with one agent, which tells on standard output what its work cost, as lines of JSON, and ends."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.catalog import catalog
from agents.rules import Rules
from agents.wiring import open_sink, places_of, rules_of
from infra.settings import Settings, load_settings
from streams.fold import Agent, Batch, Changes, Guard, Owed, Progress, Sink, State
from streams.worker import Worker, run_worker
from tests.bench.workers import Plan

METRICS_OFFSET = 90


class NoStore:
    """A sink for an agent that writes nothing."""

    async def identities(self) -> dict[str, str]:
        return {}

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        raise AssertionError(f"{guard.agent} was to write nothing")

    async def owed(self, agent: str, partition: int) -> Sequence[Owed]:
        return []

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        raise AssertionError(f"{guard.agent} owes nothing")

    async def publish(self, progress: Progress) -> None:
        return None


class WatchedSink:
    """Passes everything on, and measures from the first write, or from its opening, until all is folded."""

    def __init__(self, sink: Sink, plan: Plan, redis: Any) -> None:
        self._sink = sink
        self._redis = redis
        self._before, self._ends = places(plan.before), places(plan.ends)
        self._reached: dict[tuple[str, int], int] = {}
        self._began: dict[str, float] | None = None

    async def begin(self) -> None:
        """Start the clocks."""
        self._began = {}
        self._began = await self._clocks()

    async def identities(self) -> dict[str, str]:
        return await self._sink.identities()

    async def owed(self, agent: str, partition: int) -> Sequence[Owed]:
        return await self._sink.owed(agent, partition)

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        await self._sink.reprint(guard, owed, rows, told)

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        if self._began is None and self._has_reached(self._before):
            await self.begin()
        await self._sink.commit(guard, rows)

    async def publish(self, progress: Progress) -> None:
        await self._sink.publish(progress)
        waited = self._began is None and not self._has_reached(self._before)
        self._reached |= {(topic, progress.partition): offset for topic, offset in progress.sources.items()}
        if waited and self._has_reached(self._before):
            tell({"ready": True})
        if self._began and self._has_reached(self._ends):
            now, began, self._began = await self._clocks(), self._began, {}
            tell({name: now[name] - began[name] for name in now})
            os.kill(os.getpid(), signal.SIGTERM)

    async def close(self) -> None:
        if hasattr(self._sink, "close"):
            await self._sink.close()

    def _has_reached(self, ends: Mapping[tuple[str, int], int]) -> bool:
        return all(self._reached.get(place, 0) >= end for place, end in ends.items())

    async def _clocks(self) -> dict[str, float]:
        redis = 0.0
        if self._redis is not None:
            told = dict(line.split(b":", 1) for line in (await self._redis.call("INFO", "cpu")).split() if b":" in line)
            redis = float(told[b"used_cpu_user"]) + float(told[b"used_cpu_sys"])
        return {"wall": time.perf_counter(), "cpu": time.process_time(), "redis": redis}


def places(ends: Mapping[str, Mapping[int, int]]) -> dict[tuple[str, int], int]:
    """Return offsets by topic and partition; JSON has made texts of the partitions."""
    return {(topic, int(partition)): end for topic, some in ends.items() for partition, end in some.items()}


def tell(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def ignore(_batch: Batch, _state: State) -> Changes:
    """Fold nothing."""
    return Changes()


def agent_named(name: str, rules: Rules) -> Agent:
    """Return an agent of the catalogue, or `nothing`, which reads likes and folds nothing."""
    nothing = Agent("nothing", "bench", ("likes",), fold=ignore, max_records=20_000)
    return next(agent for agent in (nothing, *catalog(rules)) if agent.name == name)


def main(plan: Plan, settings: Settings) -> None:
    """Run the worker until the plan is fulfilled."""
    rules = rules_of(settings)
    agent = agent_named(plan.agent, rules)
    open_real = open_sink(rules, places_of(settings))

    async def open_watched() -> Sink:
        real = await open_real() if agent.writes else NoStore()
        watched = WatchedSink(real, plan, real._writers.redis if agent.writes else None)
        if not plan.before:
            await watched.begin()
        return watched

    run_worker(
        Worker(
            role=f"bench-{agent.name}",
            slot=0,
            agents=[agent],
            bootstrap=settings.kafka_bootstrap,
            shards=settings.shards,
            partitions=settings.partitions,
            state_dir=Path(settings.state_dir),
            flush_seconds=settings.flush_seconds,
            metrics_port=settings.port_base + METRICS_OFFSET,
            open_sink=open_watched,
        ),
        "warn",
    )


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])), load_settings())
