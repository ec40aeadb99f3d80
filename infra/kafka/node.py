"""Kafka nodes as components: their files below the data directory and how they are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

from infra.components import PrerequisiteMissing, Process, StackError
from infra.kafka.probe import why_not_ready
from infra.kafka.server import format_command, server_command, server_properties
from infra.settings import Settings
from infra.setup import places


def kafka_name(settings: Settings, node: int) -> str:
    """One node is called `kafka`; of several, the second is `kafka2`."""
    return "kafka" if node == 1 else f"kafka{node}"


def kafka_processes(settings: Settings) -> list[Process]:
    return [kafka_process(settings, node) for node in range(1, settings.brokers + 1)]


def kafka_process(settings: Settings, node: int) -> Process:
    broker, controller = settings.kafka_ports[node - 1]
    return Process(
        name=kafka_name(settings, node),
        command=tuple(server_command(properties_file(settings, node), archive_or_none())),
        ports=(broker, controller),
        ready=lambda: why_not_ready(broker),
        stop_seconds=30,
        url=f"127.0.0.1:{broker}",
    )


def properties_file(settings: Settings, node: int) -> Path:
    return settings.data / "kafka" / f"server-{node}.properties"


def archive_or_none() -> Path | None:
    archive = places.kafka_archive()
    return archive if archive.exists() else None


def prepare_kafka(settings: Settings) -> None:
    """Write every node's configuration and format what is not formatted; formatted logs are left as they are."""
    if not places.kafka_classpath().exists():
        raise PrerequisiteMissing(f"Kafka's jars are not in {places.kafka_dir()}. Run: make setup")
    for node in range(1, settings.brokers + 1):
        log = settings.data / "kafka" / f"log-{node}"
        configuration = properties_file(settings, node)
        configuration.parent.mkdir(parents=True, exist_ok=True)
        configuration.write_text(server_properties(settings.kafka_ports, node, log))
        if not (log / "meta.properties").exists():
            format_log(configuration, str(settings.data))


def format_log(configuration: Path, seed: str) -> None:
    command = format_command(configuration, archive_or_none(), seed)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(f"Kafka could not format the log directory of {configuration}:\n{result.stdout}{result.stderr}")
