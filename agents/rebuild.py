"""Make a projection again from the log, beside the live one, compare the digests, and promote it or say what differs.

The live digest comes with the positions that it stands for; the same folds then read the log from offset zero up to exactly
those positions into build N+1. Equal digests prove that live equals rebuilt (I8). When it is promoted, the rebuilt states are
left where workers adopt them, so that live folding goes on from where the new build stands.
"""

import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from projections.builds import create_build, drop_build, promote
from projections.catalog import PROJECTIONS
from projections.digest import Digest, digest
from projections.stores import Stores
from projections.structure import Rings
from projections.structures import structure_of
from streams.decoding import BatchDecoder
from streams.fold import Agent, Sink
from streams.ledger import Ledger
from streams.pipeline import fold_range
from streams.reading import RangeReader
from streams.state import Budget, StateStore

# How often the digest of a live projection is taken again while the log moves under it.
STEADY_ATTEMPTS = 20


class LogKeepsMoving(Exception):
    """The live projection changed under every attempt to take its digest; try again when there is less load."""


@dataclass(frozen=True)
class Outcome:
    """What a rebuild found: the live digest and the rebuilt one, and whether the new build was promoted."""

    live: Digest
    rebuilt: Digest
    build: int
    promoted: bool

    @property
    def equal(self) -> bool:
        """Return whether rebuilt equals live."""
        return self.live.total == self.rebuilt.total

    @property
    def differing_shards(self) -> list[int]:
        """Return the shards in which the two differ."""
        one, other = self.live.by_shard, self.rebuilt.by_shard
        return sorted(shard for shard in {*one, *other} if one.get(shard) != other.get(shard))


@dataclass(frozen=True)
class Workshop:
    """What a rebuild works with. `open_sink` opens writers of one projection's build; `say` is told what goes on.

    `emitted` is by agent and partition what the live agents have appended, from their progress.
    """

    stores: Stores
    agents: tuple[Agent, ...]
    reader: RangeReader
    decoder: BatchDecoder
    state_dir: Path
    partitions: int
    emitted: Mapping[tuple[str, int], Mapping[str, Mapping[int, int]]]
    open_sink: Callable[[str, int], Awaitable[Sink]]
    say: Callable[[str], None]


def writers_of(name: str, agents: Iterable[Agent]) -> list[Agent]:
    """Return the agents that write a projection; KeyError, with the names there are, when there is no such projection."""
    for projection in PROJECTIONS:
        if projection.name == name:
            return [agent for agent in agents if agent.name in projection.writers]
    raise KeyError(f"no projection {name!r}; there are: {', '.join(p.name for p in PROJECTIONS)}")


async def rebuild(shop: Workshop, name: str) -> Outcome:
    """Rebuild one projection beside the live one and promote it when the digests are equal."""
    writers = writers_of(name, shop.agents)
    live = await steady_digest(shop.stores, name)
    build = shop.stores.builds.of(name) + 1
    # A rebuild that was interrupted may have left rows and states behind.
    await drop_build(shop.stores.postgres, shop.stores.redis, name, build)
    await create_build(shop.stores.postgres, name, build)
    sink = await shop.open_sink(name, build)
    try:
        for agent in writers:
            for partition in range(shop.partitions):
                await _fold_from_zero(shop, agent, partition, _ends(live, agent, partition), sink, build)
    finally:
        await sink.close()
    rebuilt = await digest(shop.stores, name, build, beside=shop.stores.builds.of(name))
    live = await _live_beside(shop.stores, live, build)
    equal = rebuilt.total == live.total
    if equal:
        for agent in writers:
            _offer_states(shop, agent, name, build)
        await promote(shop.stores.postgres, name, build)
    return Outcome(live, rebuilt, build, equal)


async def steady_digest(stores: Stores, name: str) -> Digest:
    """Return the digest of the live projection with the positions it stands for; LogKeepsMoving when they never held."""
    for _ in range(STEADY_ATTEMPTS):
        found = await digest(stores, name)
        if found.steady:
            return found
    raise LogKeepsMoving(f"{name} changed during {STEADY_ATTEMPTS} digests in a row; rebuild it when there is less load")


async def _live_beside(stores: Stores, live: Digest, build: int) -> Digest:
    """Return the live digest as it compares with the new build, which is another one for rings only.

    Two rings may hold different candidates that nobody sees, and be cut at different ids; what both hold completely must be
    equal. LogKeepsMoving when the live rings are no longer where they were.
    """
    if not isinstance(structure_of(live.name), Rings):
        return live
    now = await digest(stores, live.name, beside=build)
    if now.positions != live.positions:
        raise LogKeepsMoving(f"{live.name} was written to during the rebuild; rebuild it when there is less load")
    return now


def _ends(live: Digest, agent: Agent, partition: int) -> dict[str, int]:
    """Return the positions up to which the live projection knows the sources of one agent's partition."""
    for writer in (agent.name, f"{agent.name}.flush"):
        found = live.positions.get(writer, {}).get(partition)
        if found is not None:
            return dict(found)
    return {}


async def _fold_from_zero(shop: Workshop, agent: Agent, partition: int, ends: dict, sink: Sink, build: int) -> None:
    """Fold one agent's partition from zero to the live positions, with a state of its own."""
    path = rebuilt_path(shop.state_dir, agent.name, partition, build)
    shutil.rmtree(path, ignore_errors=True)
    state = StateStore.open(path, Budget())
    loop = await fold_range(agent, partition, shop.reader.read, ends, state, sink, shop.decoder)
    # A rebuild appends nothing; what the live agent has appended so far is what readers must wait for.
    ledger = Ledger(state)
    ledger.set_emitted(shop.emitted.get((agent.name, partition), {}))
    state.commit()
    loop.close()
    shop.say(f"{agent.name}/{partition}: folded {loop.counts.records:,} records from offset zero")


def rebuilt_path(state_dir: Path, agent: str, partition: int, build: int) -> Path:
    """Return where a rebuild keeps the state of one agent and partition."""
    return state_dir / agent / f"{partition}.rebuilt-{build}"


def _offer_states(shop: Workshop, agent: Agent, name: str, build: int) -> None:
    """Put the rebuilt states where workers look, by the build that must be promoted before one may be adopted."""
    for partition in range(shop.partitions):
        made = rebuilt_path(shop.state_dir, agent.name, partition, build)
        offered = shop.state_dir / agent.name / f"{partition}.adopt@{name}.{build}"
        shutil.rmtree(offered, ignore_errors=True)
        made.rename(offered)
