"""What a planted bug is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One planted bug. `tests` are pytest's names; a test that fails catches it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
