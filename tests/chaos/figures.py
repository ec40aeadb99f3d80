"""What a run found, as values, as a table and as JSON."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.chaos.compare import Difference, Kind
from tests.chaos.plan import Fault, Group, Means

if TYPE_CHECKING:
    from tests.chaos.recovery import Recovery

SHOWN = 20


@dataclass
class Figures:
    """All figures of one run. `equal` of `projections` digests were those of a rebuild."""

    seed: int
    minutes: float = 0.0
    brokers: int = 0
    workers: int = 0
    counts: Counter = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    missed: int = 0
    wanted: int = 0
    recoveries: "Sequence[Recovery]" = ()
    differences: list[Difference] = field(default_factory=list)
    compared: Mapping[str, int] = field(default_factory=dict)
    doubled_without_key: int = 0
    crossings: Mapping[str, int] = field(default_factory=dict)
    equal: int = 0
    projections: int = 0
    dead_letters: int = 0

    @property
    def held(self) -> bool:
        """Return whether nothing was wrong and enough faults hit."""
        return not self.differences and len(self.faults) >= self.wanted

    def of(self, kind: Kind) -> int:
        """Return how many differences there are of a kind."""
        return sum(one.kind is kind for one in self.differences)

    def as_json(self) -> dict:
        """Return everything as JSON takes it."""
        return {
            "seed": self.seed,
            "minutes": round(self.minutes, 2),
            "brokers": self.brokers,
            "workers": self.workers,
            "counts": dict(self.counts),
            "faults_fired": len(self.faults),
            "faults": {f"{means} {group}": n for (group, means), n in sorted(self.by_kind().items())},
            "recovery_seconds": {
                f"{means} {group}": {"p50": round(p50, 2), "max": round(worst, 2)}
                for (group, means), (p50, worst) in sorted(self.times().items())
            },
            "lost": self.of(Kind.LOST),
            "doubled": self.of(Kind.DOUBLED),
            "doubled_without_key": self.doubled_without_key,
            "compared": dict(self.compared),
            "crossings": dict(self.crossings),
            "digests_equal": self.equal,
            "projections": self.projections,
            "dead_letters": self.dead_letters,
            "differences": [f"{one.kind}: {one.text}" for one in self.differences],
            "held": self.held,
        }

    def by_kind(self) -> Counter[tuple[Group, Means]]:
        """Return how many faults hit, by what was hit and how."""
        return Counter((fault.group, fault.means) for fault in self.faults)

    def times(self) -> dict[tuple[Group, Means], tuple[float, float]]:
        """Return the recovery times in seconds, p50 and the longest, by what was hit and how."""
        found: dict[tuple[Group, Means], list[float]] = {}
        for one in self.recoveries:
            taken = math.inf if one.back is None else one.back - one.at
            found.setdefault((one.fault.group, one.fault.means), []).append(taken)
        return {kind: (sorted(times)[len(times) // 2], max(times)) for kind, times in found.items()}


def show(console: Console, figures: Figures) -> None:
    """Print the tables, and the first differences."""
    counts = figures.counts
    faults = Table(title=f"{len(figures.faults)} faults that hit in {figures.minutes:.1f} minutes (seed {figures.seed})")
    for heading in ("hit", "how", "times", "back p50", "back max"):
        faults.add_column(heading, justify="left" if heading in ("hit", "how") else "right")
    for (group, means), (p50, worst) in sorted(figures.times().items()):
        faults.add_row(group, means, str(figures.by_kind()[group, means]), f"{p50:.1f} s", f"{worst:.1f} s")
    console.print(faults)
    rows = (
        ("brokers, workers a role", f"{figures.brokers}, {figures.workers}"),
        ("requests", f"{counts['requests']:,}"),
        ("writes acknowledged", f"{counts['acknowledged']:,}"),
        ("writes refused", f"{counts['refused']:,}"),
        ("writes of unknown outcome", f"{counts['unknown']:,}"),
        ("retries", f"{counts['retries']:,}"),
        ("looks of readers", f"{counts['looks']:,}"),
        ("own writes read, said to be stale", f"{counts['own writes read']:,}, {counts['of these, said to be stale']:,}"),
        ("celebrity: up, down", f"{figures.crossings.get('up', 0)}, {figures.crossings.get('down', 0)}"),
        ("lists and counts compared", f"{figures.compared.get('lists', 0):,}, {figures.compared.get('counts', 0):,}"),
        ("lost", str(figures.of(Kind.LOST))),
        ("doubled", str(figures.of(Kind.DOUBLED))),
        ("twice, since Redis lost the key", str(figures.doubled_without_key)),
        ("counts that are not their lists", str(figures.of(Kind.COUNT))),
        ("shown to whom it must not be", str(figures.of(Kind.LEAK))),
        ("dead letters", str(figures.dead_letters)),
        ("digests equal to a rebuild", f"{figures.equal} of {figures.projections}"),
    )
    table = Table(title="What was acknowledged and what is seen", show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    for one in figures.differences[:SHOWN]:
        console.print(f"{one.kind}: {one.text}", markup=False, highlight=False)
    if len(figures.differences) > SHOWN:
        console.print(f"... and {len(figures.differences) - SHOWN} more", highlight=False)
    if len(figures.faults) < figures.wanted:
        console.print(f"Only {len(figures.faults)} faults hit, wanted {figures.wanted}.", highlight=False)
