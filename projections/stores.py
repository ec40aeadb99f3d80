"""What readers read from: PostgreSQL, Redis and the current builds, opened together."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Self

from projections.away import StoreAway
from projections.builds import Builds, read_builds
from projections.keys import key_of
from projections.postgres import Postgres
from projections.postgres_opening import open_postgres
from projections.postgres_prints import read_requests
from projections.prints import last_requests
from projections.redis_store import RedisStore
from projections.structure import Members, Rings, Strings, Table

# How long a reader may go on with a build after another one was promoted.
PROMOTION_SECONDS = 1.0
# Above every id, time and offset: where a list that begins at its newest starts.
TOP = (1 << 63) - 1


class Stores:
    """The opened stores of one process and event loop. Every reader function takes this first."""

    def __init__(self, postgres: Postgres, redis: RedisStore, builds: Builds, shards: int, feed_depth: int):
        self.postgres = postgres
        self.redis = redis
        self.builds = builds
        self.shards = shards
        self.feed_depth = feed_depth
        self._following = asyncio.ensure_future(self._follow_promotions())

    async def close(self) -> None:
        """Close everything."""
        self._following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._following
        await asyncio.gather(self.postgres.close(), self.redis.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def key(self, structure: Strings | Members | Rings, shard: int, suffix: str | int) -> str:
        """Return the key of one thing in the current build of a family."""
        return key_of(structure, self.builds.of(structure.name), shard, suffix)

    async def select(self, table: Table, place: int, text: str, params: Sequence) -> list[Any]:
        """Return rows of a table's own type; the query selects `{columns}` from `{table}`."""
        if place >= self.shards:
            # An id that somebody made up may name a shard that is not in use.
            return []
        found = await self.postgres.fetch(table, self.builds.of(table.name), place, text, params)
        return [table.row(*values) for values in found]

    async def one(self, table: Table, place: int, text: str, params: Sequence) -> Any | None:
        """Return the first row of a query, or None."""
        return next(iter(await self.select(table, place, text, params)), None)

    async def _follow_promotions(self) -> None:
        while True:
            await asyncio.sleep(PROMOTION_SECONDS)
            # While a server is away, reads of it say so themselves; the builds and births known stay in use.
            with contextlib.suppress(StoreAway):
                self.builds.replace(await self.postgres.promotions(), last_requests(await read_requests(self.postgres)))
                await self.postgres.identities()


async def open_stores(
    dsns: Sequence[str],
    redis_url: str,
    shards: int,
    feed_depth: int = 500,
    connections: int = 8,
    redis_of: Callable[[str], RedisStore] = RedisStore,
) -> Stores:
    """Open the stores for reading; StoreAway when one does not answer, StoreNotPrepared before `projections prepare`."""
    postgres = await open_postgres(dsns, shards, connections)
    redis = redis_of(redis_url)
    try:
        await redis.open()
        builds = await read_builds(postgres)
    except StoreAway:
        await asyncio.gather(postgres.close(), redis.close())
        raise
    return Stores(postgres, redis, builds, shards, feed_depth)
