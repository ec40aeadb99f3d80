"""States whose files are missing, or are not what was written: how one is known, marked, and moved out of the way.

A database that opens may still hold a damaged block, which is found when it is read, perhaps hours later. Whoever finds it
leaves a mark in its directory and ends; the next opening does not open it, but sets it aside and begins anew.
"""

import shutil
from contextlib import suppress
from pathlib import Path

# RocksDB leaves alone what it does not know in its directory; it goes where the directory goes.
MARK = "RUINED"
# What RocksDB says of files that are missing or wrong.
SIGNS = ("Corruption", "No such file or directory")


class StateDamaged(Exception):
    """There are files of a database, and it cannot be opened."""


class StateRuined(StateDamaged):
    """Files of a database are missing or are not what was written: no other try will open it."""


def is_ruin(error: Exception) -> bool:
    """Whether what RocksDB says will not pass; too many open files, or a disk that gives no answer, may."""
    return any(sign in str(error) for sign in SIGNS)


def mark_ruined(path: Path, error: Exception) -> StateRuined:
    """Leave a mark for the next opening of a state, and return what is to be raised."""
    # A disk that takes no mark has another failure to tell, and the ruin is found again.
    with suppress(OSError):
        (path / MARK).write_text(str(error))
    return StateRuined(f"the state in {path} is damaged: {error}; the next start sets it aside and begins anew")


def check_not_marked(path: Path) -> None:
    """Raise `StateRuined` for a state that was found damaged when it was read."""
    mark = path / MARK
    if mark.exists():
        raise StateRuined(f"the state in {path} was found damaged: {mark.read_text()}")


def was_set_aside(path: Path) -> bool:
    """Whether a ruined state of this place was set aside."""
    return any(path.parent.glob(f"{path.name}.damaged-*"))


def set_aside(path: Path) -> Path:
    """Move a ruined state to `<path>.damaged-<n>`, for people to look at, and return that; older ones of the place go."""
    older = list(path.parent.glob(f"{path.name}.damaged-*"))
    last = max((int(number) for one in older if (number := one.name.rpartition("-")[2]).isdigit()), default=0)
    aside = path.rename(path.with_name(f"{path.name}.damaged-{last + 1}"))
    for one in older:
        # One is enough to look at, and a bad disk must not be filled with more.
        shutil.rmtree(one, ignore_errors=True)
    return aside
