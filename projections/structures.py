"""The structure of each projection, found by the name in the catalogue: module `projections.<name>`, constant `STRUCTURE`."""

import functools
import importlib
from collections.abc import Iterable

from projections.catalog import PROJECTIONS
from projections.structure import Structure, Table

NAMES = tuple(projection.name for projection in PROJECTIONS)


@functools.cache
def structure_of(name: str) -> Structure:
    """Return the structure of a projection; KeyError, with the names there are, when the catalogue has none."""
    if name not in NAMES:
        raise KeyError(f"no projection {name!r}; there are: {', '.join(NAMES)}")
    return importlib.import_module(f"projections.{name}").STRUCTURE


def all_structures() -> dict[str, Structure]:
    """Return every projection's structure, in the order of the catalogue."""
    return {name: structure_of(name) for name in NAMES}


def tables(names: Iterable[str] = NAMES) -> list[Table]:
    """Return the structures that are PostgreSQL tables."""
    return [structure for name in names if isinstance(structure := structure_of(name), Table)]
