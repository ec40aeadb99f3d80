"""Positions that guards remember: how far each agent's partitions are in what a store holds."""

import json
from itertools import pairwise

from projections.redis_prints import read_prints
from projections.redis_store import RedisStore

# agent -> partition -> topic -> next offset
Positions = dict[str, dict[int, dict[str, int]]]


def raise_positions(positions: Positions, agent: str, partition: int, sources: dict[str, int]) -> None:
    """Take over a guard's positions where they are higher: a shard's guard knows only the batches that touched it."""
    held = positions.setdefault(agent, {}).setdefault(partition, {})
    for topic, offset in sources.items():
        held[topic] = max(offset, held.get(topic, 0))


async def redis_positions(redis: RedisStore, names: dict[str, str]) -> Positions:
    """Return the positions of all guards, and of all that was printed whole, that stand under these names in Redis."""
    positions: Positions = {}
    for (agent, partition), record in (await read_prints(redis)).items():
        if record.whole and agent in names:
            raise_positions(positions, names[agent], partition, record.sources)
    async for scanned in redis.scan("{*}guard:*"):
        chosen = {key: guard for key in scanned if (guard := _guard_of(key))[0] in names}
        if not chosen:
            continue
        for (agent, partition), value in zip(chosen.values(), await redis.call("MGET", *chosen), strict=True):
            if value is not None:
                raise_positions(positions, names[agent], partition, json.loads(value.split(b" ", 2)[2]))
    return positions


def _guard_of(key: bytes) -> tuple[str, int]:
    agent, _, partition = key.decode().partition("guard:")[2].rpartition(":")
    return agent, int(partition)


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
