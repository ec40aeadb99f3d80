"""Runs `tests.bench.measured_worker` in a process of its own and reads what it measured."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

PATIENCE_SECONDS = 240

Ends = dict[str, dict[int, int]]


@dataclass(frozen=True)
class Plan:
    """What a worker folds: up to `before` unmeasured, if given, then measured up to `ends` (offset by topic, partition)."""

    agent: str
    ends: Ends
    before: Ends = field(default_factory=dict)


class Told:
    """What a running worker says, line by line."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self._process = process
        self._log = log

    def next(self) -> dict[str, Any]:
        """Return the next thing it says; RuntimeError with the end of its log when it ended first."""
        for line in self._process.stdout:
            # Faust greets on standard output.
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"the worker ended without an answer:\n{self._log.read_text(errors='replace')[-3_000:]}")


@contextmanager
def measured_worker(plan: Plan, log_dir: Path) -> Iterator[Told]:
    """Run a worker with the settings in the environment; it ends by itself, or with this context."""
    log = log_dir / f"bench-{plan.agent}.log"
    command = [sys.executable, "-m", "tests.bench.measured_worker", json.dumps(asdict(plan))]
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    # Whoever waits for its words is not kept for ever.
    timer = Timer(PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        yield Told(process, log)
    finally:
        timer.cancel()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
