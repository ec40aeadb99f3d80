"""The API's commands: serve it, or make a token for a person."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Sequence

import click
import uvicorn

from api.app import Api
from api.auth import Tokens
from api.limits import Limit
from api.opening import Places, open_context
from infra.settings import Settings, SettingsError, load_settings
from projections import accounts
from projections.away import StoreAway
from projections.stores import Stores, open_stores
from schemas.text import name_key

PREREQUISITE_MISSING = 3


@click.group()
def main() -> None:
    """Serve the HTTP interface of Darkroom.

    Example: python -m api serve
    """


@main.command()
@click.option("--port", type=int, help="Port to answer on, instead of the settings' one.")
def serve(port: int | None) -> None:
    """Serve until stopped.

    Example: python -m api serve --port 28000
    """
    settings = read_settings()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    places = places_of(settings)
    uvicorn.run(
        Api(lambda: open_context(places)),
        host="127.0.0.1",
        port=port or settings.api_port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=10,
    )


@main.command()
@click.option("--user", "users", required=True, multiple=True, help="User name of the person; may be repeated.")
def token(users: tuple[str, ...]) -> None:
    """Print an access token for each person, in their order, a line each; not in production.

    Example: python -m api token --user ada
    """
    settings = read_settings()
    if settings.env == "production":
        raise click.UsageError("tokens are not for the asking in production (DARKROOM_ENV=production)")
    try:
        found = asyncio.run(find_users(settings, users))
    except StoreAway as away:
        click.echo(f"the accounts cannot be read: {away}; is the stack up? (make status)", err=True)
        raise SystemExit(PREREQUISITE_MISSING) from away
    for user, user_id in zip(users, found, strict=True):
        if user_id is None:
            raise click.ClickException(f"there is no account named {user!r}")
    tokens = Tokens(settings.jwt_secret.get_secret_value())
    click.echo("\n".join(tokens.make(user_id) for user_id in found))


async def find_users(settings: Settings, usernames: Sequence[str]) -> list[int | None]:
    """Return the ids of the accounts of these names, None where there is none."""
    stores = await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards, settings.feed_depth)
    async with stores:
        return [await find_user(stores, username) for username in usernames]


async def find_user(stores: Stores, username: str) -> int | None:
    try:
        row = await accounts.by_name(stores, name_key(username))
    except ValueError:
        return None
    return None if row is None else row.user_id


def places_of(settings: Settings) -> Places:
    """Return what the API needs of the settings."""
    return Places(
        dsns=settings.postgres_dsns,
        redis_url=settings.redis_url,
        bootstrap=settings.kafka_bootstrap,
        object_endpoint=settings.object_endpoint,
        object_access_key=settings.object_access_key.get_secret_value(),
        object_secret_key=settings.object_secret_key.get_secret_value(),
        jwt_secret=settings.jwt_secret.get_secret_value(),
        shards=settings.shards,
        partitions=settings.partitions,
        feed_depth=settings.feed_depth,
        trend_window_seconds=settings.trend_window_seconds,
        gives_tokens=settings.env != "production",
        requests_most=settings.api_requests,
        upload_bytes_most=settings.api_upload_mib << 20,
        limits=limits_of(settings),
        holder=f"api {socket.gethostname()} {os.getpid()}",
    )


def limits_of(settings: Settings) -> dict[str, tuple[Limit, ...]]:
    """Return the limits by kind; none where they are off."""
    if settings.rate_limits == "off":
        return {}
    return {kind: tuple(Limit(*rate) for rate in rates) for kind, rates in settings.rates().items()}


def read_settings() -> Settings:
    """Return the settings; exit 3 with what is wrong when they cannot be read."""
    try:
        return load_settings()
    except SettingsError as wrong:
        click.echo(str(wrong), err=True)
        raise SystemExit(PREREQUISITE_MISSING) from wrong


if __name__ == "__main__":
    main(prog_name="python -m api")
