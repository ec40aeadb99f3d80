"""What a component of the stack is: a supervised process, or a preparation that must succeed before others start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Says why something is not ready yet; None when it is.
Check = Callable[[], str | None]

# The variable that marks every process of a stack, with the stack's data directory as its value.
MARK = "DARKROOM_STACK"


class StackError(Exception):
    """The stack cannot do what was asked; the message says what, where and what to do next."""


class PrerequisiteMissing(StackError):
    """Something must be installed first (exit code 3)."""


@dataclass(frozen=True)
class Process:
    """A process that the supervisor keeps alive."""

    name: str
    command: tuple[str, ...]
    ports: tuple[int, ...]
    ready: Check
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 15
    ready_seconds: float = 60.0
    url: str = ""
    health_url: str = ""


@dataclass(frozen=True)
class Preparation:
    """A command that `up` runs to its end, every time; it must be repeatable."""

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    limit_seconds: float = 120.0


Component = Process | Preparation
