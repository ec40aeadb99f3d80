"""`python -m tests.bench`: measure everything, or one thing, print a table, and keep it as bench.json."""

import json
import signal
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.bench.figures import GOALS, Figure, Say, in_words
from tests.bench.measures import Bench, Measure, by_stack, chosen, measures
from tests.bench.own_stack import NoStack, own_stack, places
from tests.bench.settling import NotFolded

LIKES = 1_000_000
PREREQUISITE_MISSING = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--only", multiple=True, metavar="NAME", help="The same as NAME.")
@click.option("--likes", default=LIKES, show_default=True, type=click.IntRange(1_000), help="Likes in the log.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON instead of the table.")
def main(names: tuple[str, ...], only: tuple[str, ...], likes: int, as_json: bool) -> None:
    """Measure, on a stack that is started for it and deleted afterwards. Without a NAME: all but those of `scale`.

    Exit code 1 when a result is not exact; never because something is slow.

    Example: python -m tests.bench likes_per_core feed
    """
    asked = {*names, *only}
    known = [*measures(), "scale"]
    if unknown := asked - set(known):
        raise click.UsageError(f"no measure {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}", err=True)

    # Told to end, the bench takes its stack down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory, variables = places()
    try:
        figures = run(chosen(asked), variables, likes, say)
    except NoStack as missing:
        click.echo(str(missing), err=True)
        sys.exit(PREREQUISITE_MISSING)
    keep(directory / "bench.json", figures)
    if as_json:
        click.echo(json.dumps({figure.name: figure.as_json() for figure in figures}, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table_of(figures))
    say(f"done; kept in {directory / 'bench.json'}")
    sys.exit(1 if any(figure.exact is False for figure in figures) else 0)


def run(some: list[Measure], variables: dict[str, str], likes: int, say: Say) -> list[Figure]:
    """Measure one after the other; what is not exact is said at once."""
    figures = []
    for stack, group in by_stack(some):
        with own_stack(variables | stack.variables(), stack.services, say) as settings:
            bench = Bench(settings, likes, say)
            for measure in group:
                say(f"{measure.name} ...")
                for figure in measured(measure, bench):
                    figures.append(figure)
                    say(told(figure))
    return figures


def measured(measure: Measure, bench: Bench) -> list[Figure]:
    """Return the figures of a measure; one that is not exact when it did not come to its end."""
    try:
        return measure.run(bench)
    except NotFolded as late:
        return [Figure(measure.name, 0, "nothing measured", 1, "what was wanted", note=str(late), exact=False)]


def told(figure: Figure) -> str:
    """Return a figure as one line."""
    exact = {None: "", True: "; exact: yes", False: "; EXACT: NO"}[figure.exact]
    value = in_words(figure.value)
    return f"{figure.name}: {value} {figure.unit}, {figure.ratio:.2f} of {figure.against}{exact}. {figure.note}"


def keep(path: Path, figures: list[Figure]) -> None:
    """Write the figures; those that were not measured this time stay as they were."""
    before = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(before | {figure.name: figure.as_json() for figure in figures}, indent=2) + "\n")


def table_of(figures: list[Figure]) -> Table:
    """Return the figures as a table."""
    table = Table(title="Darkroom beside plain loops, in one run on this machine")
    for heading in ("measure", "value", "unit", "baseline", "which is", "ratio", "goal", "met", "exact", "and"):
        table.add_column(heading, justify="right" if heading in ("value", "baseline", "ratio") else "left")
    words = {None: "", True: "yes", False: "no"}
    for one in figures:
        what, wanted = GOALS.get(one.name, ("", 0))
        table.add_row(
            one.name,
            in_words(one.value),
            one.unit,
            in_words(one.baseline),
            one.against,
            f"{one.ratio:.2f}",
            f"{what} {in_words(wanted)}" if what else "",
            words[one.meets_goal()],
            words[one.exact],
            one.note,
        )
    return table


if __name__ == "__main__":
    main(prog_name="python -m tests.bench")
