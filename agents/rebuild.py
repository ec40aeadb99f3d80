"""Make a projection again from the log, beside the live one, compare the digests, and promote it or say what differs.

The live digest comes with the positions that it stands for; the same folds then read the log from offset zero up to exactly
those positions into build N+1. Equal digests prove that live equals rebuilt (I8). When it is promoted, the rebuilt states are
left where workers adopt them, so that live folding goes on from where the new build stands.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from projections import progress
from projections.builds import create_build, drop_build, promote
from projections.catalog import PROJECTIONS
from projections.digest import Digest, digest
from projections.reprint import NotDone, wait_until_whole
from projections.stores import PROMOTION_SECONDS, Stores
from projections.structure import Rings
from projections.structures import structure_of
from streams.decoding import BatchDecoder
from streams.fold import Agent, Sink
from streams.ledger import Ledger
from streams.pipeline import fold_range
from streams.reading import RangeReader
from streams.state import Budget, MemoryState, StateStore

# How often the digest of a live projection is taken again while the log moves under it.
STEADY_ATTEMPTS = 20
# A worker that adopted a state, or that was restarted, has so long to be at the end of the log again.
CAUGHT_UP_SECONDS = 60


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
    """What a rebuild works with. `open_sink` opens writers of one projection's build; `say` is told what goes on."""

    stores: Stores
    agents: tuple[Agent, ...]
    reader: RangeReader
    decoder: BatchDecoder
    state_dir: Path
    partitions: int
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
    current = shop.stores.builds.of(name)
    build = current + 1
    # A rebuild that was interrupted may have left rows and states behind.
    await drop_build(shop.stores.postgres, shop.stores.redis, name, build)
    await create_build(shop.stores.postgres, name, build)
    for agent in writers:
        for partition in range(shop.partitions):
            shutil.rmtree(rebuilt_path(shop.state_dir, agent.name, partition, build), ignore_errors=True)
    live = await _build_beside(shop, writers, name, build)
    rebuilt = await digest(shop.stores, name, build, beside=current)
    equal = rebuilt.total == live.total
    if equal:
        for agent in writers:
            _offer_states(shop, agent, name, build)
        await promote(shop.stores.postgres, shop.stores.redis, name, build)
    return Outcome(live, rebuilt, build, equal)


async def drop_old(shop: Workshop, outcomes: Iterable[Outcome]) -> None:
    """Drop the builds that were live before these, once every writer writes the new ones and no reader asks for the old."""
    promoted = [outcome for outcome in outcomes if outcome.promoted]
    for outcome in promoted:
        name = outcome.live.name
        try:
            await wait_until_whole(shop.stores, name, shop.partitions, CAUGHT_UP_SECONDS, shop.say)
        except NotDone as late:
            shop.say(f"build {outcome.live.build} of {name} is kept: {late}")
            promoted = [one for one in promoted if one is not outcome]
    if promoted:
        await asyncio.sleep(2 * PROMOTION_SECONDS)
    for outcome in promoted:
        await drop_build(shop.stores.postgres, shop.stores.redis, outcome.live.name, outcome.live.build)


async def _build_beside(shop: Workshop, writers: list[Agent], name: str, build: int) -> Digest:
    """Fold the new build up to where the live one is, and return the live digest at just those positions.

    A digest of rings compares what both builds hold completely (two rings may hold different candidates that nobody sees, and
    be cut at different ids), so it is taken after folding; when the live rings have moved meanwhile, the new ones follow.
    """
    rings = isinstance(structure_of(name), Rings)
    live = await steady_digest(shop, writers, name, build)
    sink = await shop.open_sink(name, build)
    try:
        for _ in range(STEADY_ATTEMPTS):
            for agent in writers:
                for partition in range(shop.partitions):
                    ends = known_positions(live, agent, partition)
                    await _fold_on(shop, rebuilding(agent, name), partition, ends, sink, build)
            again = await steady_digest(shop, writers, name, build) if rings else live
            if again.positions == live.positions:
                return again
            live = again
    finally:
        await sink.close()
    raise LogKeepsMoving(f"{name} was written to during {STEADY_ATTEMPTS} rounds; rebuild it when there is less load")


async def steady_digest(shop: Workshop, writers: list[Agent], name: str, beside: int) -> Digest:
    """Return the digest of the live projection with the positions it stands for; LogKeepsMoving when they never held.

    Waits until the writers are at the end of the log: one that goes through history again, after it adopted a state, has rows
    in the stores that are ahead of the positions beside them.
    """
    for _ in range(STEADY_ATTEMPTS):
        await _caught_up(shop, writers)
        found = await digest(shop.stores, name, beside=beside)
        if found.steady:
            return found
    raise LogKeepsMoving(f"{name} changed during {STEADY_ATTEMPTS} digests in a row; rebuild it when there is less load")


async def _caught_up(shop: Workshop, writers: list[Agent]) -> None:
    """Wait until every partition of these agents has folded all there is, in the builds that are read."""
    wanted = {(agent.name, partition) for agent in writers for partition in range(shop.partitions)}
    deadline = monotonic() + CAUGHT_UP_SECONDS
    while True:
        known = {(one.agent, one.partition): one for one in await progress.snapshot(shop.stores)}
        behind = [
            place
            for place in sorted(wanted)
            if place not in known or any(known[place].sources.get(topic, 0) < end for topic, end in known[place].ends.items())
        ]
        if not behind:
            return
        if monotonic() > deadline:
            agent, partition = behind[0]
            raise LogKeepsMoving(
                f"{agent}/{partition} was not at the end of the log for {CAUGHT_UP_SECONDS} s; `make status` says"
            )
        await asyncio.sleep(0.1)


def known_positions(live: Digest, agent: Agent, partition: int) -> dict[str, int]:
    """Return the positions up to which the live projection knows the sources of one agent's partition, flushed or printed."""
    ends: dict[str, int] = {}
    for writer in (agent.name, f"{agent.name}.flush"):
        for topic, offset in live.positions.get(writer, {}).get(partition, {}).items():
            ends[topic] = max(offset, ends.get(topic, 0))
    return ends


def rebuilding(agent: Agent, name: str) -> Agent:
    """Return an agent as it folds for a rebuild of one projection: without the flush of rows that this one does not have.

    Its state is adopted, and must still know what was not flushed: the state that it replaces may not have come to it.
    """
    if agent.flush is None or name in agent.flush(MemoryState()).rows:
        return agent
    return replace(agent, flush=None)


async def _fold_on(shop: Workshop, agent: Agent, partition: int, ends: dict, sink: Sink, build: int) -> None:
    """Fold one agent's partition from where its new state is (zero at first) to the live positions."""
    state = StateStore.open(rebuilt_path(shop.state_dir, agent.name, partition, build), Budget())
    loop = await fold_range(agent, partition, shop.reader.read, ends, state, sink, shop.decoder)
    # A rebuild appends nothing; what the live agent has appended so far is what readers must wait for.
    emitted = [
        one.emitted for one in await progress.snapshot(shop.stores) if (one.agent, one.partition) == (agent.name, partition)
    ]
    Ledger(state).set_emitted(emitted[0] if emitted else {})
    Ledger(state).set_state_version(agent.state_version)
    state.commit()
    loop.close()
    shop.say(f"{agent.name}/{partition}: folded {loop.counts.records:,} records")


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
