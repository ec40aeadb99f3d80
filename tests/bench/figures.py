"""What one measure found, the clocks that found it, and the goals it is held against."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# What the issues ask for, by figure: the least or largest value, ratio to the baseline, or difference from it.
GOALS: dict[str, tuple[str, float]] = {
    "likes_per_core": ("value >=", 100_000),
    "deliveries": ("value >=", 250_000),
    "deliveries_redis": ("value >=", 400_000),
    "feed": ("ratio >=", 0.35),
    "variants": ("ratio <=", 1.3),
    "replay_parquet": ("value >=", 500_000),
    "restore_10m": ("value <=", 60),
    "turns": ("value <=", 1),
    "merge": ("more <=", 50),
    "backfill": ("value <=", 2),
}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """A value beside a baseline of the same unit. `against` says what the baseline is, `note` what else was seen.

    `exact` is False when what was computed is not what a plain model computes; None where nothing is computed.
    """

    name: str
    value: float
    unit: str
    baseline: float
    against: str
    note: str = ""
    exact: bool | None = None

    @property
    def ratio(self) -> float:
        """The value as a part of the baseline."""
        return self.value / self.baseline

    def meets_goal(self) -> bool | None:
        """Return whether the goal is met; None without one."""
        if self.name not in GOALS:
            return None
        what, wanted = GOALS[self.name]
        found = {"value": self.value, "ratio": self.ratio, "more": self.value - self.baseline}[what.split()[0]]
        return found <= wanted if what.endswith("<=") else found >= wanted

    def as_json(self) -> dict[str, float | str]:
        """Return it as `bench.json` keeps it."""
        return {
            "value": round(self.value, 3),
            "unit": self.unit,
            "baseline": round(self.baseline, 3),
            "ratio": round(self.ratio, 4),
        }


@dataclass
class Spent:
    """Seconds by the clock, and of CPU by all threads of this process."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure what happens inside."""
    spent = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield spent
    finally:
        spent.wall, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu


def in_words(rate: float) -> str:
    """Return a rate for people: 1,234,567 as 1.23 M, 12,345 as 12.3 K."""
    for size, letter in ((1e6, " M"), (1e3, " K")):
        if rate >= size:
            return f"{rate / size:.3g}{letter}"
    return f"{rate:.3g}"
