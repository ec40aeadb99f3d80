"""Start the local stack: in order, gated on readiness, every wait bounded and named. `teardown` stops and deletes it."""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter

from infra import catalog, processes
from infra.components import Component, Preparation, Process, StackError
from infra.kafka.node import refuse_another_number
from infra.settings import Settings
from infra.setup.places import CHECKOUT
from infra.supervision import STOPPED, Supervisor, inherited_environment

POLL_SECONDS = 0.05
MOST_STARTS = 6
PATIENCE_SECONDS = 10.0
# What a running stack consists of, which `status` and `down` must take from it and not from whoever asks.
SHAPE = ("store", "workers", "servers", "brokers")
Say = Callable[[str], None]


def up(settings: Settings, core_only: bool, say: Say) -> list[Process]:
    """Bring up everything, or only what others wrote; what already runs as it should is left alone."""
    with locked(settings):
        refuse_another_number(settings)
        supervisor = Supervisor(settings.data)
        end_orphans(settings, supervisor, say)
        roles = [] if core_only else ask_roles(settings)
        components: list[Component] = [*catalog.core(settings), *([] if core_only else catalog.ours(settings, roles))]
        programs = [component for component in components if isinstance(component, Process)]
        refuse_taken_ports(settings, programs)
        catalog.prepare_core(settings)
        if supervisor.pid() is None:
            supervisor.start(programs)
        elif changed := supervisor.adopt(programs):
            say(f"changed, so stopped: {', '.join(changed)}")
        supervisor.remember(settings.model_dump(include=set(SHAPE)) | {"roles": roles})
        for wave in waves(components):
            start_wave(settings, supervisor, wave, say)
        return programs


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """One `up`, `down` or `clean` at a time for each data directory."""
    settings.data.mkdir(parents=True, exist_ok=True)
    for directory in catalog.private_directories(settings):
        directory.mkdir(mode=0o700, exist_ok=True)
    with (settings.data / "run" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"Another `make up`, `down` or `clean` works on {settings.data} right now. Wait for it, then try again."
            ) from None
        yield


def end_orphans(settings: Settings, supervisor: Supervisor, say: Say) -> None:
    """Components whose supervisor died are stopped, so that no second set starts beside them."""
    if supervisor.pid() is not None:
        supervisor.must_answer()
        return
    orphans = processes.carry_mark(settings.data)
    if not orphans:
        return
    say(f"the supervisor of {settings.data} is gone but {len(orphans)} of its processes run; stopping them first")
    if left := processes.end(orphans, PATIENCE_SECONDS):
        raise StackError(f"These would not stop: {', '.join(processes.describe(pid) for pid in left)}")


def ask_roles(settings: Settings) -> list[str]:
    """The worker roles, one a line, as the agents' catalogue prints them."""
    environment = inherited_environment(settings.data) | settings.as_environment()
    answer = subprocess.run(
        catalog.ROLES, capture_output=True, text=True, check=False, cwd=CHECKOUT, env=environment, timeout=60
    )
    if answer.returncode != 0:
        raise StackError(
            f"`python -m agents roles` ended with code {answer.returncode}:\n{answer.stderr.strip()[-2000:]}\n"
            "To start only Kafka, PostgreSQL, Redis and the object store: make up SERVICES=core"
        )
    return answer.stdout.split()


def refuse_taken_ports(settings: Settings, programs: Sequence[Process]) -> None:
    """Find every port that somebody else holds before anything starts."""
    own = set(processes.carry_mark(settings.data))
    wanted = [(port, program.name) for program in programs for port in program.ports if not processes.is_free(port)]
    taken = [
        f"  port {port}, wanted by {name}, is held by {processes.describe(holder)}"
        for port, name in wanted
        if (holder := processes.holder_of(port)) not in own
    ]
    if taken:
        raise StackError(
            "Nothing was started, because ports are taken:\n" + "\n".join(taken) + "\n"
            "Stop those, or choose another block: DARKROOM_PORT_BASE=29000 make up"
        )


def waves(components: Sequence[Component]) -> Iterator[list[Component]]:
    """Components in groups that may start together, each after all that it needs."""
    by_name = {component.name: component for component in components}
    order = TopologicalSorter({component.name: component.after for component in components})
    order.prepare()
    while order.is_active():
        names = order.get_ready()
        yield [by_name[name] for name in by_name if name in names]
        order.done(*names)


def start_wave(settings: Settings, supervisor: Supervisor, wave: list[Component], say: Say) -> None:
    states = supervisor.states()
    started = time.monotonic()
    for component in wave:
        if isinstance(component, Process) and states[component.name]["statename"] in STOPPED:
            supervisor.rpc.startProcess(component.name, False)
    for component in wave:
        if isinstance(component, Preparation):
            carry_out(settings, component)
        else:
            await_ready(settings, supervisor, component)
        say(f"{component.name} ready ({time.monotonic() - started:.1f} s)")


def carry_out(settings: Settings, step: Preparation) -> None:
    log = settings.log_dir / f"{step.name}.log"
    environment = inherited_environment(settings.data) | dict(step.environment)
    with log.open("wb") as output:
        try:
            code = subprocess.run(
                step.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=CHECKOUT,
                env=environment,
                timeout=step.limit_seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise StackError(f"{step.name} took more than {step.limit_seconds:.0f} s. {last_lines(settings, step)}") from None
    if code != 0:
        raise StackError(f"{step.name} (`{' '.join(step.command)}`) ended with code {code}. {last_lines(settings, step)}")


def await_ready(settings: Settings, supervisor: Supervisor, process: Process) -> None:
    """Poll a readiness check until it passes, the time is up, or the process has ended again and again."""
    deadline = time.monotonic() + process.ready_seconds
    pids = set()
    while reason := process.ready():
        pids.add(supervisor.rpc.getProcessInfo(process.name)["pid"])
        if len(pids - {0}) >= MOST_STARTS:
            raise StackError(f"{process.name} keeps ending ({reason}). {last_lines(settings, process)}")
        if time.monotonic() > deadline:
            raise StackError(
                f"Waited {process.ready_seconds:.0f} s for {process.name}, in vain: {reason}. {last_lines(settings, process)}"
            )
        time.sleep(POLL_SECONDS)


def last_lines(settings: Settings, component: Component) -> str:
    log = settings.log_dir / f"{component.name}.log"
    lines = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
    return f"The end of {log}:\n" + "\n".join(f"    {line}" for line in lines or ["(empty)"])
