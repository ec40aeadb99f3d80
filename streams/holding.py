"""What one worker holds: the open loops of its agents on its partitions, each with a task and a queue of its own.

Tasks of different partitions overlap their waiting for stores and brokers; within one there is one order. Whoever delivers
batches (`streams.worker`) is told when one is finished. Any failure is handed to `on_failure`, which must end the process:
the next one begins where the states are.
"""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.batch_loop import BatchLoop
from streams.decoding import Raw
from streams.fold import Agent, InvariantBroken, NeighbourAway
from streams.ledger import Ledger
from streams.restoring import Restoring
from streams.snapshotting import Snapshots
from streams.state import Budget, StateStore
from streams.surroundings import Surroundings

log = logging.getLogger("darkroom.holding")

# A batch that is being folded when partitions are taken away may go on for so long; then it is dropped, and done again.
FINISH_SECONDS = 3.0
# A state that another worker has not let go yet is tried again for so long.
LET_GO_SECONDS = 15.0
HEARTBEAT_SECONDS = 1.0
# After a batch a loop rests for as long as it took, at most so long, unless so many records wait: a batch of one record costs
# almost as much as one of a hundred, and under load it is better to take more at once.
REST_SECONDS = 0.02
REST_RECORDS = 500


@dataclass(frozen=True)
class Delivered:
    """Raw records of one topic for one loop. `finished` is called when they are folded all the way."""

    topic: str
    records: Sequence[Raw]
    follows: int
    finished: Callable[[], object]


class PartitionTask:
    """Folds what is delivered to one loop, flushes in time, and tells readers it is alive while there is nothing to do."""

    def __init__(self, loop: BatchLoop, flush_seconds: float, on_failure: Callable[[BaseException], None]) -> None:
        self.loop = loop
        self._flush_seconds = flush_seconds
        self._on_failure = on_failure
        self._waiting: deque[Delivered] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._rest_until = 0.0
        self._task = asyncio.create_task(self._run())

    def deliver(self, delivered: Delivered) -> None:
        """Queue a batch; how many may wait is bounded by the transport, which asks for no more than it has in flight."""
        self._waiting.append(delivered)
        self._arrived.set()

    async def stop(self) -> bool:
        """Finish the batch at hand and drop what waits; False when it took too long and was cut off."""
        self._stopping = True
        self._waiting.clear()
        self._arrived.set()
        done, _ = await asyncio.wait([self._task], timeout=FINISH_SECONDS)
        self._task.cancel()
        await asyncio.wait([self._task])
        return bool(done)

    async def _run(self) -> None:
        try:
            await self._work()
        except (Exception, asyncio.CancelledError) as error:
            if not isinstance(error, asyncio.CancelledError):
                self._on_failure(error)
            raise

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        flush_at = clock() + self._flush_seconds
        while not self._stopping:
            taken = await self._take()
            if taken:
                records = taken[0].records if len(taken) == 1 else [record for one in taken for record in one.records]
                began = clock()
                await self.loop.fold(taken[0].topic, records, taken[0].follows)
                self._rest_until = clock() + min(clock() - began, REST_SECONDS)
                for one in taken:
                    one.finished()
            elif not self._stopping:
                await self.loop.publish()
            if clock() >= flush_at:
                await self.loop.flush()
                flush_at = clock() + self._flush_seconds

    async def _take(self) -> list[Delivered]:
        """Return what waits first, with what follows it of the same topic, as far as one batch may go; [] after a while."""
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        rest = self._rest_until - asyncio.get_running_loop().time()
        if rest > 0 and sum(len(one.records) for one in self._waiting) < REST_RECORDS:
            await asyncio.sleep(rest)
        taken: list[Delivered] = []
        size = 0
        while self._waiting:
            following = self._waiting[0]
            size += len(following.records)
            if taken and (following.topic != taken[0].topic or size > self.loop.agent.max_records):
                break
            taken.append(self._waiting.popleft())
        return taken


class Holding:
    """The loops of some agents on the partitions that are assigned now. Opened, paused and opened again by rebalances.

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
        self.is_open = False
        self._tasks: dict[tuple[str, int], PartitionTask] = {}
        self._state_dir = state_dir
        self._around = around
        self._flush_seconds = flush_seconds
        self._on_failure = on_failure
        self._budget = budget or Budget()
        self._restoring = restoring
        self._snapshots = snapshots

    async def open(self, assigned: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Hold exactly these (topic, partition), and return from which offset each is wanted: the least of its agents' states.

        Raises `InvariantBroken` when an agent would get a partition of one of its topics and not of another.
        """
        assigned = set(assigned)
        places = self._places(assigned)
        await self.pause()
        for place in set(self.loops) - places:
            self._let_loop_go(place)
        await asyncio.gather(*[self._open(*place) for place in sorted(places - set(self.loops))])
        for place in places:
            self._tasks[place] = PartitionTask(self.loops[place], self._flush_seconds, self._on_failure)
        self.is_open = True
        if self._snapshots is not None:
            self._snapshots.start(self._on_failure)
        return {
            (topic, partition): min(
                self.loops[agent.name, partition].position(topic) for agent in self.agents.values() if topic in agent.sources
            )
            for topic, partition in assigned
        }

    def deliver(self, agent: str, partition: int, delivered: Delivered) -> None:
        """Give a batch to the loop of an agent and partition; one for a partition that is gone is dropped."""
        task = self._tasks.get((agent, partition))
        if task is not None:
            task.deliver(delivered)

    async def pause(self) -> None:
        """Stop all tasks at the border of a batch; loops that had to be cut off are closed, and opened anew when needed."""
        self.is_open = False
        tasks, self._tasks = self._tasks, {}
        stopped = await asyncio.gather(*[task.stop() for task in tasks.values()])
        for place, whole in zip(tasks, stopped, strict=True):
            if not whole:
                self._let_loop_go(place)

    async def close(self) -> None:
        """Stop all tasks, write what could wait, take last snapshots if there is time, and let go of every state."""
        await self.pause()
        for loop in self.loops.values():
            try:
                await asyncio.wait_for(loop.flush(), FINISH_SECONDS)
            except (NeighbourAway, TimeoutError):
                # What was to be flushed is still marked in the state, and goes out after the next start.
                continue
        if self._snapshots is not None:
            await self._snapshots.close()
        for place in list(self.loops):
            self._let_loop_go(place)

    def _let_loop_go(self, place: tuple[str, int]) -> None:
        if self._snapshots is not None:
            self._snapshots.forget(place)
        self.loops.pop(place).close()

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
        state = await self._let_go(path)
        for offered in await self._offered(path):
            # A rebuild was promoted: go on from the state that stands where the new build stands.
            state.replace_by(offered)
        loop = BatchLoop(self.agents[agent], partition, state, self._around)
        try:
            await self._make_ready(self.agents[agent], partition, state)
            await loop.open()
        except BaseException:
            loop.close()
            raise
        self.loops[agent, partition] = loop
        if self._snapshots is not None:
            self._snapshots.watch(self.agents[agent], partition, state)

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
        """Open a state, waiting for the worker that held it before."""
        deadline = asyncio.get_running_loop().time() + LET_GO_SECONDS
        while True:
            try:
                return StateStore.open(path, self._budget)
            except NeighbourAway:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(0.1)


def version_of(agent: Agent, state: StateStore) -> int:
    """Return the version of what an agent keeps in a state, 0 when it keeps nothing there; states were first begun as 1."""
    ledger = Ledger(state)
    return (ledger.state_version or 1) if any(ledger.positions(agent.sources).values()) else 0
