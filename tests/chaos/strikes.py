"""Striking: signals, a flush, a deletion; each says whether it hit, and what it hit comes back by itself."""

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from agents.catalog import agents_of, catalog as agents_catalog
from agents.wiring import rules_of
from infra import catalog, processes
from infra.components import Process
from infra.settings import Settings
from infra.supervision import Supervisor
from tests.chaos.plan import Fault, Means

GONE_SECONDS = 10.0
STILL_SECONDS = 1.0
SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT, "QUIT": signal.SIGQUIT}


class Struck:
    """One fault that hit: the process that it hit, if it was one."""

    def __init__(self, fault: Fault, pid: int) -> None:
        self.fault = fault
        self.pid = pid
        self._start = processes.start_time(pid) if pid else None

    @property
    def is_gone(self) -> bool:
        """Return whether the process that was hit is no more."""
        return not self.pid or processes.start_time(self.pid) != self._start


class Striker:
    """Strikes the components of one running stack; `flush` empties its Redis."""

    def __init__(self, settings: Settings, programs: Iterable[Process], flush: Callable[[], None]) -> None:
        self._settings = settings
        self._supervisor = Supervisor(settings.data)
        self._programs = {program.name: program for program in programs}
        self._flush = flush
        self._frozen: dict[str, list[int]] = {}
        self._timers: list[threading.Timer] = []
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The names of all components."""
        return list(self._programs)

    def down(self) -> set[str]:
        """Return the components that do not run now, or stand still."""
        states = self._supervisor.states()
        running = {name for name, one in states.items() if one["statename"] == "RUNNING" and one["pid"]}
        with self._lock:
            return set(self._programs) - running | set(self._frozen)

    def strike(self, fault: Fault) -> Struck | None:
        """Strike; None when it hit nothing."""
        if fault.means is Means.FLUSH:
            return self._flushed(fault)
        if fault.means is Means.FORGET:
            return self._forgotten(fault)
        pid = self._pid(fault.target)
        if not pid:
            return None
        struck = Struck(fault, pid)
        if fault.means is Means.FREEZE:
            return struck if self._freeze(fault, pid) else None
        number = signal.SIGKILL if fault.means is Means.KILL else SIGNALS[self._programs[fault.target].stop_signal]
        return struck if processes.send(pid, number) else None

    def limit_seconds(self, name: str) -> int:
        """Return how long a component may take to stop when it is asked to."""
        return self._programs[name].stop_seconds

    def go_on(self) -> None:
        """Let everything that stands still run again, now."""
        for timer in self._timers:
            timer.cancel()
        for name in list(self._frozen):
            self._thaw(name)

    def _pid(self, name: str) -> int:
        one = self._supervisor.states().get(name, {})
        return one.get("pid", 0) if one.get("statename") == "RUNNING" else 0

    def _freeze(self, fault: Fault, pid: int) -> bool:
        """Stop a process and all its children; PostgreSQL is many."""
        stopped = [one for one in family(pid) if processes.send(one, signal.SIGSTOP)]
        with self._lock:
            self._frozen[fault.target] = stopped
        timer = threading.Timer(fault.seconds, self._thaw, (fault.target,))
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
        return pid in stopped and stands_still(pid)

    def _thaw(self, name: str) -> None:
        with self._lock:
            stopped = self._frozen.pop(name, [])
        for pid in stopped:
            processes.send(pid, signal.SIGCONT)

    def _flushed(self, fault: Fault) -> Struck | None:
        try:
            self._flush()
        except (OSError, TimeoutError):
            return None
        return Struck(fault, 0)

    def _forgotten(self, fault: Fault) -> Struck | None:
        """Kill all workers of a role, delete what they knew, and let them start again: as on a new machine."""
        role = fault.target.rpartition("-")[0]
        names = [name for name in self._programs if name.rpartition("-")[0] == role]
        if set(names) & self.down():
            return None
        pids = [self._pid(name) for name in names]
        if not all(pids):
            return None
        # Frozen first, so that the polite signal of the supervisor finds nobody who could tidy up.
        for pid in pids:
            processes.send(pid, signal.SIGSTOP)
        for name in names:
            self._supervisor.rpc.stopProcess(name, False)
        for pid in pids:
            processes.send(pid, signal.SIGKILL)
        until = time.monotonic() + GONE_SECONDS
        while self._supervisor.running(names) and time.monotonic() < until:
            time.sleep(0.02)
        deleted = [path for path in states_of(self._settings, role) if path.exists()]
        for path in deleted:
            shutil.rmtree(path)
        for name in names:
            self._supervisor.rpc.startProcess(name, False)
        return Struck(fault, 0) if deleted else None


def states_of(settings: Settings, role: str) -> list[Path]:
    """Return the directories that hold what the agents of a role know."""
    return [settings.state_dir / agent.name for agent in agents_of(role, agents_catalog(rules_of(settings)))]


def programs_of(settings: Settings, roles: Iterable[str]) -> list[Process]:
    """Return everything that the supervisor of a stack runs."""
    ours = [one for one in catalog.ours(settings, list(roles)) if isinstance(one, Process)]
    return [*catalog.core(settings), *ours]


def family(pid: int) -> list[int]:
    """Return a process and all that it started, the eldest first."""
    children: dict[int, list[int]] = {}
    for entry in processes.PROC.iterdir():
        if entry.name.isdigit() and (parent := parent_of(int(entry.name))):
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, []))
    return found


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 when it is gone."""
    fields = stat_fields(pid)
    return int(fields[1]) if fields else 0


def stands_still(pid: int) -> bool:
    """Wait a moment until the kernel says that a process is stopped; False when it does not, or is gone."""
    until = time.monotonic() + STILL_SECONDS
    while (fields := stat_fields(pid)) and time.monotonic() < until:
        if fields[0] == "T":
            return True
        time.sleep(0.01)
    return False


def stat_fields(pid: int) -> list[str]:
    """Return the fields of a process's `stat` after its name."""
    try:
        return (processes.PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
