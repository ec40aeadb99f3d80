"""Kafka nodes as components: their files below the data directory and how they are started."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from infra.components import PrerequisiteMissing, Process, StackError
from infra.kafka.probe import why_not_ready
from infra.kafka.server import format_command, server_command, server_properties, voters
from infra.settings import Settings, cluster_file
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
        command=tuple(server_command(properties_file(settings, node), archive_or_none(), nodes=settings.brokers)),
        ports=(broker, controller),
        ready=lambda: why_not_ready(broker),
        stop_seconds=30,
        ready_seconds=60.0 if settings.brokers == 1 else 120.0,
        url=f"127.0.0.1:{broker}",
    )


def properties_file(settings: Settings, node: int) -> Path:
    return settings.data / "kafka" / f"server-{node}.properties"


def formatted_brokers(settings: Settings) -> int | None:
    """How many brokers this data directory was begun with; None when it holds no log yet."""
    if not (settings.data / "kafka" / "log-1" / "meta.properties").exists():
        return None
    return voters(properties_file(settings, 1).read_text())


def refuse_another_number(settings: Settings) -> None:
    """Raise `StackError` when the log was begun with another number of brokers, before anything is touched."""
    there = formatted_brokers(settings)
    if there not in (None, settings.brokers):
        raise StackError(
            f"Nothing was started: the log in {settings.data / 'kafka'} was begun with {in_words(there)}, and "
            f"DARKROOM_BROKERS={settings.brokers}. The number is set when a data directory is first used.\n"
            f"Either go on with it (make up BROKERS={there}), or take another data directory (DARKROOM_DATA=...), or "
            "start over without what is there (make clean, then make up)."
        )


def in_words(brokers: int) -> str:
    return "one broker" if brokers == 1 else f"{brokers} brokers"


def archive_or_none() -> Path | None:
    archive = places.kafka_archive()
    return archive if archive.exists() else None


def prepare_kafka(settings: Settings) -> None:
    """Write every node's configuration and format what is not formatted; formatted logs are left as they are."""
    if not places.kafka_classpath().exists():
        raise PrerequisiteMissing(f"Kafka's jars are not in {places.kafka_dir()}. Run: make setup")
    refuse_another_number(settings)
    cluster_file(settings.data).write_text(f"DARKROOM_BROKERS={settings.brokers}\n")
    for node in range(1, settings.brokers + 1):
        log = settings.data / "kafka" / f"log-{node}"
        configuration = properties_file(settings, node)
        configuration.parent.mkdir(parents=True, exist_ok=True)
        configuration.write_text(server_properties(settings.kafka_ports, node, log))
        if not (log / "meta.properties").exists():
            format_log(configuration, cluster_seed(settings.data))


def cluster_seed(data: Path) -> str:
    """What the cluster's id is made of, drawn once for each log: a new log is never taken for one that was deleted."""
    path = data / "kafka" / "cluster-seed"
    if not path.exists():
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def format_log(configuration: Path, seed: str) -> None:
    command = format_command(configuration, archive_or_none(), seed)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(f"Kafka could not format the log directory of {configuration}:\n{result.stdout}{result.stderr}")
