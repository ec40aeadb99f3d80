"""Kafka's jars from Maven, checked against committed sums, and the class archive that halves a broker's start."""

from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from infra.kafka.server import classpath_arguments, format_command, server_command, server_properties
from infra.setup import places
from infra.setup.steps import SetupFailed, remove_tree, run

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.7.1:copy-dependencies"
START_SECONDS = 60.0


def jars_are_there() -> bool:
    return places.kafka_classpath().exists()


def fetch_jars() -> None:
    """Fetch into a directory beside the final one, check every sum, then rename: no half-filled directory is used."""
    target = places.kafka_dir()
    fetched = target.with_suffix(".part")
    remove_tree(fetched)
    remove_tree(target)
    pom = str(places.KAFKA / "pom.xml")
    where = f"-DoutputDirectory={fetched / 'lib'}"
    run("kafka", ["mvn", "-B", "-q", "-U", "-f", pom, COPY, "-DincludeScope=runtime", where])
    check_sums(fetched / "lib")
    fetched.rename(target)
    places.kafka_classpath().write_text(classpath_arguments(target / "lib"))


def check_sums(directory: Path) -> None:
    wanted = {}
    for line in (places.KAFKA / "jars.sha256").read_text().splitlines():
        total, name = line.split()
        wanted[name] = total
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.glob("*.jar")}
    differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if differing:
        raise SetupFailed(
            f"These Kafka jars are not the ones in {places.KAFKA / 'jars.sha256'}: {', '.join(differing)}. "
            "Nothing was installed. If the pom was changed on purpose, write new sums: "
            f"(cd {directory} && sha256sum *.jar) > infra/kafka/jars.sha256"
        )


def archive_is_there() -> bool:
    return places.kafka_archive().exists()


def archive_classes() -> None:
    """Run a throw-away broker on free ports once; the JVM writes the archive as it stops."""
    archive = places.kafka_archive()
    unfinished = archive.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix="darkroom-kafka-") as scratch:
        broker, controller = free_port(), free_port()
        configuration = Path(scratch) / "server.properties"
        configuration.write_text(server_properties([(broker, controller)], 1, Path(scratch) / "log"))
        run("kafka", format_command(configuration, archive=None))
        log = places.cache_root() / "logs" / "kafka-archive.log"
        command = server_command(configuration, archive=None, extra=[f"-XX:ArchiveClassesAtExit={unfinished}"])
        with log.open("ab") as output:
            child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            await_port(broker, child, log)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(START_SECONDS)
    if not unfinished.exists():
        raise SetupFailed(f"The JVM wrote no class archive; its output is in {log}")
    unfinished.rename(archive)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SetupFailed(f"The broker for the class archive did not open port {port}; its output is in {log}")
