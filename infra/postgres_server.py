"""PostgreSQL servers as components: one database cluster of our own for each, never Debian's.

PostgreSQL refuses to run as root. As root it runs as the user `postgres`, who must be able to reach its directory: where
the data directory is in a closed place (below /root), the clusters lie in `/var/lib/darkroom/<id>` instead, with the id
in `<data>/id`, and `make clean` deletes them there.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra import ready
from infra.components import PrerequisiteMissing, Process, StackError
from infra.settings import Settings
from infra.setup import places

ELSEWHERE = Path("/var/lib/darkroom")
USER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_locks_per_transaction": "1024",
    "wal_level": "logical",
    "fsync": "on",
    "max_wal_size": "2GB",
    # A worker that was restarted while it waited for a lock leaves a session behind that would wait on.
    "client_connection_check_interval": "5s",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
}


def postgres_processes(settings: Settings) -> list[Process]:
    return [postgres_process(settings, number) for number in range(settings.servers)]


def postgres_process(settings: Settings, number: int) -> Process:
    port = settings.postgres_ports[number]
    password = settings.postgres_password.get_secret_value()
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    server = [str(programs() / "postgres"), "-D", str(cluster_directory(settings, number)), "-p", str(port), *options]
    return Process(
        name=f"postgres{number}",
        command=(*as_ordinary_user(), *server),
        ports=(port,),
        ready=lambda: ready.postgres_answers(programs() / "psql", port, password),
        directory=Path("/"),
        stop_signal="INT",
        stop_seconds=30,
        url=f"127.0.0.1:{port}/darkroom",
    )


def programs() -> Path:
    found = places.postgres_bin()
    if not found:
        raise PrerequisiteMissing("PostgreSQL is not installed. Run: make setup")
    return found


def as_ordinary_user() -> list[str]:
    """The words before a PostgreSQL command that make it run as an ordinary user, who dies with the supervisor."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--inh-caps=-all"]


def clusters_root(settings: Settings) -> Path:
    if os.geteuid() != 0 or all(can_pass(folder) for folder in settings.data.parents):
        return settings.data / "postgres"
    return ELSEWHERE / identity(settings.data)


def can_pass(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def identity(data: Path) -> str:
    """A random name of this data directory, so that one made anew never finds an old one's clusters."""
    path = data / "id"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_hex(8))
    return path.read_text().strip()


def cluster_directory(settings: Settings, number: int) -> Path:
    return clusters_root(settings) / f"server-{number}"


def prepare_postgres(settings: Settings) -> None:
    """Create the clusters that are not there yet, each with the user and the database `darkroom`."""
    root = clusters_root(settings)
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    with ThreadPoolExecutor() as several:
        list(several.map(lambda number: create_cluster(settings, number), range(settings.servers)))


def create_cluster(settings: Settings, number: int) -> None:
    directory = cluster_directory(settings, number)
    complete = directory.with_name(f"{directory.name}.complete")
    if complete.exists():
        return
    shutil.rmtree(directory, ignore_errors=True)  # left over from an interrupted creation, so it holds nothing
    directory.mkdir(mode=0o700)
    password = directory.with_name(f"{directory.name}.password")
    password.touch(mode=0o600)
    password.write_text(settings.postgres_password.get_secret_value())
    if os.geteuid() == 0:
        owner = pwd.getpwnam(USER)
        for path in (directory, password):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    try:
        initialise(directory, password)
    finally:
        password.unlink()
    complete.touch()


def initialise(directory: Path, password: Path) -> None:
    options = ["--username=darkroom", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
    locale = ["--locale=C.UTF-8", "--no-instructions"]
    run_program([str(programs() / "initdb"), "-D", str(directory), *options, *locale])
    single = [str(programs() / "postgres"), "--single", "-D", str(directory), "postgres"]
    run_program(single, standard_input="CREATE DATABASE darkroom\n")


def run_program(command: list[str], standard_input: str = "") -> None:
    result = subprocess.run(
        [*as_ordinary_user(), *command], input=standard_input, capture_output=True, text=True, check=False, cwd="/"
    )
    if result.returncode != 0:
        raise StackError(f"`{' '.join(command)}` ended with code {result.returncode}:\n{result.stdout}{result.stderr}")
