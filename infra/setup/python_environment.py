"""The Python environment `.venv`, exactly as `requirements.lock` says, made by a pinned uv of our own."""

from __future__ import annotations

import sys

from infra.setup import places
from infra.setup.steps import PrerequisiteMissing, remove_tree, run

OLDEST = (3, 11)


def uv_is_there() -> bool:
    return (places.uv_dir() / "done").exists()


def install_uv() -> None:
    target = places.uv_dir()
    remove_tree(target)
    run("uv", [sys.executable, "-m", "venv", str(target)])
    pip = [str(target / "bin" / "pip"), "install", "--disable-pip-version-check", "--require-hashes"]
    run("uv", [*pip, "-r", str(places.SETUP / "uv-requirements.lock")])
    (target / "done").touch()


def stamp() -> str:
    return places.digest(places.REQUIREMENTS, sys.version)


def is_synced() -> bool:
    marker = places.VENV / "darkroom-lock"
    return marker.exists() and marker.read_text() == stamp()


def sync() -> None:
    if sys.version_info < OLDEST:
        raise PrerequisiteMissing(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed and {sys.executable} is {sys.version.split()[0]}. "
            "Debian 12 has it; or name another one: make setup PYTHON=/path/to/python3"
        )
    uv = str(places.uv_dir() / "bin" / "uv")
    # The system's certificates, as pip and apt use them: a registry behind a proxy of one's own is then found too.
    surroundings = {"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true", "VIRTUAL_ENV": str(places.VENV)}
    if not (places.VENV / "bin" / "python").exists():
        run("python", [uv, "venv", "--quiet", "--python", sys.executable, str(places.VENV)], surroundings)
    run("python", [uv, "pip", "sync", "--require-hashes", str(places.REQUIREMENTS)], surroundings)
    (places.VENV / "darkroom-lock").write_text(stamp())
