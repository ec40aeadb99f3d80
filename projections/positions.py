"""Positions that guards remember: how far each agent's partitions are in what a store holds."""

import json
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

from projections.catalog import PROJECTIONS
from projections.redis_store import RedisStore
from projections.writers import rebuilding_agent

# agent -> partition -> topic -> next offset
Positions = dict[str, dict[int, dict[str, int]]]


def guard_names(name: str, build: int, current: int) -> dict[str, str]:
    """Return under which agent names the guards of a build stand, each with the agent's own name.

    A build that is not the current one was written by a rebuild; rows that an agent flushes have a guard of their own.
    """
    writers = next(projection.writers for projection in PROJECTIONS if projection.name == name)
    own = [guard for writer in writers for guard in (writer, f"{writer}.flush")]
    return {agent if build == current else rebuilding_agent(agent, name, build): agent for agent in own}


def raise_positions(positions: Positions, agent: str, partition: int, sources: dict[str, int]) -> None:
    """Take over a guard's positions where they are higher: a shard's guard knows only the batches that touched it."""
    held = positions.setdefault(agent, {}).setdefault(partition, {})
    for topic, offset in sources.items():
        held[topic] = max(offset, held.get(topic, 0))


async def redis_positions(redis: RedisStore, names: dict[str, str]) -> Positions:
    """Return the positions of all guards in Redis that stand under these names."""
    positions: Positions = {}
    async for key, value in _guards(redis, names):
        _, _, rest = key.decode().partition("guard:")
        guard, _, partition = rest.rpartition(":")
        raise_positions(positions, names[guard], int(partition), json.loads(value.split(b" ", 2)[2]))
    return positions


async def _guards(redis: RedisStore, names: Iterable[str]) -> AsyncIterator[tuple[bytes, bytes]]:
    for name in names:
        async for keys in redis.scan(f"{{*}}guard:{name}:*"):
            for key, value in zip(keys, await redis.call("MGET", *keys), strict=True):
                if value is not None:
                    yield key, value


def in_order(positions: Positions) -> Positions:
    """Return the positions sorted by agent, partition and topic."""
    return {
        agent: {partition: dict(sorted(sources.items())) for partition, sources in sorted(of_agent.items())}
        for agent, of_agent in sorted(positions.items())
    }


def cut(items: list, size: int) -> list[list]:
    """Return the items in parts of at most `size`."""
    borders = [*range(0, len(items), size), len(items)]
    return [items[first:end] for first, end in pairwise(borders)]
