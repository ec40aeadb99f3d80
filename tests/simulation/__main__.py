"""Runs seeded histories through everything that can go wrong, and compares with the oracle; shrinks what fails.

Exit codes: 0 all as the oracle says, 1 a history differs, or a fault or case came too rarely, 2 wrong words.
"""

import json
import sys
import time

import click

from tests.simulation.cases import FLOORS
from tests.simulation.many import FAULTS, Tally, run_many
from tests.simulation.run import fast_codec, run_seed
from tests.simulation.shrinking import MOST_SECONDS, shrunk
from tests.simulation.telling import told_run


@click.command()
@click.option("--histories", type=click.IntRange(1), default=300, show_default=True, help="How many.")
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, help="The seed to begin with.")
@click.option("--seed", type=click.IntRange(0), help="This one alone; when it differs, its moves.")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
@click.option("--shrink/--no-shrink", default=True, help="Whether a history that differs is made small first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def main(histories: int, first: int, seed: int | None, processes: int, shrink: bool, as_json: bool) -> None:
    """Run seeded histories through everything that can go wrong, and compare every projection with the oracle.

    Exit codes: 0 all as the oracle says; 1 one differs, or a fault or a case came too rarely; 2 wrong usage.

    Example: python -m tests.simulation --histories 2000
    """
    if seed is not None:
        sys.exit(run_one(seed, as_json, shrink))
    sys.exit(run_them(first, histories, processes, as_json, shrink))


def run_one(seed: int, as_json: bool, shrink: bool) -> int:
    """Run one seed, and show it when it fails."""
    codec = fast_codec()
    run = run_seed(seed, codec)
    if as_json:
        answer = {
            "seed": seed,
            "moves": len(run.moves),
            "avoided": run.avoided,
            "differences": [str(d) for d in run.differences],
        }
        click.echo(json.dumps(answer))
    elif run.avoided:
        click.echo(
            f"seed {seed}: {run.avoided[0]}: the edge refuses that (tests/oracle/left_to_the_edge.py), so nothing is compared"
        )
    elif run.differences:
        show(seed, shrink)
    else:
        click.echo(f"seed {seed}: {len(run.moves)} moves, {sum(run.fired.values())} faults, as the oracle says")
    return 1 if run.differences and not run.avoided else 0


def show(seed: int, shrink: bool) -> None:
    """Print a failing seed, made small."""
    codec = fast_codec()
    run = run_seed(seed, codec)
    if shrink:
        click.echo(f"seed {seed}: {len(run.moves)} moves; looking for fewer, up to {MOST_SECONDS:.0f} s", err=True)
        run = shrunk(run, codec)
    for line in told_run(run, seed):
        click.echo(line)


def run_them(first: int, runs: int, processes: int, as_json: bool, shrink: bool) -> int:
    """Run many seeds, and print what fired and what failed."""
    began = time.monotonic()
    tally = run_many(first, runs, processes, Progress(runs, began).told)
    seconds = time.monotonic() - began
    short = tally.missing()
    if as_json:
        counted = {"fired": dict(tally.fired), "cases": dict(tally.cases), "failing": sorted(tally.failing), "missing": short}
        click.echo(json.dumps({"histories": tally.runs, "avoided": len(tally.avoided), "seconds": round(seconds, 1)} | counted))
        return 1 if tally.failing or short else 0
    for line in table(tally):
        click.echo(line)
    click.echo(f"{tally.runs:,} histories in {seconds:.1f} s ({tally.runs / seconds:.0f}/s), {len(tally.avoided)} not compared")
    for line in short:
        click.echo(f"too rare: {line}")
    if not tally.failing:
        click.echo("all end as the oracle says")
        return 1 if short else 0
    click.echo(f"{len(tally.failing)} differ: seeds {', '.join(map(str, sorted(tally.failing)[:20]))}")
    show(min(tally.failing), shrink)
    return 1


class Progress:
    """Tells a terminal how far it is."""

    def __init__(self, runs: int, began: float) -> None:
        self._runs, self._began = runs, began

    def told(self, tally: Tally) -> bool:
        seconds = time.monotonic() - self._began
        if sys.stderr.isatty() and seconds > 2:
            rate = tally.runs / seconds
            left = (self._runs - tally.runs) / rate
            click.echo(f"\r{tally.runs:,} of {self._runs:,}, {rate:.0f}/s, {left:.0f} s left ", nl=False, err=True)
        return True


def table(tally: Tally) -> list[str]:
    """Return the lines of what fired and what was met."""
    lines = [f"{'fault':76} {'fired':>8} {'a history':>10}"]
    for name in sorted(FAULTS, key=lambda name: -tally.fired[name]):
        lines.append(f"{name:76} {tally.fired[name]:8,} {tally.fired[name] / tally.runs:10.2f}")
    lines += ["", f"{'case':76} {'histories':>8}"]
    lines += [f"{name:76} {tally.cases[name]:8,}" for name in sorted(FLOORS, key=lambda name: -tally.cases[name])]
    return [*lines, ""]


if __name__ == "__main__":
    main()
