"""From values to a running worker: the catalogue's agents, the real stores behind them, and a worker's directory.

`agents.__main__` reads the settings and calls `start_worker`; nothing else builds the real thing.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents import resize
from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.away import StoreAway
from projections.writers import open_writers
from streams.fold import Agent, Guard, NeighbourAway, Progress, Sink
from streams.objects import open_objects
from streams.worker import Worker, run_worker


@dataclass(frozen=True)
class Places:
    """Where the neighbours are and where state is kept."""

    bootstrap: str
    postgres_dsns: tuple[str, ...]
    redis_url: str
    object_endpoint: str
    object_access_key: str
    object_secret_key: str
    state_dir: Path


class StoreSink:
    """The projections' writers as the runtime's sink: their `StoreAway` is its `NeighbourAway`."""

    def __init__(self, writers: Any) -> None:
        self._writers = writers

    async def identities(self) -> dict[str, str]:
        """Return the birth id of each store."""
        return await self._told(self._writers.identities())

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        """Write rows under the guard."""
        await self._told(self._writers.commit(guard, rows))

    async def publish(self, progress: Progress) -> None:
        """Make progress visible to readers."""
        await self._told(self._writers.publish(progress))

    async def close(self) -> None:
        """Close the stores."""
        await self._writers.close()

    async def _told(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except StoreAway as away:
            raise NeighbourAway(str(away)) from away


def live_agents(rules: Rules, places: Places) -> tuple[Agent, ...]:
    """Return the catalogue with its effects wired to the real object store."""
    objects = open_objects(places.object_endpoint, places.object_access_key, places.object_secret_key)
    return catalog(rules, resize=resize.make_effect(objects))


def open_sink(rules: Rules, places: Places) -> Callable[[], Awaitable[Sink]]:
    """Return what opens the stores, in the event loop that will use them."""

    async def opened() -> Sink:
        try:
            writers = await open_writers(list(places.postgres_dsns), places.redis_url, rules.shards, rules.feed_depth)
        except StoreAway as away:
            raise NeighbourAway(str(away)) from away
        return StoreSink(writers)

    return opened


def roles() -> tuple[str, ...]:
    """Return the roles of the catalogue, in its order."""
    return tuple(dict.fromkeys(agent.role for agent in catalog(Rules())))


def start_worker(
    role: str, slot: int, metrics_port: int, flush_seconds: float, rules: Rules, places: Places, log_level: str = "info"
) -> None:
    """Run one worker of a role until it is told to stop; KeyError when there is no such role."""
    chosen = agents_of(role, live_agents(rules, places) if role == "media" else catalog(rules))
    run_worker(
        Worker(
            role=role,
            slot=slot,
            agents=chosen,
            bootstrap=places.bootstrap,
            shards=rules.shards,
            partitions=rules.partitions,
            state_dir=places.state_dir,
            flush_seconds=flush_seconds,
            metrics_port=metrics_port,
            open_sink=open_sink(rules, places),
        ),
        log_level,
    )
