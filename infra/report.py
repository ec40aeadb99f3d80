"""What the stack is doing now: each component, and each projection's lag and freshness as the API tells it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from infra import catalog
from infra.components import Process
from infra.ready import DIRECTLY
from infra.settings import Settings
from infra.setup.places import CHECKOUT
from infra.supervision import Supervisor

# Dead letters are read at some 100,000 a second; more than that are no matter of a status any more.
COUNT_SECONDS = 10.0


@dataclass(frozen=True)
class State:
    """One component, as `make status` shows it."""

    name: str
    state: str
    pid: int | None
    up_seconds: int | None
    url: str
    waits_for: str | None

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"


def component_states(settings: Settings) -> list[State]:
    supervisor = Supervisor(settings.data)
    found = supervisor.states()
    shape = supervisor.shape()
    roles = shape.pop("roles", [])
    started = settings.model_copy(update=shape)
    ours = catalog.ours(started, roles) if roles else []
    components = [*catalog.core(started), *(component for component in ours if isinstance(component, Process))]
    return [state_of(process, found.get(process.name)) for process in components if process.name in found or not found]


def state_of(process: Process, info: dict[str, Any] | None) -> State:
    if info is None or info["statename"] != "RUNNING":
        return State(process.name, info["statename"].lower() if info else "down", None, None, process.url, None)
    reason = process.ready()
    up_seconds = max(0, int(time.time()) - int(info["start"]))
    return State(process.name, "not ready" if reason else "ready", info["pid"], up_seconds, process.url, reason)


def projection_states(settings: Settings) -> list[dict[str, Any]] | None:
    """Lag and freshness by projection; None while the API does not answer."""
    try:
        with DIRECTLY.open(f"{settings.api_url}/v1/status", timeout=3) as answer:
            return list(json.load(answer)["projections"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None


def dead_letters(settings: Settings) -> dict[str, int] | None:
    """How many dead letters are open, and how many there are; None while the log does not answer."""
    command = [*catalog.python("streams", "dead", "count", "--json")]
    environment = os.environ | settings.as_environment()
    try:
        told = subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=COUNT_SECONDS, check=True
        )
        return dict(json.loads(told.stdout))
    except (subprocess.SubprocessError, ValueError):
        return None


def dead_letter_line(found: dict[str, int] | None) -> str:
    if found is None:
        return "dead letters: unknown, since the log does not answer"
    hint = "  (python -m streams dead list --open)" if found["open"] else ""
    return f"dead letters: {found['open']} open of {found['all']}{hint}"


def component_lines(states: list[State]) -> list[str]:
    lines = [f"{'component':<14} {'state':<10} {'pid':>8} {'up':>9}  where"]
    for state in states:
        uptime = "-" if state.up_seconds is None else f"{state.up_seconds} s"
        lines.append(f"{state.name:<14} {state.state:<10} {state.pid or '-':>8} {uptime:>9}  {state.url}")
        if state.waits_for:
            lines.append(f"{'':<14} {state.waits_for}")
    return lines


def projection_lines(projections: list[dict[str, Any]] | None) -> list[str]:
    if projections is None:
        return ["projections: unknown, since the API does not answer"]
    lines = [f"{'projection':<14} {'state':<10} {'version':>8} {'lag':>9}  behind"]
    for one in projections:
        seconds = one.get("lag_seconds")
        behind = "-" if seconds is None else f"{seconds:.1f} s"
        lag = "-" if one.get("lag_events") is None else one["lag_events"]
        lines.append(f"{one['name']:<14} {one.get('state', '-'):<10} {one.get('version', '-'):>8} {lag:>9}  {behind}")
    return lines
