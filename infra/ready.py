"""Readiness checks: each asks a component for real work and says why it is not ready, or None."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

ASK_SECONDS = 2.0
GROUP = "darkroom-readiness"


def port_open(port: int) -> str | None:
    with socket.socket() as probe:
        probe.settimeout(ASK_SECONDS)
        return None if probe.connect_ex(("127.0.0.1", port)) == 0 else f"nothing listens on port {port}"


def http_ok(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=ASK_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"{url} answered {error.code}: {error.read(200).decode(errors='replace').strip()}"
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error}"


def redis_pings(port: int, password: str) -> str | None:
    try:
        with socket.create_connection(("127.0.0.1", port), ASK_SECONDS) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = connection.recv(4096).decode(errors="replace")
            while answer.count("\r\n") < 2 and (more := connection.recv(4096)):
                answer += more.decode(errors="replace")
    except OSError as error:
        return f"Redis on port {port}: {error}"
    return None if "+PONG" in answer else f"Redis on port {port} answered {answer.splitlines()}"


def postgres_answers(psql: Path, port: int, password: str) -> str | None:
    """One query with the real user, password and database."""
    if closed := port_open(port):
        return closed
    place = ["-h", "127.0.0.1", "-p", str(port), "-U", "darkroom", "-d", "darkroom"]
    environment = {"PATH": os.defpath, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "2"}
    answer = subprocess.run(
        [str(psql), "-XAtc", "SELECT 1", *place], capture_output=True, text=True, env=environment, check=False
    )
    return None if answer.stdout.strip() == "1" else answer.stderr.strip() or f"`SELECT 1` gave {answer.stdout!r}"


def kafka_commits(port: int) -> str | None:
    """Metadata, then one group commit, because the group coordinator is later than the port."""
    if closed := port_open(port):
        return closed
    from confluent_kafka import Consumer, KafkaException, TopicPartition

    quiet = {"log_level": 0, "socket.timeout.ms": 2000, "enable.auto.commit": False}
    consumer = Consumer({"bootstrap.servers": f"127.0.0.1:{port}", "group.id": GROUP, **quiet})
    try:
        consumer.list_topics(timeout=ASK_SECONDS)
        # The only topic that is there before ours are; asking for the coordinator has made it.
        consumer.commit(offsets=[TopicPartition("__consumer_offsets", 0, 0)], asynchronous=False)
    except KafkaException as error:
        return f"Kafka on port {port}: {error.args[0].str()}"
    finally:
        consumer.close()
    return None
