"""Planting one bug in a copy of the tree, and asking the named tests whether they notice."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("schemas", "streams", "projections", "agents", "api", "infra", "tests", "pyproject.toml")
# Longer than any of the tests takes; a bug that makes one wait for ever is noticed, too.
LONGEST_SECONDS = 120
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant: `state` is caught, survived, stale or broken; `said` is the end of what pytest said."""

    mutant: Mutant
    state: str
    seconds: float
    said: str = ""


def is_stale(mutant: Mutant, root: Path = ROOT) -> bool:
    """Return whether a mutant's old text does not stand exactly once in its file, or changes nothing."""
    path = root / mutant.file
    return not path.exists() or path.read_text().count(mutant.old) != 1 or mutant.old == mutant.new


@contextmanager
def copied_tree() -> Iterator[Path]:
    """Give a copy of what the tests need, which is deleted afterwards. Compiled files come along with their times."""
    with TemporaryDirectory(prefix="darkroom-mutants-") as place:
        for name in COPIED:
            source, target = ROOT / name, Path(place) / name
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        yield Path(place)


def plant(mutant: Mutant, tree: Path) -> Verdict:
    """Plant a bug in a copied tree, run its tests there, and take the bug out again."""
    began = time.monotonic()
    if is_stale(mutant, tree):
        return Verdict(mutant, "stale", 0.0, f"{mutant.file} does not hold the old text exactly once")
    path = tree / mutant.file
    whole = path.read_text()
    path.write_text(whole.replace(mutant.old, mutant.new))
    try:
        code, said = run_tests(mutant.tests, tree)
    finally:
        path.write_text(whole)
    state = {PASSED: "survived", FAILED: "caught"}.get(code, "broken")
    return Verdict(mutant, state, time.monotonic() - began, said)


def run_tests(tests: tuple[str, ...], tree: Path) -> tuple[int, str]:
    """Run tests in a tree until the first one fails; pytest's exit code, and the end of what it said."""
    # A skipped test notices nothing, so nothing may be compiled beside a planted bug, nor read from a stack that runs.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "DARKROOM_ENV": "test", "DARKROOM_DATA": str(tree / "none")}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    try:
        ran = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return FAILED, f"not done within {LONGEST_SECONDS} s"
    return ran.returncode, (ran.stdout + ran.stderr)[-2_000:]
