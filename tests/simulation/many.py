"""Many runs on all cores, and what they came to: failing seeds, faults that fired, cases that were met."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from schemas.crash_points import CrashPoint
from tests.simulation.cases import FLOORS, cases_of
from tests.simulation.run import fast_codec, run_seed

CHUNK = 20
# Every one of these must have fired, in 1,000 runs at least so often.
FAULTS = {
    "deed done again": 500,
    "nonsense appended": 50,
    "repeat dropped": 300,
    "rebalance": 100,
    "zombie wrote": 50,
    "zombie wrote late": 50,
    "events arrived late": 15,
    "rows arrived late": 15,
    "late rows refused": 2,
    "no answer from the stores": 50,
    "no answer from the log": 50,
    "half of the events": 50,
    "redis lost": 30,
    "postgres lost": 30,
    "postgres and redis lost": 30,
    "reprint of a shard": 50,
    "reprint of a projection": 15,
    "state lost": 100,
    "state restored": 50,
} | {point.value: 10 for point in CrashPoint}
# Of so many runs at most one may come upon what `tests.oracle.left_to_the_edge` says; more would be runs for nothing.
AVOIDED_ONE_IN = 30


@dataclass
class Tally:
    """What some runs came to."""

    runs: int = 0
    failing: list[int] = field(default_factory=list)
    avoided: list[int] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.runs += other.runs
        self.failing += other.failing
        self.avoided += other.avoided
        self.fired += other.fired
        self.cases += other.cases

    def missing(self) -> list[str]:
        """Return what happened too rarely for so many runs; what is scaled to less than once must not have happened."""
        wanted = [(self.fired, name, floor) for name, floor in FAULTS.items()]
        wanted += [(self.cases, name, floor) for name, floor in FLOORS.items()]
        short = []
        for found, name, of_thousand in wanted:
            # In few runs chance is large: half of what many runs give is asked for.
            floor = of_thousand * self.runs // 2_000
            if found[name] < floor:
                short.append(f"{name}: {found[name]} times, wanted at least {floor} in {self.runs:,} runs")
        if len(self.avoided) > max(3, self.runs // AVOIDED_ONE_IN):
            short.append(f"{len(self.avoided)} of {self.runs:,} histories hold what the edge refuses")
        return short


def tally_of(seeds: range) -> Tally:
    """Run some seeds in this process."""
    tally = Tally()
    for seed in seeds:
        run = run_seed(seed, _codec())
        tally.runs += 1
        tally.fired += run.fired
        tally.cases.update(cases_of(run.world, run.setting.depth))
        if run.avoided:
            tally.avoided.append(seed)
        elif run.differences:
            tally.failing.append(seed)
    return tally


_KEPT: list = []


def _codec():
    """Return this process's codec, which takes longer to open than a run does."""
    if not _KEPT:
        _KEPT.append(fast_codec())
    return _KEPT[0]


def tallies(first: int, runs: int, processes: int) -> Iterator[Tally]:
    """Yield what parts of many runs came to, as they are done; one process is this one."""
    parts = [range(start, min(start + CHUNK, first + runs)) for start in range(first, first + runs, CHUNK)]
    if processes == 1:
        yield from map(tally_of, parts)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(tally_of, parts)


def run_many(first: int, runs: int, processes: int, told: Callable[[Tally], bool] = lambda tally: True) -> Tally:
    """Return what many runs came to; `told` hears of each part and says whether to go on."""
    whole = Tally()
    for part in tallies(first, runs, processes):
        whole.add(part)
        if not told(whole):
            break
    return whole
