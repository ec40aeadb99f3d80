"""A stack of the bench's own: real Kafka, PostgreSQL, Redis and object store, 700 ports further, deleted at the end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.settings import Settings, data_directory, load_settings
from projections.prepare import prepare
from streams.topics import create_topics
from tests.bench.figures import Say

PORT_OFFSET = 700
# The test profile's feeds are short, so that tests reach their ends.
FEED_DEPTH = 500


class NoStack(Exception):
    """The stack could not be started; the message is what `python -m infra` said."""


def places() -> tuple[Path, dict[str, str]]:
    """Return the usual data directory, where results go, and the variables that name the bench's own stack."""
    usual = data_directory()
    port_base = int(os.environ.get("DARKROOM_PORT_BASE") or 28000) + PORT_OFFSET
    return usual, {
        "DARKROOM_ENV": "test",
        "DARKROOM_PORT_BASE": str(port_base),
        "DARKROOM_DATA": str(usual.with_name(usual.name + "-bench")),
        "DARKROOM_FEED_DEPTH": str(FEED_DEPTH),
    }


@contextmanager
def own_stack(variables: dict[str, str], services: str, say: Say) -> Iterator[Settings]:
    """Start the stack empty, `core` or `all` of it, make topics and stores ready, and delete it afterwards."""
    os.environ.update(variables)
    infra("clean", "--yes")
    try:
        ours = ", workers and API" if services == "all" else ""
        say(f"starting Kafka, PostgreSQL, Redis and MinIO{ours} from port {variables['DARKROOM_PORT_BASE']}")
        try:
            infra("up", "--services", services)
        except NoStack as late:
            # On a machine that is busy with something else workers may need longer than they are given; what is up stays.
            say(f"once more: {str(late)[-300:]}")
            infra("up", "--services", services)
        settings = load_settings()
        create_topics(settings.kafka_bootstrap, settings.partitions)
        asyncio.run(prepare(settings.postgres_dsns, settings.redis_url, settings.shards))
        say("ready")
        yield settings
    finally:
        infra("clean", "--yes")


def infra(*words: str) -> None:
    """Run a command of `python -m infra`; NoStack with its words when it fails."""
    ran = subprocess.run([sys.executable, "-m", "infra", *words], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise NoStack(f"python -m infra {' '.join(words)}:\n{ran.stdout}{ran.stderr}")
