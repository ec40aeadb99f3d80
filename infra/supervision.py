"""The supervisor of one stack: its configuration, its process, and what it answers over its socket."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import socket
import subprocess
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from infra import processes
from infra.components import MARK, Process, StackError
from infra.setup.places import CHECKOUT, VENV

START_SECONDS = 20.0
STOP_SECONDS = 45.0
PATIENCE_SECONDS = 5.0
STOPPED = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")
LONGEST_SOCKET_PATH = 100
# What a component may inherit from the shell that typed `make up`; all else is given to it explicitly.
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME")

HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisor.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile={run}/supervisor.pid
childlogdir={logs}
identifier=darkroom

[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command={command}
directory={directory}
environment={environment}
autostart=false
autorestart=true
startsecs=0
startretries=1000000
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


def inherited_environment(data: Path) -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {MARK: str(data)}


class Supervisor:
    """The supervisor of the stack in `data`, whether it runs or not."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.run = data / "run"
        self.logs = data / "logs"
        self._who = self.run / "supervisor.json"
        self._configuration = self.run / "supervisor.conf"

    @property
    def socket(self) -> Path:
        """Below the data directory, unless that is too long for the address of a unix socket."""
        path = self.run / "supervisor.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return path
        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"darkroom-{name}.sock"

    def pid(self) -> int | None:
        """The supervisor's pid, if the process with that pid is the one that we started."""
        if not self._who.exists():
            return None
        who = json.loads(self._who.read_text())
        return int(who["pid"]) if processes.start_time(who["pid"]) == who["start"] else None

    def start(self, programs: Iterable[Process]) -> None:
        self.write(programs)
        self.socket.unlink(missing_ok=True)
        command = [str(VENV / "bin" / "python"), "-m", "supervisor.supervisord", "-c", str(self._configuration)]
        with (self.logs / "supervisor.out").open("wb") as output:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=inherited_environment(self.data),
                start_new_session=True,
            )
        self._who.write_text(json.dumps({"pid": child.pid, "start": processes.start_time(child.pid)}))
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if child.poll() is not None or time.monotonic() > deadline:
                said = (self.logs / "supervisor.out").read_text(errors="replace")[-2000:]
                raise StackError(f"The supervisor does not answer on {self.socket}. It said:\n{said}")
            time.sleep(0.05)

    def write(self, programs: Iterable[Process]) -> None:
        self._configuration.touch(mode=0o600)
        head = HEAD.format(logs=literal(self.logs), run=literal(self.run), socket=literal(self.socket))
        self._configuration.write_text(head + "".join(program_section(program, self.logs) for program in programs))

    def must_answer(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise StackError(
                    f"The supervisor, pid {self.pid()}, does not answer on {self.socket}. Run: make down, then make up"
                )
            time.sleep(0.05)

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    @property
    def rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def adopt(self, programs: Iterable[Process]) -> list[str]:
        """Give a running supervisor a new list; what changed or went is stopped. Names of what changed."""
        self.write(programs)
        rpc = self.rpc
        ((added, changed, removed),) = rpc.reloadConfig()
        self.stop_together([*changed, *removed])
        for name in [*changed, *removed]:
            rpc.removeProcessGroup(name)
        for name in [*added, *changed]:
            rpc.addProcessGroup(name)
        return [*changed, *removed]

    def states(self) -> dict[str, dict[str, Any]]:
        """Every program by name, with its `statename`, `pid` and times; none if no supervisor runs."""
        if self.pid() is None or not self.answers():
            return {}
        return {info["name"]: info for info in self.rpc.getAllProcessInfo()}

    def stop_together(self, names: Sequence[str]) -> None:
        """Ask all to stop at once, then wait for each; the supervisor kills those that take too long."""
        rpc = self.rpc
        for name in self.running(names):
            rpc.stopProcess(name, False)
        deadline = time.monotonic() + STOP_SECONDS
        while running := self.running(names):
            if time.monotonic() > deadline:
                raise StackError(f"Waited {STOP_SECONDS:.0f} s for {', '.join(running)} to stop, in vain. See: make logs")
            time.sleep(0.05)

    def running(self, names: Sequence[str]) -> list[str]:
        states = self.states()
        return [name for name in names if name in states and states[name]["statename"] not in STOPPED]

    def remember(self, shape: dict[str, Any]) -> None:
        """Write down what was started last."""
        (self.run / "shape.json").write_text(json.dumps(shape))

    def shape(self) -> dict[str, Any]:
        """What was started last; empty before the first time."""
        path = self.run / "shape.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def shut_down(self, patience_seconds: float) -> None:
        pid = self.pid()
        if pid is not None and self.answers():
            self.rpc.shutdown()
            processes.await_gone([pid], patience_seconds)
        self._who.unlink(missing_ok=True)


def program_section(program: Process, logs: Path) -> str:
    # A child must not outlive its supervisor: the kernel sends it its stop signal when the supervisor dies.
    command = tied_to_the_supervisor(program)
    pairs = ",".join(f'{name}="{literal(value)}"' for name, value in program.environment.items())
    return PROGRAM.format(
        name=program.name,
        command=literal(shlex.join(command)),
        directory=literal(program.directory or CHECKOUT),
        environment=pairs,
        stop_signal=program.stop_signal,
        stop_seconds=program.stop_seconds,
        log=literal(literal(logs / f"{program.name}.log")),  # supervisor expands this one twice
    )


def tied_to_the_supervisor(program: Process) -> list[str]:
    tie = ["setpriv", "--pdeathsig", program.stop_signal]
    if program.command[0] == "setpriv":
        return [*tie, *program.command[1:]]
    return [*tie, "--", *program.command]


def literal(value: object) -> str:
    """A text as supervisor's configuration wants it, where a percent sign would begin an expansion."""
    return str(value).replace("%", "%%")
