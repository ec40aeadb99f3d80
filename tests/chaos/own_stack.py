"""A stack for this alone: real components, 800 ports further, deleted afterwards unless something was wrong."""

import os
import subprocess
import sys
from pathlib import Path

from infra.settings import Settings, data_directory, load_settings

PORT_OFFSET = 800
# Six followers make a celebrity in the test profile; feeds this short go on in PostgreSQL.
FEED_DEPTH = 30


class NoStack(Exception):
    """The stack could not be started; the message is what `python -m infra` said."""


def surroundings(brokers: int, workers: int) -> dict[str, str]:
    """Return the variables that name this stack."""
    usual = data_directory()
    port_base = int(os.environ.get("DARKROOM_PORT_BASE") or 28000) + PORT_OFFSET
    return {
        "DARKROOM_ENV": "test",
        "DARKROOM_PORT_BASE": str(port_base),
        "DARKROOM_DATA": str(usual.with_name(usual.name + "-chaos")),
        "DARKROOM_BROKERS": str(brokers),
        "DARKROOM_WORKERS": str(workers),
        "DARKROOM_FEED_DEPTH": str(FEED_DEPTH),
    }


def start(variables: dict[str, str]) -> Settings:
    """Start the stack, empty; what an earlier run left is deleted."""
    os.environ.update(variables)
    infra("clean", "--yes")
    try:
        infra("up")
    except NoStack:
        # On a machine that is busy with something else three brokers may need longer than they are given; what is up stays.
        infra("up")
    return load_settings()


def stop(keep: bool) -> None:
    """Stop the stack, and delete what it held unless that is to be looked at."""
    infra("down") if keep else infra("clean", "--yes")


def infra(*words: str) -> None:
    """Run a command of `python -m infra`; NoStack with its words when it fails."""
    ran = subprocess.run([sys.executable, "-m", "infra", *words], capture_output=True, text=True, check=False)
    if ran.returncode and "There is no stack" not in ran.stderr:
        raise NoStack(f"python -m infra {' '.join(words)}:\n{ran.stdout}{ran.stderr}")


def logs_of(settings: Settings) -> list[Path]:
    """Return the logs of all components."""
    return sorted(settings.log_dir.glob("*.log"))
