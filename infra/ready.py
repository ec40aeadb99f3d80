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
# Never through a proxy that the person's environment names: everything asked here is on this machine.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def port_open(port: int) -> str | None:
    with socket.socket() as probe:
        probe.settimeout(ASK_SECONDS)
        return None if probe.connect_ex(("127.0.0.1", port)) == 0 else f"nothing listens on port {port}"


def http_ok(url: str) -> str | None:
    try:
        with DIRECTLY.open(url, timeout=ASK_SECONDS):
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
