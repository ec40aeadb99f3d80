"""A Kafka node's configuration and command lines; pure, and standard library only since the set-up uses it too."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from infra.setup import places

LAPTOP_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"]
HEAP = ["-Xms256m", "-Xmx512m"]
# Three nodes share the work of one, and the laptop.
HEAP_OF_SEVERAL = ["-Xms96m", "-Xmx384m"]

SETTINGS = """\
process.roles=broker,controller
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
auto.create.topics.enable=false
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=2000
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
log.retention.ms=-1
log.retention.bytes=-1
"""

# A killed node may register again only when its old session is over, which takes 9 s by default.
ONE_NODE = """\
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""

SEVERAL_NODES = """\
min.insync.replicas=2
unclean.leader.election.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
controller.quorum.fetch.timeout.ms=1000
controller.quorum.election.timeout.ms=500
controller.quorum.election.backoff.max.ms=500
"""


def voters(configuration: str) -> int:
    """How many nodes the cluster has that a node's configuration was written for."""
    return next((line.count("@") for line in configuration.splitlines() if line.startswith("controller.quorum.voters=")), 0)


def server_properties(nodes: Sequence[tuple[int, int]], node: int, log_directory: Path) -> str:
    """Configuration of node `node` (counted from 1) among `nodes`, each given as (broker port, controller port)."""
    broker, controller = nodes[node - 1]
    replicas = min(3, len(nodes))
    in_sync = 2 if replicas == 3 else 1
    voters = ",".join(f"{number}@127.0.0.1:{port}" for number, (_, port) in enumerate(nodes, 1))
    return (
        SETTINGS
        + (SEVERAL_NODES if replicas == 3 else ONE_NODE)
        + f"node.id={node}\n"
        + f"controller.quorum.voters={voters}\n"
        + f"listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}\n"
        + f"advertised.listeners=PLAINTEXT://127.0.0.1:{broker}\n"
        + f"default.replication.factor={replicas}\n"
        + f"offsets.topic.replication.factor={replicas}\n"
        + f"transaction.state.log.replication.factor={replicas}\n"
        + f"transaction.state.log.min.isr={in_sync}\n"
        + f"share.coordinator.state.topic.replication.factor={replicas}\n"
        + f"share.coordinator.state.topic.min.isr={in_sync}\n"
        + f"log.dirs={log_directory}\n"
    )


def cluster_id(seed: str) -> str:
    """Sixteen bytes in base64url, the same for the same seed, and never beginning with a dash."""
    name = base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()[:16]).decode().rstrip("=")
    return f"d{name[1:]}" if name.startswith("-") else name


def java(archive: Path | None, extra: Sequence[str] = (), heap: Sequence[str] = HEAP) -> list[str]:
    shared = [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:cds=off"] if archive else []
    logging = f"-Dlog4j2.configurationFile={places.KAFKA / 'log4j2.properties'}"
    program = shutil.which("java") or "/usr/bin/java"
    return [program, *LAPTOP_JVM, *heap, *shared, *extra, logging, f"@{places.kafka_classpath()}"]


def server_command(configuration: Path, archive: Path | None, extra: Sequence[str] = (), nodes: int = 1) -> list[str]:
    return [*java(archive, extra, HEAP if nodes == 1 else HEAP_OF_SEVERAL), "kafka.Kafka", str(configuration)]


def format_command(configuration: Path, archive: Path | None, seed: str = "darkroom") -> list[str]:
    """The log directory must be formatted before the first start; a second time does nothing."""
    tool = ["kafka.tools.StorageTool", "format", "-t", cluster_id(seed), "-c", str(configuration), "--ignore-formatted"]
    return [*java(archive), *tool]


def classpath_arguments(directory: Path) -> str:
    """The content of a JVM argument file that names every jar, sorted."""
    return '-cp\n"' + ":".join(str(jar) for jar in sorted(directory.glob("*.jar"))) + '"\n'
