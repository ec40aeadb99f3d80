"""What one worker holds: the open loops of its agents on its partitions, each with a task and a queue of its own.

Tasks of different partitions overlap their waiting for stores and brokers; within one there is one order. A rebalance stops
those that go, opens those that come, each on its own, and leaves alone those that stay. Whoever delivers batches
(`streams.worker`) is told when one is finished. Any failure is handed to `on_failure`, which must end the process: the next one
begins where the states are.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from streams.batch_loop import BatchLoop
from streams.fold import Agent, InvariantBroken, NeighbourAway
from streams.frozen import end_frozen_holder
from streams.ledger import Ledger
from streams.letting_go import StillOpen, close_and_release
from streams.partition_task import FINISH_SECONDS, Delivered, PartitionTask
from streams.place_lock import PlaceLock
from streams.restoring import Restoring
from streams.ruined import StateRuined, set_aside
from streams.snapshotting import Snapshots
from streams.state import Budget, DiskFull, StateStore
from streams.surroundings import Surroundings

log = logging.getLogger("darkroom.holding")

# A state that another worker has not let go yet is tried again for so long.
LET_GO_SECONDS = 15.0

Taken = TypeVar("Taken")


class Holding:
    """The loops of some agents on the partitions that are assigned now; `assign` is told of each rebalance.

    Without `restoring` a state that is not there is begun from zero; without `snapshots` none are taken.
    """

    def __init__(
        self,
        agents: Sequence[Agent],
        state_dir: Path,
        around: Surroundings,
        flush_seconds: float,
        on_failure: Callable[[BaseException], None],
        budget: Budget | None = None,
        restoring: Restoring | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.agents = {agent.name: agent for agent in agents}
        self.loops: dict[tuple[str, int], BatchLoop] = {}
        self._wanted: set[tuple[str, int]] = set()
        self._tasks: dict[tuple[str, int], PartitionTask] = {}
        self._moves: dict[tuple[str, int], asyncio.Task] = {}
        self._locks: dict[tuple[str, int], PlaceLock] = {}
        self._state_dir = state_dir
        self._around = around
        self._flush_seconds = flush_seconds
        self._on_failure = on_failure
        self._budget = budget or Budget()
        self._restoring = restoring
        self._snapshots = snapshots

    @property
    def is_open(self) -> bool:
        """Whether all that was assigned is open."""
        return bool(self._wanted) and self._wanted == set(self._tasks)

    async def open(self, assigned: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Hold exactly these (topic, partition), and return from which offset each is wanted, when all are open."""
        assigned = set(assigned)
        self.assign(assigned)
        await asyncio.gather(*self._moves.values())
        return await self.opened(assigned)

    def assign(self, assigned: Iterable[tuple[str, int]]) -> None:
        """Begin to hold exactly these (topic, partition). Loops that stay go on meanwhile; the others move one by one.

        Raises `InvariantBroken` when an agent would get a partition of one of its topics and not of another.
        """
        self._wanted = self._places(set(assigned))
        for place in (set(self._tasks) | set(self.loops) | set(self._moves)) - self._wanted:
            self._move(place)
        for place in self._wanted - set(self._tasks):
            self._move(place)

    async def opened(self, assigned: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Wait for some of what was assigned, and return from which offset each is wanted: the least of its agents' tasks."""
        wanted = {one: [(a.name, one[1]) for a in self.agents.values() if one[0] in a.sources] for one in assigned}
        if moves := {self._moves[place] for places in wanted.values() for place in places if place in self._moves}:
            # Whoever waits may give up, without what it waits for.
            done, _ = await asyncio.wait(moves)
            for move in done:
                move.result()
        return {one: min(self._tasks[place].reached(one[0]) for place in places) for one, places in wanted.items()}

    def _move(self, place: tuple[str, int]) -> None:
        """Let go of a place or open it, as is wanted by then, after whatever is being done to it now."""
        move = asyncio.create_task(self._moved(place, self._moves.get(place)))
        self._moves[place] = move

        def forget(done: asyncio.Task) -> None:
            if self._moves.get(place) is not done or done.cancelled():
                return
            if done.exception() is None:
                del self._moves[place]
            elif place not in self._wanted:
                # Nobody waits for it.
                self._on_failure(done.exception())

        move.add_done_callback(forget)

    async def _moved(self, place: tuple[str, int], before: asyncio.Task | None) -> None:
        if before is not None:
            await before
        if place not in self._wanted:
            if place in self._tasks:
                await self._tasks.pop(place).stop()
            if place in self.loops:
                await self._let_loop_go(place)
        elif place not in self._tasks:
            if place not in self.loops:
                await self._open(*place)
            self._tasks[place] = PartitionTask(self.loops[place], self._flush_seconds, self._on_failure)
            if self._snapshots is not None:
                self._snapshots.start(self._on_failure)

    def deliver(self, agent: str, partition: int, delivered: Delivered) -> None:
        """Give a batch to the loop of an agent and partition; one for a partition that is gone is dropped."""
        task = self._tasks.get((agent, partition))
        if task is not None:
            task.deliver(delivered)

    async def pause(self) -> None:
        """Stop all tasks at the border of a batch; loops that had to be cut off are closed, and opened anew when needed."""
        await self._give_up_moves()
        tasks, self._tasks = self._tasks, {}
        stopped = await asyncio.gather(*[task.stop() for task in tasks.values()])
        cut_off = [place for place, whole in zip(tasks, stopped, strict=True) if not whole]
        await asyncio.gather(*[self._let_loop_go(place) for place in cut_off])

    async def close(self) -> None:
        """Stop all tasks, write what could wait, take last snapshots if there is time, and let go of every state."""
        await self.pause()
        for loop in self.loops.values():
            try:
                await asyncio.wait_for(loop.flush(), FINISH_SECONDS)
            except (NeighbourAway, DiskFull, TimeoutError):
                # What was to be flushed is still marked in the state, and goes out after the next start.
                continue
        if self._snapshots is not None:
            await self._snapshots.close()
        # All at once: a disk that gives no answer is waited for only once.
        await asyncio.gather(*[self._let_loop_go(place) for place in list(self.loops)])

    async def _give_up_moves(self) -> None:
        moves, self._moves = list(self._moves.values()), {}
        for move in moves:
            move.cancel()
        await asyncio.gather(*moves, return_exceptions=True)

    async def _let_loop_go(self, place: tuple[str, int]) -> None:
        if self._snapshots is not None:
            self._snapshots.forget(place)
        await self._close(self.loops.pop(place).close, self._locks.pop(place))

    async def _close(self, close: Callable[[], None], lock: PlaceLock) -> None:
        try:
            await close_and_release(close, lock)
        except StillOpen as stuck:
            self._on_failure(stuck)

    def _places(self, assigned: set[tuple[str, int]]) -> set[tuple[str, int]]:
        places = set()
        for agent in self.agents.values():
            numbers: Mapping[str, set[int]] = {
                source: {partition for topic, partition in assigned if topic == source} for source in agent.sources
            }
            if len({frozenset(some) for some in numbers.values()}) > 1:
                raise InvariantBroken(f"{agent.name} needs the same partitions of all its topics, and was given {numbers}")
            places |= {(agent.name, partition) for some in numbers.values() for partition in some}
        return places

    async def _open(self, agent: str, partition: int) -> None:
        path = self._state_dir / agent / str(partition)
        lock = await self._when_let_go(path, lambda: PlaceLock(path))
        try:
            state = await self._let_go(path)
        except BaseException:
            lock.release()
            raise
        try:
            loop = await self._open_loop(self.agents[agent], partition, state)
        except BaseException:
            # Given up on the way, too: a state that stays open could not be opened again by this very process.
            await self._close(state.close, lock)
            raise
        self.loops[agent, partition], self._locks[agent, partition] = loop, lock
        if self._snapshots is not None:
            self._snapshots.watch(self.agents[agent], partition, state)

    async def _open_loop(self, agent: Agent, partition: int, state: StateStore) -> BatchLoop:
        for offered in await self._offered(state.path):
            # A rebuild was promoted: go on from the state that stands where the new build stands.
            state.replace_by(offered)
        loop = BatchLoop(agent, partition, state, self._around)
        await self._make_ready(agent, partition, state)
        await loop.open()
        return loop

    async def _make_ready(self, agent: Agent, partition: int, state: StateStore) -> None:
        """See that a state is of the agent's version, wiped if it is of another; and bring an empty one back from a snapshot.

        What a worker before this one left beside it, in the middle of a snapshot or a restore, is deleted.
        """
        for pattern in (f"{partition}.snapshot-*", f"{partition}.restoring"):
            for left in state.path.parent.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)
        if (found := version_of(agent, state)) not in (0, agent.state_version):
            log.warning("%s/%d: the state has version %d, wanted %d: wiped", agent.name, partition, found, agent.state_version)
            state.wipe()
        if not version_of(agent, state) and self._restoring is not None:
            restored = await self._restoring.fetch_newest(agent, partition, state.path)
            if restored is not None:
                state.replace_by(restored.directory)
        ledger = Ledger(state)
        if ledger.state_version != agent.state_version:
            ledger.set_state_version(agent.state_version)
            state.commit()

    async def _offered(self, path: Path) -> list[Path]:
        """Return the states that rebuilds of promoted builds offer for a place, oldest first; others wait for their turn."""
        offers = sorted(path.parent.glob(f"{path.name}.adopt@*"), key=lambda one: one.stat().st_mtime)
        if not offers:
            return []
        builds = await self._around.sink.identities()
        named = {offer: offer.name.partition("@")[2].rpartition(".") for offer in offers}
        return [offer for offer, (name, _, build) in named.items() if builds.get(f"build/{name}") == build]

    async def _let_go(self, path: Path) -> StateStore:
        """Open a state; one that can never be opened is set aside, said, and begun anew: from a snapshot, or from zero."""
        try:
            return await self._when_let_go(path, lambda: StateStore.open(path, self._budget))
        except StateRuined as ruined:
            log.error("%s; it is set aside as %s, and begun anew from a snapshot or the log", ruined, set_aside(path))
            return StateStore.open(path, self._budget)

    async def _when_let_go(self, path: Path, take: Callable[[], Taken]) -> Taken:
        """Take what another worker may still hold, when it lets go; one that is frozen cannot, and is ended."""
        deadline = asyncio.get_running_loop().time() + LET_GO_SECONDS
        while True:
            try:
                return take()
            except NeighbourAway as held:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                # A lock of this process itself must not be looked at: that would release it.
                if "current process" not in str(held):
                    end_frozen_holder(path)
            await asyncio.sleep(0.1)


def version_of(agent: Agent, state: StateStore) -> int:
    """Return the version of what an agent keeps in a state, 0 when it keeps nothing there; states were first begun as 1."""
    ledger = Ledger(state)
    return (ledger.state_version or 1) if any(ledger.positions(agent.sources).values()) else 0
