"""A lock beside the place of a state, held from before the state is opened until after it is closed.

RocksDB's own lock goes with the database: it is free while a directory is replaced by a rebuilt or a restored one, and two
workers of a machine would then delete and open the same files. This one lasts. The kernel lets go of it when the process ends;
the file stays, since a lock on a deleted file would keep nobody out.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from streams.fold import NeighbourAway


class PlaceLock:
    """The right to a place, `<place>.lock`, until `release`. `NeighbourAway` while somebody else has it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        path = lock_file(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            pid = named_holder(place)
            who = "the current process" if pid == os.getpid() else f"another process (pid {pid or 'not known'})"
            raise NeighbourAway(f"the state in {place} is held by {who}") from error
        # The name is for whoever waits; on a full disk there is none, and a holder that runs is waited for all the same.
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()} {started(os.getpid())}".encode(), 0)

    def release(self) -> None:
        """Let go of the place."""
        os.close(self._file)


def lock_file(place: Path) -> Path:
    """Return where the lock of a place lies."""
    return place.with_name(f"{place.name}.lock")


def named_holder(place: Path) -> int | None:
    """Return the pid that the last holder of a place wrote, if that very process is still there; None otherwise."""
    try:
        pid, since = lock_file(place).read_text().split()
        return int(pid) if started(int(pid)) == since else None
    except (OSError, ValueError):
        return None


def started(pid: int) -> str | None:
    """Return when a process began, in the kernel's ticks: a number that is given again has another one. None: not there."""
    try:
        # The name of the program, in parentheses, may hold anything.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None
