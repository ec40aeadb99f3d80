"""`python -m tests.chaos`: people act, components are killed, and what was acknowledged must be there, once.

Exit codes: 0 everything held, 1 something did not, 2 wrong usage, 3 the stack did not start.
"""

import json
import random
import signal
import sys
import time

import click
from rich.console import Console

from tests.chaos import own_stack
from tests.chaos.figures import Figures, show
from tests.chaos.plan import Means
from tests.chaos.run import Run
from tests.chaos.stage import NotPlayed

QUIET_SECONDS = 30.0
LINE_WIDTH = 120


class Telling:
    """Progress on stderr: every line on a terminal, else one in half a minute; `loud` lines always."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = 0.0

    def __call__(self, line: str) -> None:
        now = time.monotonic()
        is_status = " of " in line[:12]
        if is_status and not sys.stderr.isatty() and now - self._last < QUIET_SECONDS:
            return
        self._last = now
        click.echo(f"{now - self._began:6.1f} s  {line}", err=True)


@click.command()
@click.option("--minutes", default=5.0, show_default=True, type=click.FloatRange(0.2, 1440), help="How long faults strike.")
@click.option("--seed", type=int, help="Which faults, when; drawn unless said.")
@click.option("--brokers", default=3, show_default=True, type=click.Choice([1, 3]), help="Kafka brokers of the stack.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 4), help="Workers of each role.")
@click.option("--without", multiple=True, type=click.Choice([means.name.lower() for means in Means]), help="Leave out a fault.")
@click.option("--keep", is_flag=True, help="Keep the stack's data also when everything held.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON instead of the tables.")
def main(
    minutes: float, seed: int | None, brokers: int, workers: int, without: tuple[str, ...], keep: bool, as_json: bool
) -> None:
    """Kill workers, API, Redis, brokers, PostgreSQL and the object store under load, on a stack of its own.

    Afterwards every acknowledged write must be seen once, every count equal its list, and every digest that of a rebuild from
    offset zero. At least 12 faults a minute must hit. Exit code 1 with the first differences when something did not hold;
    the stack's data and logs are kept then.

    Example: python -m tests.chaos --minutes 2 --seed 7
    """
    seed = random.randrange(10**6) if seed is None else seed
    telling = Telling()
    # Told to end, the run takes its stack down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        telling(f"seed {seed}: starting a stack with {brokers} brokers and {workers} workers a role")
        settings = own_stack.start(own_stack.surroundings(brokers, workers))
    except own_stack.NoStack as missing:
        click.echo(str(missing), err=True)
        own_stack.stop(keep=True)
        sys.exit(3)
    held = False
    try:
        figures = Run(settings, seed, minutes, telling, frozenset(Means[name.upper()] for name in without)).play()
        held = figures.held
        tell(figures, as_json)
    except NotPlayed as trouble:
        click.echo(f"Error: {trouble}", err=True)
    finally:
        own_stack.stop(keep=keep or not held)
        if keep or not held:
            again = f"python -m tests.chaos --minutes {minutes:g} --seed {seed}"
            click.echo(f"Kept: {settings.data} (logs/, faults.log, differences.log, ledger.jsonl). Again: {again}", err=True)
    sys.exit(0 if held else 1)


def tell(figures: Figures, as_json: bool) -> None:
    """Print the figures."""
    if as_json:
        click.echo(json.dumps(figures.as_json(), indent=2))
    else:
        show(Console(width=None if sys.stdout.isatty() else LINE_WIDTH), figures)


if __name__ == "__main__":
    main(prog_name="python -m tests.chaos")
