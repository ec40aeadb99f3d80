"""Stop the local stack without a process left, and delete its data when asked to."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra import catalog, processes
from infra.components import StackError
from infra.postgres_server import clusters_root
from infra.settings import Settings
from infra.stack import PATIENCE_SECONDS, Say, locked
from infra.supervision import Supervisor


def down(settings: Settings, say: Say) -> None:
    """Stop ours, then what others wrote, then the supervisor; keep the data."""
    with locked(settings):
        stop(settings, say)


def stop(settings: Settings, say: Say) -> None:
    supervisor = Supervisor(settings.data)
    states = supervisor.states()
    started = settings.model_copy(update={name: value for name, value in supervisor.shape().items() if name != "roles"})
    core = [process.name for process in catalog.core(started)]
    if not states and not processes.carry_mark(settings.data):
        say("nothing runs")
        return
    for names in ([name for name in states if name not in core], [name for name in core if name in states]):
        supervisor.stop_together(names)
    supervisor.shut_down(PATIENCE_SECONDS)
    leftover = processes.carry_mark(settings.data)
    if left := processes.end(leftover, PATIENCE_SECONDS):
        raise StackError(f"These would not stop: {', '.join(processes.describe(pid) for pid in left)}")
    say(f"stopped {len(states)} components; no process is left, the data stays in {settings.data}")


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
