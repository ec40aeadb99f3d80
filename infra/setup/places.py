"""Where the checkout, the cache and each cached tool are; a tool's directory is named by the hash of its lock."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SETUP = CHECKOUT / "infra" / "setup"
KAFKA = CHECKOUT / "infra" / "kafka"
VENV = CHECKOUT / ".venv"
REQUIREMENTS = CHECKOUT / "requirements.lock"

OBJECT_STORES = {
    "minio": (
        "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
        "-s -w -X github.com/minio/minio/cmd.ReleaseTag=SOURCE.7aac2a2c5b7c",
    ),
    "versitygw": ("github.com/versity/versitygw/cmd/versitygw@v1.8.0", "-s -w -X main.Version=v1.8.0"),
}


def digest(*parts: str | Path) -> str:
    """Sixteen hexadecimal characters that change with any part; a path stands for its file's content."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()[:16]


def cache_root() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "darkroom"


def uv_dir() -> Path:
    return cache_root() / "uv" / digest(SETUP / "uv-requirements.lock")


def go_dir() -> Path:
    return cache_root() / "go" / digest(SETUP / "go-requirements.lock")


def kafka_dir() -> Path:
    return cache_root() / "kafka" / digest(KAFKA / "pom.xml", KAFKA / "jars.sha256")


def kafka_classpath() -> Path:
    """A JVM argument file with the jars in a fixed order, which the class archive insists on."""
    return kafka_dir() / "classpath.args"


def kafka_archive() -> Path:
    """The class archive for the installed Java; another Java gets another file, never a stale one."""
    java = Path(shutil.which("java") or "/usr/bin/java").resolve()
    modules = java.parent.parent / "lib" / "modules"
    facts = modules.stat() if modules.exists() else java.stat()
    return kafka_dir() / f"broker-{digest(str(java), str(facts.st_size), str(facts.st_mtime_ns))}.jsa"


def object_store_binary(store: str) -> Path:
    module, flags = OBJECT_STORES[store]
    return cache_root() / store / digest(module, flags) / store


def postgres_bin() -> Path | None:
    """The newest installed PostgreSQL's programs, which Debian keeps off the PATH."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "postgres").exists()]
    on_path = shutil.which("postgres")
    if versions:
        return max(versions, key=lambda path: float(path.parent.name))
    return Path(on_path).resolve().parent if on_path else None
