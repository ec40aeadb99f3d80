"""How the demo says what it is doing: bars with rate and time left on a terminal, quiet lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

LINE_EVERY_SECONDS = 10.0


class RateColumn(ProgressColumn):
    """Done per second, over the last moments."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="cyan")


class Phase:
    """One phase as it goes on; `seconds` and `rate` stand when it has ended."""

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total, self.done = title, total, 0
        self.started = time.monotonic()
        self.seconds = 0.0

    def advance(self) -> None:
        self.done += 1

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0


class BarPhase(Phase):
    """A phase shown as a bar."""

    def __init__(self, title: str, total: int, progress: Progress) -> None:
        super().__init__(title, total)
        self._progress = progress
        self._task = progress.add_task(title, total=total)

    def advance(self) -> None:
        super().advance()
        self._progress.advance(self._task)


class LinePhase(Phase):
    """A phase told in a line now and then."""

    def __init__(self, title: str, total: int, console: Console) -> None:
        super().__init__(title, total)
        self._console, self._told = console, self.started

    def advance(self) -> None:
        super().advance()
        now = time.monotonic()
        if now - self._told >= LINE_EVERY_SECONDS and self.done < self.total:
            self._told = now
            rate = self.done / (now - self.started)
            left = (self.total - self.done) / rate
            self._console.print(
                f"  {self.title}: {self.done:,} of {self.total:,}, {rate:,.0f}/s, {left:.0f} s left", highlight=False
            )


class Telling:
    """Where phases are told, and remembered for the figures at the end."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.phases: list[Phase] = []

    @contextmanager
    def phase(self, title: str, total: int) -> Iterator[Phase]:
        """Tell of one phase from its start to its end."""
        if self.console.is_terminal:
            columns = (
                TextColumn("{task.description:<34}"),
                BarColumn(),
                MofNCompleteColumn(),
                RateColumn(),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=self.console, transient=True) as progress:
                phase: Phase = BarPhase(title, total, progress)
                yield phase
        else:
            phase = LinePhase(title, total, self.console)
            yield phase
        phase.seconds = time.monotonic() - phase.started
        self.phases.append(phase)
        self.console.print(f"{title:<34} {phase.done:>6,}  {phase.seconds:6.1f} s  {phase.rate:8,.1f}/s", highlight=False)
