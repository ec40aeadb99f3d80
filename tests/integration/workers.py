"""Counting workers as processes of their own, started and killed by hand as the supervisor would."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60


class Workers:
    """Counting workers as processes, restarted by hand as the supervisor would; `state_of` names each one's state directory."""

    def __init__(self, bootstrap: str, directory: Path, state_of: Callable[[int], str] = lambda slot: "state") -> None:
        self.directory = directory
        self._state_of = state_of
        self._bootstrap = bootstrap
        self._prefix = f"test-{os.getpid()}-{time.time_ns()}"
        self._processes: dict[int, subprocess.Popen] = {}
        self._ports: dict[int, int] = {}

    def start(self, slot: int) -> None:
        self._ports[slot] = free_port()
        with (self.directory / f"worker-{slot}.log").open("ab") as log:
            self._processes[slot] = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.counting_worker", self._bootstrap, str(slot),
                 str(self.directory), str(self._ports[slot]), self._prefix, self._state_of(slot)],
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self, slot: int, by: signal.Signals) -> int:
        self._processes[slot].send_signal(by)
        return self._processes[slot].wait(timeout=20)

    def freeze(self, slot: int) -> None:
        """Stop a worker in the middle of whatever it does, so that it knows nothing of it."""
        self._processes[slot].send_signal(signal.SIGSTOP)

    def thaw(self, slot: int) -> None:
        """Let a worker go on, if it still exists."""
        self._processes[slot].send_signal(signal.SIGCONT)

    def exit_code(self, slot: int) -> int | None:
        """Return how a worker ended; None while it exists."""
        return self._processes[slot].poll()

    def log(self, slot: int) -> str:
        """Return what a worker has said."""
        return (self.directory / f"worker-{slot}.log").read_text(errors="replace")

    def is_ready(self, slot: int) -> bool:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self._ports[slot]}/ready", timeout=1).status == 200
        return False

    def counts(self) -> dict[str, int]:
        """Return what was counted: of each partition what was written last, by its guard."""
        newest: dict[str, dict] = {}
        for path in (self.directory / "sink").glob("*.json"):
            partition, written = path.name.partition(".")[0], json.loads(path.read_text())
            if written["number"] >= newest.get(partition, written)["number"]:
                newest[partition] = written
        return {photo: count for written in newest.values() for photo, count in written["counts"].items()}

    def kill_all(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def until(condition, what: str, seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {seconds} s"
        time.sleep(0.05)
