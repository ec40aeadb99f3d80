"""Everything that the local stack runs, one line each, and what must be ready before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra import ready
from infra.components import Component, Preparation, Process
from infra.kafka.node import kafka_processes, prepare_kafka
from infra.object_server import object_process, prepare_objects
from infra.postgres_server import postgres_processes, prepare_postgres
from infra.redis_server import prepare_redis, redis_process
from infra.settings import Settings
from infra.setup.places import VENV

PYTHON = str(VENV / "bin" / "python")
ROLES = (PYTHON, "-m", "agents", "roles")


def core(settings: Settings) -> list[Process]:
    """What others wrote: the log, the databases, the cache, the object store."""
    return [
        *kafka_processes(settings),
        *postgres_processes(settings),
        redis_process(settings),
        object_process(settings),
    ]


def prepare_core(settings: Settings) -> None:
    """Make the files and directories that the core processes expect; repeatable."""
    for prepare in (prepare_kafka, prepare_postgres, prepare_redis, prepare_objects):
        prepare(settings)


def ours(settings: Settings, roles: Sequence[str]) -> list[Component]:
    """What we wrote: preparations, the registry, the workers, the API, in the order in which they start."""
    environment = settings.as_environment() | {"PYTHONUNBUFFERED": "1"}
    kafka = tuple(process.name for process in kafka_processes(settings))
    stores = tuple(process.name for process in core(settings) if process.name not in kafka)
    return [
        Preparation("topics", python("streams", "topics", "create"), kafka, environment),
        Preparation("projections", python("projections", "prepare"), stores, environment),
        registry(settings, environment),
        *workers(settings, roles, environment),
        api(settings, environment),
    ]


def registry(settings: Settings, environment: dict[str, str]) -> Process:
    port = settings.registry_port
    health = f"http://127.0.0.1:{port}/subjects"
    return Process(
        name="registry",
        command=python("schemas", "serve", "--port", str(port)),
        ports=(port,),
        ready=lambda: ready.http_ok(health),
        environment=environment,
        url=f"http://127.0.0.1:{port}",
        health_url=health,
    )


def api(settings: Settings, environment: dict[str, str]) -> Process:
    health = f"{settings.api_url}/readyz"
    return Process(
        name="api",
        command=python("api", "serve"),
        ports=(settings.api_port,),
        ready=lambda: ready.http_ok(health),
        after=("topics", "projections", "registry"),
        environment=environment,
        url=settings.api_url,
        health_url=health,
    )


def python(*arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", *arguments)


def workers(settings: Settings, roles: Sequence[str], environment: dict[str, str]) -> list[Process]:
    """`settings.workers` processes for each role; a worker's slot is its identity within its role.

    Slots come first, so that more workers a role leave those that run, and their ports, as they are.
    """
    slots = [(role, slot) for slot in range(settings.workers) for role in roles]
    return [worker(settings, role, slot, index, environment) for index, (role, slot) in enumerate(slots)]


def worker(settings: Settings, role: str, slot: int, index: int, environment: dict[str, str]) -> Process:
    port = settings.worker_port(index)
    url = f"http://127.0.0.1:{port}"
    return Process(
        name=f"{role}-{slot}",
        command=python("agents", "worker", role, "--slot", str(slot), "--metrics-port", str(port)),
        ports=(port,),
        ready=lambda: ready.http_ok(f"{url}/ready"),
        health_url=f"{url}/ready",
        after=("topics", "projections"),
        environment=environment,
        stop_seconds=20,
        ready_seconds=120.0,
        url=f"{url}/metrics",
    )


def private_directories(settings: Settings) -> list[Path]:
    return [settings.data / name for name in ("run", "logs", "state", "kafka", "redis", "objects")]
