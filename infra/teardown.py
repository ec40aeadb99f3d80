"""Stop the local stack without a process left, and delete its data when asked to."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from infra import catalog, processes
from infra.components import StackError
from infra.postgres_server import clusters_root
from infra.settings import Settings
from infra.stack import PATIENCE_SECONDS, Say, locked
from infra.supervision import Supervisor

STOP_SECONDS = 45.0
STOPPED = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")


def down(settings: Settings, say: Say) -> None:
    """Stop ours, then what others wrote, then the supervisor; keep the data."""
    with locked(settings):
        stop(settings, say)


def stop(settings: Settings, say: Say) -> None:
    supervisor = Supervisor(settings.data)
    states = supervisor.states()
    core = [process.name for process in catalog.core(settings)]
    if not states and not processes.carry_mark(settings.data):
        say("nothing runs")
        return
    for names in ([name for name in states if name not in core], [name for name in core if name in states]):
        stop_together(supervisor, names)
    supervisor.shut_down(PATIENCE_SECONDS)
    leftover = processes.carry_mark(settings.data)
    if left := processes.end(leftover, PATIENCE_SECONDS):
        raise StackError(f"These would not stop: {', '.join(processes.describe(pid) for pid in left)}")
    say(f"stopped {len(states)} components; no process is left, the data stays in {settings.data}")


def stop_together(supervisor: Supervisor, names: Iterable[str]) -> None:
    """Ask all to stop at once, then wait for each; the supervisor kills those that take too long."""
    names = list(names)
    for name in names:
        if supervisor.states()[name]["statename"] not in STOPPED:
            supervisor.rpc.stopProcess(name, False)
    deadline = time.monotonic() + STOP_SECONDS
    while running := [name for name in names if supervisor.states()[name]["statename"] not in STOPPED]:
        if time.monotonic() > deadline:
            raise StackError(f"Waited {STOP_SECONDS:.0f} s for {', '.join(running)} to stop, in vain. See make logs")
        time.sleep(0.05)


def places_to_delete(settings: Settings) -> list[Path]:
    """The data directory, and PostgreSQL's clusters where they are not inside it."""
    clusters = clusters_root(settings)
    return [settings.data] if clusters.is_relative_to(settings.data) else [clusters, settings.data]


def clean(settings: Settings, say: Say) -> None:
    """Stop if need be, then delete; each place is said before it goes."""
    with locked(settings):
        stop(settings, say)
        for place in places_to_delete(settings):
            if place.exists():
                say(f"deleting {place}")
                shutil.rmtree(place)
    say("Tools in the cache directory and .venv stay.")
