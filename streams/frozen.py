"""A worker that was frozen (SIGSTOP) holds its states' locks for ever; whoever was given its partitions ends it.

The lock of a place names its holder; of the lock of a RocksDB database, a file lock, the kernel does. A frozen holder cannot
let go, and it has no right to the partition any more: the group has given that to another, which it does when the holder's
session has run out or the holder agreed. Killed it loses nothing, as after any kill, and the supervisor starts it anew. Linux
only, one machine only.
"""

import fcntl
import logging
import os
import signal
import struct
from pathlib import Path

from streams.place_lock import named_holder

log = logging.getLogger("darkroom.frozen")

# struct flock: type, whence, start, length, pid.
_FLOCK = "@hhqqi4x"
_STOPPED = "T"


def holder_of(lock: Path) -> int | None:
    """Return the pid of the process that holds a lock file, None when nobody else does or it is not on this machine."""
    try:
        with lock.open("rb+") as file:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except OSError:
        return None
    return pid if kind != fcntl.F_UNLCK and pid > 0 else None


def is_frozen(pid: int) -> bool:
    """Whether a process was stopped by a signal, and cannot do anything."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # The name of the program, in parentheses, may hold anything.
    return stat.rpartition(")")[2].split()[0] == _STOPPED


def end_frozen_holder(state: Path) -> bool:
    """Kill the process that holds the state in a directory, if it is frozen; whether it was.

    Never call it for a state that this process itself holds: looking at the lock would release it.
    """
    named = named_holder(state)
    # A database may be held without its place: by a tool, or by a worker from before places had locks.
    pid = holder_of(state / "LOCK") if named in (None, os.getpid()) else named
    if pid is None or not is_frozen(pid):
        return False
    log.warning("process %d holds %s and is frozen; it is ended, since its partition was given to this one", pid, state)
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError as error:
        log.warning("process %d cannot be ended: %s", pid, error)
        return False
    return True
