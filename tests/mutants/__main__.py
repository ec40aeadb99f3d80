"""Plant every known bug, one after the other, and show which test notices.

Exit codes: 0 all were caught, 1 one survived or is stale, 2 wrong usage.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

import click

from tests.mutants.catalog import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import Verdict, copied_tree, plant, run_tests


@click.command()
@click.option("--only", default="", help="Only mutants whose name or file holds this text.")
@click.option("--at-once", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, help="Trees at a time.")
@click.option("--loud", is_flag=True, help="Show what pytest said, also of those that were caught.")
def main(only: str, at_once: int, loud: bool) -> None:
    """Plant bugs in copies of the tree and run the tests that must notice.

    Example: python -m tests.mutants --only agents/likes.py
    """
    chosen = [mutant for mutant in MUTANTS if only in mutant.name or only in mutant.file]
    if not chosen:
        raise click.UsageError(f"no mutant's name or file holds {only!r}")
    began = time.monotonic()
    with ExitStack() as stack:
        trees: SimpleQueue = SimpleQueue()
        copies = [stack.enter_context(copied_tree()) for _ in range(min(at_once, len(chosen)))]
        refuse_unless_green(chosen, copies[0])
        for tree in copies:
            trees.put(tree)

        def one(mutant: Mutant) -> Verdict:
            tree = trees.get()
            try:
                return plant(mutant, tree)
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(len(copies)) as threads:
            verdicts = [show(verdict, loud) for verdict in threads.map(one, chosen)]
    caught = sum(verdict.state == "caught" for verdict in verdicts)
    click.echo(f"{caught} of {len(verdicts)} caught in {time.monotonic() - began:.0f} s")
    sys.exit(0 if caught == len(verdicts) else 1)


def refuse_unless_green(chosen: list[Mutant], tree) -> None:
    """A test that fails without a bug, or is skipped, proves nothing: so run all of them once as they are."""
    tests = tuple(sorted({test for mutant in chosen for test in mutant.tests}))
    code, said = run_tests(tests, tree)
    if code:
        raise click.ClickException(f"the tests fail without any planted bug:\n{said}")


def show(verdict: Verdict, loud: bool) -> Verdict:
    """Print one verdict as it comes."""
    click.echo(f"{verdict.state:9} {verdict.seconds:5.1f} s  {verdict.mutant.file:32} {verdict.mutant.name}")
    if loud or verdict.state in ("stale", "broken"):
        click.echo(verdict.said)
    return verdict


if __name__ == "__main__":
    main(prog_name="python -m tests.mutants")
