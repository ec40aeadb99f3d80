"""The whole test stack from outside: who runs, killing, holding down, waiting until all is folded, and what the stores hold."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from infra.report import component_states
from infra.supervision import Supervisor
from projections.catalog import PROJECTIONS
from projections.keys import family_pattern, suffix_of
from projections.progress import ProgressRecord, snapshot
from projections.stores import Stores, open_stores
from projections.structures import structure_of

ROOT = Path(__file__).resolve().parents[2]
BACK_SECONDS = 120.0
SETTLED_SECONDS = 120.0
LOOK_SECONDS = 0.05


class RunningStack:
    """The stack of the tests as somebody at the keyboard has it; `settings` say where it is."""

    def __init__(self, settings) -> None:
        self.settings = settings
        self._supervisor = Supervisor(settings.data)

    def run(self, *words: str, seconds: float = 180.0) -> subprocess.CompletedProcess:
        """Run one of our commands (`infra`, `status`, ...) and return what it said."""
        command = [sys.executable, "-m", *words]
        environment = os.environ | self.settings.as_environment()
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )  # fmt: skip

    def components(self) -> dict[str, dict]:
        """Return each component as `python -m infra status --json` tells it, by name; without a process for each look."""
        return {one.name: asdict(one) for one in component_states(self.settings)}

    def workers(self) -> list[str]:
        """Return the names of the workers, of every role."""
        core = {"redis", "objects", "registry", "api"}
        return [name for name in self.components() if name not in core and not name.startswith(("postgres", "kafka"))]

    def kill(self, name: str) -> None:
        """Kill a component, and wait until the supervisor has started it again; ready it becomes later."""
        pid = self._supervisor.states()[name]["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: self._supervisor.states()[name]["pid"] not in (0, pid), f"{name} started again", BACK_SECONDS)

    def wait_ready(self) -> None:
        """Wait until every component is ready."""
        until(
            lambda: all(one["state"] == "ready" for one in self.components().values()), "everything ready", BACK_SECONDS
        )  # fmt: skip

    def hold_down(self, *names: str) -> None:
        """Kill components in such a way that the supervisor does not start them again."""
        pids = {name: self._supervisor.states()[name]["pid"] for name in names}
        for pid in pids.values():
            # Frozen first, so that the polite signal of the supervisor finds nobody who could tidy up.
            os.kill(pid, signal.SIGSTOP)
        for name in names:
            self._supervisor.rpc.stopProcess(name, False)
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not self._supervisor.running(names), f"{', '.join(names)} down", BACK_SECONDS)

    def let_up(self, *names: str) -> None:
        """Start again what was held down, and wait until everything is ready."""
        for name in names:
            self._supervisor.rpc.startProcess(name, False)
        self.wait_ready()

    def open(self):
        """Open the stores as a reader; await it and use it as a context."""
        return open_stores(self.settings.postgres_dsns, self.settings.redis_url, self.settings.shards)

    async def progress(self) -> dict[tuple[str, int], ProgressRecord]:
        """Return what the agents last published, by agent and partition."""
        async with await self.open() as stores:
            return {(one.agent, one.partition): one for one in await snapshot(stores)}

    async def wait_folded(self, least: dict[tuple[str, int], ProgressRecord] | None = None) -> None:
        """Wait until every agent has come to the end of its topics, and as far as `least` says, and counts were flushed."""
        async with await self.open() as stores:
            deadline = time.monotonic() + SETTLED_SECONDS
            while left := [*await behind(stores, least or {}), *await unflushed(stores)]:
                assert time.monotonic() < deadline, f"not folded within {SETTLED_SECONDS:.0f} s: {left[:5]}"
                # Nobody tells an outsider; so look again after a moment.
                await asyncio.sleep(LOOK_SECONDS)

    def digests(self) -> dict[str, str]:
        """Return the digest of every projection, once none of them is being written to."""
        deadline = time.monotonic() + SETTLED_SECONDS
        while True:
            told = self.run("projections", "digest", "--json")
            assert told.returncode == 0, told.stderr
            found = [json.loads(line) for line in told.stdout.splitlines()]
            if all(one["steady"] for one in found):
                assert len(found) == len(PROJECTIONS)
                return {one["name"]: one["total"] for one in found}
            assert time.monotonic() < deadline, "projections keep being written to"


async def behind(stores: Stores, least: dict[tuple[str, int], ProgressRecord]) -> list[str]:
    """Return which agents have not come to the end of their topics, or not as far as they were before."""
    found = {(one.agent, one.partition): one for one in await snapshot(stores)}
    late = [f"{place} has not said anything" for place in least if place not in found]
    reached: dict[tuple[str, int], int] = {}
    for one in found.values():
        for topic, ends in one.emitted.items():
            for partition, end in ends.items():
                reached[topic, partition] = max(end, reached.get((topic, partition), 0))
    for place, one in found.items():
        before = least[place].sources if place in least else {}
        for topic, position in one.sources.items():
            end = max(one.ends.get(topic, 0), before.get(topic, 0), reached.get((topic, place[1]), 0))
            if position < end:
                late.append(f"{place[0]} is at {topic}[{place[1]}]@{position} of {end}")
    return late


async def unflushed(stores: Stores) -> list[str]:
    """Return which counts in Redis are not yet, or otherwise, in PostgreSQL."""
    counters, rows = structure_of("counters"), structure_of("counter_rows")
    quick: dict[str, int] = {}
    async for keys in stores.redis.scan(family_pattern(counters, stores.builds.of("counters"))):
        values = await stores.redis.call("MGET", *keys)
        quick |= {suffix_of(key): int(value) for key, value in zip(keys, values, strict=True) if value is not None}
    slow: dict[str, int] = {}
    text = "SELECT kind || ':' || entity_id, value FROM {table}"
    for place in range(stores.shards):
        slow |= dict(await stores.postgres.fetch(rows, stores.builds.of("counter_rows"), place, text))
    return [f"count {name} is not flushed" for name in quick.keys() | slow.keys() if quick.get(name) != slow.get(name)]


def until(condition, what: str, seconds: float) -> None:
    """Poll a condition; fails, saying what was wanted, when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(LOOK_SECONDS)
