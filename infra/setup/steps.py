"""Run one step of the set-up: skip it if its stamp is there, else show that it runs, how long, and why it failed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.setup.places import cache_root

HEARTBEAT_SECONDS = 30.0


class SetupFailed(Exception):
    """A step ended badly; the message says which, and where its output is."""


class PrerequisiteMissing(Exception):
    """Something must be installed first and we may not do it; the message has the command (exit code 3)."""


@dataclass(frozen=True)
class Step:
    name: str
    is_done: Callable[[], bool]
    carry_out: Callable[[], None]


def run_steps(steps: list[Step]) -> None:
    for number, step in enumerate(steps, 1):
        title = f"[{number}/{len(steps)}] {step.name}"
        started = time.monotonic()
        if step.is_done():
            say(f"{title}: already there ({time.monotonic() - started:.1f} s)")
            continue
        say(f"{title} ...")
        step.carry_out()
        say(f"{title}: done ({time.monotonic() - started:.1f} s)")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(name: str, command: list[str], extra_environment: dict[str, str] | None = None) -> None:
    """Run a command with its output in the cache's `logs`; a failure shows the end of it."""
    log = cache_root() / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | (extra_environment or {}),
        )
        code = wait_with_heartbeat(name, child)
    if code != 0:
        tail = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-15:])
        raise SetupFailed(f"{name}: `{' '.join(command)}` ended with code {code}. The end of {log}:\n{tail}")


def wait_with_heartbeat(name: str, child: subprocess.Popen[bytes]) -> int:
    started = time.monotonic()
    while True:
        try:
            return child.wait(HEARTBEAT_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"      {name}: still at it, {time.monotonic() - started:.0f} s")
        except BaseException:
            child.terminate()
            raise


@contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Two checkouts share the cache: the second set-up waits for the first, and then finds its work done."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with (cache_root() / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another set-up is running (it holds {cache_root() / 'setup.lock'}); waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove_tree(path: Path) -> None:
    """Remove a directory that an interrupted set-up left half made."""
    if path.exists():
        subprocess.run(["rm", "-rf", "--", str(path)], check=True)
