"""Debian packages: only what is missing, without starting a service or creating a database cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.setup import places
from infra.setup.steps import PrerequisiteMissing, run

POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d/darkroom.conf")


def missing_packages() -> list[str]:
    present: dict[str, Callable[[], object]] = {
        "python3-venv": has_venv,
        "postgresql": places.postgres_bin,
        "redis-server": lambda: shutil.which("redis-server"),
        "default-jre-headless": lambda: shutil.which("java"),
        "maven": lambda: places.kafka_classpath().exists() or shutil.which("mvn"),
        "curl": lambda: shutil.which("curl"),
        "util-linux": lambda: shutil.which("setpriv"),
    }
    return [package for package, find in present.items() if not find()]


def has_venv() -> bool:
    probe = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def are_installed() -> bool:
    return not missing_packages()


def install() -> None:
    packages = missing_packages()
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise PrerequisiteMissing(
            f"Missing system packages: {', '.join(packages)}. This user may not install them. As root, run:\n"
            f"  apt-get update && apt-get install --no-install-recommends {' '.join(packages)}\n"
            "then run `make setup` again."
        )
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    with no_service_started(), no_cluster_created():
        run("apt", ["apt-get", "update", "-q", "-o", "DPkg::Lock::Timeout=300"], quiet)
        run("apt", ["apt-get", "install", *options, *packages], quiet)
    still_missing = missing_packages()
    if still_missing:
        raise PrerequisiteMissing(f"apt-get installed {', '.join(packages)}, but still not found: {', '.join(still_missing)}.")


@contextmanager
def no_service_started() -> Iterator[None]:
    """Debian asks `policy-rc.d` before it starts a freshly installed service; 101 means no."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


@contextmanager
def no_cluster_created() -> Iterator[None]:
    """The postgresql package creates a `main` cluster unless told not to; existing clusters stay as they are."""
    CLUSTER_SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    CLUSTER_SETTINGS.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        CLUSTER_SETTINGS.unlink()
