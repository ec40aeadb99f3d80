"""Run all tests in two processes: those that need the stack mostly wait for it, while the others compute.

Arguments go to pytest, in both. Exit codes are pytest's; the worse one counts.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# All of them use the stores of the one stack, which integration tests kill and empty: they cannot run side by side.
ON_THE_STACK = (
    "tests/contracts",
    "tests/integration",
    "tests/properties/test_late_writes_change_nothing.py",
    "tests/properties/test_rings_equal_a_sorted_set.py",
)
NOTHING_CHOSEN = 5


def main(arguments: list[str]) -> int:
    """Run both halves and return the worse exit code; a half without a chosen test does not count."""
    with tempfile.TemporaryFile("w+") as said:
        ignored = [f"--ignore={path}" for path in ON_THE_STACK]
        others = subprocess.Popen(pytest("tests", *ignored, *arguments), cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        on_the_stack = subprocess.run(pytest(*ON_THE_STACK, *arguments), cwd=ROOT, check=False).returncode
        codes = [on_the_stack, others.wait()]
        said.seek(0)
        sys.stdout.write(f"\n--- without the stack, meanwhile\n{said.read()}")
    counted = [code for code in codes if code != NOTHING_CHOSEN]
    return max(counted, default=NOTHING_CHOSEN)


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
