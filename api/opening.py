"""Puts a context together from values: opens stores, the log and the object store, and closes them in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from api.auth import Tokens
from api.context import Context
from api.freshness import Freshness
from api.limits import Limit, Limits
from api.metrics import Metrics
from api.people import People
from api.recall import Recall
from api.relations import Relations
from api.remembered import Remembered
from api.shedding import Fuse, Load
from api.signing import Signer
from api.trust import Trust
from projections import progress
from projections.redis_store import RedisStore
from projections.stores import open_stores
from projections.witnessed import WitnessedRedis
from schemas.catalog import TOPICS
from streams.producer import Edge, Minter, Producer, open_objects

# 20,000 accounts of about 600 B are 12 MB; a reader who follows a thousand people weighs 70 KB, most far less.
RECALLED = 20_000


@dataclass(frozen=True)
class Places:
    """Where everything is, and what the API needs of the settings."""

    dsns: Sequence[str]
    redis_url: str
    bootstrap: str
    object_endpoint: str
    object_access_key: str
    object_secret_key: str
    jwt_secret: str
    shards: int
    partitions: int
    feed_depth: int
    trend_window_seconds: int
    gives_tokens: bool
    limits: Mapping[str, Sequence[Limit]]
    requests_most: int
    upload_bytes_most: int
    holder: str


@asynccontextmanager
async def open_context(places: Places) -> AsyncIterator[Context]:
    """Yield the context of one API process."""
    async with AsyncExitStack() as stack:
        stores = await open_stores(places.dsns, places.redis_url, places.shards, places.feed_depth, redis_of=WitnessedRedis)
        stack.push_async_callback(stores.close)
        # What is the API's own, and is true in whichever Redis: progress with its birth id, keys of requests, limits.
        own = RedisStore(places.redis_url)
        stack.push_async_callback(own.close)
        objects = open_objects(places.object_endpoint, places.object_access_key, places.object_secret_key)
        stack.push_async_callback(objects.close)
        producer = Producer(places.bootstrap, places.shards, places.partitions, name="api")
        stack.push_async_callback(producer.close)
        minter = await asyncio.to_thread(Minter.open, places.bootstrap, places.holder)
        stack.push_async_callback(asyncio.to_thread, minter.close)
        derived = frozenset(topic.name for topic in TOPICS if topic.derived)
        freshness = Freshness(lambda: progress.look(own, stores.builds), derived, stores.redis)
        await freshness.start()
        stack.push_async_callback(freshness.stop)
        trust = Trust(freshness, stores, places.partitions)
        of_accounts, of_viewers = (
            Recall(freshness, agent, places.shards, places.partitions, RECALLED) for agent in ("accounts", "viewers")
        )
        fuse = Fuse(producer)
        yield Context(
            stores=stores,
            edge=Edge(fuse, minter, objects, places.shards, "http"),
            objects=objects,
            freshness=freshness,
            tokens=Tokens(places.jwt_secret),
            people=People(stores, trust, of_accounts),
            relations=Relations(stores, freshness, trust, of_viewers),
            trust=trust,
            remembered=Remembered(own.call),
            limits=Limits(own.call, places.limits),
            load=Load(places.requests_most, places.upload_bytes_most),
            fuse=fuse,
            signer=Signer(places.jwt_secret),
            metrics=Metrics(),
            shards=places.shards,
            partitions=places.partitions,
            trend_window_seconds=places.trend_window_seconds,
            gives_tokens=places.gives_tokens,
        )
