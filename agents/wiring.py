"""From values to a running worker: the catalogue's agents, the real stores behind them, and a worker's directory.

`agents.__main__` reads the settings and calls `start_worker`; nothing else builds the real thing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from agents import resize
from agents.catalog import agents_of, catalog
from agents.erasure import SAID_IN, Judged, scan, traces_of
from agents.explain import Step, explain_likes
from agents.rebuild import Workshop
from agents.rules import Rules
from projections.away import StoreAway, StoreOvertaken
from projections.scan import Traces
from projections.stores import open_stores
from projections.writers import open_writers
from schemas.codec import open_codec
from schemas.ids import partition_of, shard_of
from streams.decoding import BatchDecoder
from streams.fold import Agent, Guard, NeighbourAway, Overtaken, Owed, Progress, Sink
from streams.frames import frame_decoder
from streams.kafka import build_consumer
from streams.lease import Lease
from streams.objects import Objects, open_objects
from streams.reading import RangeReader
from streams.replay import Piece, Replay, pin
from streams.selection import Selection
from streams.state import MemoryState
from streams.surroundings import Patience
from streams.worker import Worker, run_worker


@dataclass(frozen=True)
class Places:
    """Where the neighbours are, where state is kept, and how long and how often a worker bears with what goes wrong."""

    bootstrap: str
    postgres_dsns: tuple[str, ...]
    redis_url: str
    object_endpoint: str
    object_access_key: str
    object_secret_key: str
    state_dir: Path
    replicas: int = 1
    snapshot_seconds: float = 60.0
    dead_letters_in_a_row: int = 1_000


def rules_of(settings: Any) -> Rules:
    """Return what folds are told, from the settings."""
    return Rules(
        celebrity_up=settings.celebrity_up,
        celebrity_down=settings.celebrity_down,
        trend_window_seconds=settings.trend_window_seconds,
        feed_depth=settings.feed_depth,
        shards=settings.shards,
        partitions=settings.partitions,
    )


def places_of(settings: Any) -> Places:
    """Return where everything is, from the settings."""
    return Places(
        bootstrap=settings.kafka_bootstrap,
        postgres_dsns=tuple(settings.postgres_dsns),
        redis_url=settings.redis_url,
        object_endpoint=settings.object_endpoint,
        object_access_key=settings.object_access_key.get_secret_value(),
        object_secret_key=settings.object_secret_key.get_secret_value(),
        state_dir=Path(settings.state_dir),
        replicas=settings.replicas,
        snapshot_seconds=settings.snapshot_seconds,
        dead_letters_in_a_row=settings.dead_letters_in_a_row,
    )


class StoreSink:
    """The projections' writers as the runtime's sink: their `StoreAway` is its `NeighbourAway`, and so on."""

    def __init__(self, writers: Any) -> None:
        self._writers = writers

    async def identities(self) -> dict[str, str]:
        """Return the birth id of each store."""
        return await self._told(self._writers.identities())

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        """Write rows under the guard."""
        await self._told(self._writers.commit(guard, rows))

    async def owed(self, agent: str, partition: int) -> Sequence[Owed]:
        """Return what the stores do not hold whole for this agent and partition."""
        return [Owed(*one) for one in await self._told(self._writers.owed(agent, partition))]

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Write all rows of a projection, and note that it is whole."""
        await self._told(self._writers.reprint(guard, owed, rows, told))

    async def publish(self, progress: Progress) -> None:
        """Make progress visible to readers."""
        await self._told(self._writers.publish(progress))

    async def close(self) -> None:
        """Close the stores."""
        await self._writers.close()

    async def _told(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except StoreOvertaken as overtaken:
            raise Overtaken(str(overtaken)) from overtaken
        except StoreAway as away:
            raise NeighbourAway(str(away)) from away


def live_agents(rules: Rules, places: Places, lease: Lease) -> tuple[Agent, ...]:
    """Return the catalogue with its effects wired to the real object store, which they use under the lease only."""
    return catalog(rules, resize=resize.make_effect(leased_objects(places, lease)))


def leased_objects(places: Places, lease: Lease) -> Objects:
    """Return the object store, which is used under a lease only."""
    return open_objects(places.object_endpoint, places.object_access_key, places.object_secret_key, held=lease.held)


def open_sink(rules: Rules, places: Places) -> Callable[[], Awaitable[Sink]]:
    """Return what opens the stores, in the event loop that will use them."""

    async def opened() -> Sink:
        try:
            writers = await open_writers(list(places.postgres_dsns), places.redis_url, rules.shards, rules.feed_depth)
        except StoreAway as away:
            raise NeighbourAway(str(away)) from away
        return StoreSink(writers)

    return opened


@asynccontextmanager
async def open_workshop(rules: Rules, places: Places, say: Callable[[str], None]) -> AsyncIterator[Workshop]:
    """Open what a rebuild works with."""

    async def open_build(name: str, build: int) -> Sink:
        dsns = list(places.postgres_dsns)
        return StoreSink(await open_writers(dsns, places.redis_url, rules.shards, rules.feed_depth, rebuild=(name, build)))

    reader = RangeReader(build_consumer(places.bootstrap))
    try:
        async with await open_stores(list(places.postgres_dsns), places.redis_url, rules.shards, rules.feed_depth) as stores:
            yield Workshop(
                stores=stores,
                agents=catalog(rules),
                reader=reader,
                decoder=BatchDecoder(open_codec().decoder),
                state_dir=places.state_dir,
                partitions=rules.partitions,
                open_sink=open_build,
                say=say,
            )
    finally:
        reader.close()


def explain_photo_likes(rules: Rules, places: Places, photo_id: int) -> Iterator[Step]:
    """Yield what each record of the log did to the number of likes of a photo."""
    partition = partition_of(shard_of(photo_id), rules.shards, rules.partitions)
    consumer = build_consumer(places.bootstrap)

    def pieces(topic: str, key: str | None) -> Iterator[Piece]:
        selection = Selection(topic, key=key, partitions=(partition,))
        return Replay(consumer, selection, pin(consumer, selection), frame_decoder(open_codec().decoder)).pieces()

    try:
        # The explanation reads all presences before the first like, so that one consumer is enough.
        yield from explain_likes(pieces("likes", str(photo_id)), pieces("presences", None), photo_id, MemoryState())
    finally:
        consumer.close()


async def scan_for(rules: Rules, places: Places, user_id: int) -> tuple[Traces, Judged]:
    """Return what the log says of a person, and what of it the stores hold."""
    consumer = build_consumer(places.bootstrap)
    decode = frame_decoder(open_codec().decoder)
    try:
        replays = (Replay(consumer, one, pin(consumer, one), decode) for one in map(Selection, SAID_IN))
        traces = traces_of(user_id, chain.from_iterable(replay.pieces() for replay in replays))
    finally:
        consumer.close()
    objects = open_objects(places.object_endpoint, places.object_access_key, places.object_secret_key)
    try:
        async with await open_stores(list(places.postgres_dsns), places.redis_url, rules.shards, rules.feed_depth) as stores:
            return traces, await scan(stores, objects, traces)
    finally:
        await objects.close()


def roles() -> tuple[str, ...]:
    """Return the roles of the catalogue, in its order."""
    return tuple(dict.fromkeys(agent.role for agent in catalog(Rules())))


def start_worker(
    role: str, slot: int, metrics_port: int, flush_seconds: float, rules: Rules, places: Places, log_level: str = "info"
) -> None:
    """Run one worker of a role until it is told to stop; KeyError when there is no such role."""
    lease = Lease()
    chosen = agents_of(role, live_agents(rules, places, lease) if role == "media" else catalog(rules))
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
            replicas=places.replicas,
            lease=lease,
            open_objects=lambda: leased_objects(places, lease),
            snapshot_seconds=places.snapshot_seconds,
            patience=Patience(dead_letters_in_a_row=places.dead_letters_in_a_row),
        ),
        log_level,
    )
