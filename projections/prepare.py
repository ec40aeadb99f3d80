"""Set up empty stores: the global schema and the shard map, the Redis functions, a birth id for each."""

from collections.abc import Sequence

from projections.postgres_preparation import prepare_postgres
from projections.redis_store import RedisStore


async def prepare(dsns: Sequence[str], redis_url: str, shards: int) -> None:
    """Make the stores ready for `shards` logical shards; repeatable, and changes nothing the second time."""
    await prepare_postgres(dsns, shards)
    redis = RedisStore(redis_url)
    try:
        await redis.prepare()
    finally:
        await redis.close()
