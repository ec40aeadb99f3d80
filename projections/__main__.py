"""Read models at the command line: set up the stores, and compare what they hold.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a store is away or not prepared.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import Any

import click

from infra.settings import Settings, SettingsError, load_settings
from projections.away import StoreAway
from projections.digest import Digest, digest
from projections.prepare import prepare
from projections.stores import open_stores
from projections.structures import NAMES


@click.group()
def main() -> None:
    """Read models: tables and keys that are folded from the log, and can be thrown away and made again.

    Example: python -m projections digest photos --json
    """


@main.command("prepare")
def prepare_stores() -> None:
    """Set up empty stores: schema `darkroom`, shard map, Redis functions, birth ids. Repeatable.

    Example: python -m projections prepare
    """
    settings = _settings()
    _run(prepare(settings.postgres_dsns, settings.redis_url, settings.shards))
    click.echo(f"prepared {len(settings.postgres_dsns)} PostgreSQL servers and Redis for {settings.shards} shards")


@main.command("digest")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--build", type=int, help="Which build; the promoted one unless said.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with positions and shards.")
def print_digests(names: tuple[str, ...], build: int | None, as_json: bool) -> None:
    """Print the order-free digest of projections, of all unless named, and the positions it is true at.

    Example: python -m projections digest likes --json
    """
    for name in names:
        if name not in NAMES:
            raise click.UsageError(f"no projection {name!r}; there are: {', '.join(NAMES)}")
    show = _as_json if as_json else _as_line
    _run(_digests(names or NAMES, build, show))


async def _digests(names: tuple[str, ...], build: int | None, show: Any) -> None:
    settings = _settings()
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        for name in names:
            click.echo(show(await digest(stores, name, build)))


def _as_json(found: Digest) -> str:
    return json.dumps(found._asdict())


def _as_line(found: Digest) -> str:
    moving = "" if found.steady else "  (written to meanwhile)"
    return f"{found.name:14} build {found.build}  {found.total}  {found.rows:>10} rows{moving}"


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(3)


def _run(work: Coroutine) -> None:
    try:
        asyncio.run(work)
    except StoreAway as error:
        click.echo(str(error), err=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
