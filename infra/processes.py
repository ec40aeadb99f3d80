"""What runs on this machine: who holds a port, which processes carry a stack's mark, is a process still the same one."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from infra.components import MARK

PROC = Path("/proc")
LISTENING = "0A"


def start_time(pid: int) -> int | None:
    """Clock ticks from boot to the start of a process, which tells it from a later one with the same pid."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def carry_mark(data: Path) -> list[int]:
    """Processes of the stack of this data directory, found by their environment, whoever their parent is."""
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [pid for pid in numbers if pid != os.getpid() and stack_of(pid) == str(data)]


def stack_of(pid: int) -> str | None:
    """The data directory of the stack that a process belongs to, as far as this user may see."""
    try:
        variables = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    marks = [variable.partition(b"=")[2] for variable in variables if variable.startswith(f"{MARK}=".encode())]
    return os.fsdecode(marks[0]) if marks else None


def describe(pid: int | None) -> str:
    if pid is None:
        return "a process that this user may not see"
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        words = "gone"
    stack = stack_of(pid)
    belongs = f", of the stack in {stack}" if stack else ""
    return f"pid {pid} ({words[:80]}{belongs})"


def is_free(port: int) -> bool:
    """Whether a server could bind the port now; connections that are still closing do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def holder_of(port: int) -> int | None:
    """The process that listens on a port; None if this user may not see it."""
    inodes = listening_inodes(port)
    for entry in PROC.iterdir():
        if entry.name.isdigit() and inodes & sockets_of(entry):
            return int(entry.name)
    return None


def listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def sockets_of(entry: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (entry / "fd").iterdir():
            found.add(os.readlink(descriptor))  # noqa: PTH115  # the text of the link, which is no path
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return found
    return found


def end(pids: Iterable[int], patience_seconds: float) -> list[int]:
    """Ask processes to stop, then make them; the ones that are left."""
    left = [pid for pid in pids if send(pid, signal.SIGTERM)]
    left = await_gone(left, patience_seconds)
    for pid in left:
        send(pid, signal.SIGKILL)
    return await_gone(left, patience_seconds)


def send(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def await_gone(pids: list[int], patience_seconds: float) -> list[int]:
    deadline = time.monotonic() + patience_seconds
    while pids := [pid for pid in pids if start_time(pid) is not None]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return pids
