"""`python -m tests.bench`: measure everything, or one thing, print a table, and keep it as bench.json."""

import json
import signal
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from infra.settings import Settings
from tests.bench.figures import GOALS, Figure, Say, in_words
from tests.bench.likes_log import LikesLog, append_likes
from tests.bench.own_stack import NoStack, own_stack, places

LIKES = 1_000_000
PREREQUISITE_MISSING = 3


class Bench:
    """The measures over one stack; the log of likes is made once, when it is first wanted."""

    def __init__(self, settings: Settings, likes: int, say: Say) -> None:
        self.settings = settings
        self.say = say
        self._likes = likes

    @cache  # noqa: B019  # One bench a process.
    def log(self) -> LikesLog:
        """Return the log of likes."""
        self.say(f"appending {self._likes:,} likes")
        log = append_likes(self.settings, self._likes)
        self.say(f"appended, of {len(log.counts):,} photos")
        return log


def measures() -> dict[str, Callable[[Bench], list[Figure]]]:
    """Return the measures by the name of their first figure, in the order in which they run."""
    from tests.bench import (
        measure_deliveries,
        measure_feed,
        measure_likes,
        measure_replay,
        measure_restore,
        measure_variants,
    )

    return {
        "likes_per_core": lambda b: [measure_likes.likes_per_core(b.settings, b.log(), b.say)],
        "framework_us": lambda b: [measure_likes.framework_us(b.settings, b.log(), b.say)],
        "replay_parquet": lambda b: [measure_replay.replay_parquet(b.settings, b.log(), b.say)],
        "restore_10m": lambda b: [measure_restore.restore_10m(b.settings, b.say)],
        "deliveries": lambda b: measure_deliveries.deliveries(b.settings, b.say),
        "feed": lambda b: [measure_feed.feed(b.settings, b.say)],
        "variants": lambda b: [measure_variants.variants(b.say)],
    }


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Only this measure; may be repeated.")
@click.option("--likes", default=LIKES, show_default=True, type=click.IntRange(1_000), help="Likes in the log.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON instead of the table.")
def main(only: tuple[str, ...], likes: int, as_json: bool) -> None:
    """Measure, side by side with plain loops, on a stack that is started for it and deleted afterwards.

    Exit code 1 when a result is not exact; never because something is slow.

    Example: python -m tests.bench --only likes_per_core --only feed
    """
    known = measures()
    if unknown := set(only) - set(known):
        raise click.UsageError(f"no measure {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}", err=True)

    # Told to end, the bench takes its stack down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory, variables = places()
    try:
        figures = run([name for name in known if not only or name in only], variables, likes, say)
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


def run(names: list[str], variables: dict[str, str], likes: int, say: Say) -> list[Figure]:
    """Measure one after the other; what is not exact is said at once."""
    figures = []
    with own_stack(variables, say) as settings:
        bench = Bench(settings, likes, say)
        for name in names:
            say(f"{name} ...")
            for figure in measures()[name](bench):
                figures.append(figure)
                exact = {None: "", True: "; exact: yes", False: "; EXACT: NO"}[figure.exact]
                value = in_words(figure.value)
                say(f"{figure.name}: {value} {figure.unit}, {figure.ratio:.2f} of {figure.against}{exact}. {figure.note}")
    return figures


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
