"""Whole pipelines without Kafka: every agent on every partition, one batch at a time, in an order that a test decides.

The same `BatchLoop` as in a worker folds here; only who feeds it differs. `fold_range` feeds one agent and partition a bounded
range, from anywhere: rebuild and replay use it with real reads.
"""

import random
from collections.abc import AsyncIterable, Callable, Mapping, Sequence

from streams.batch_loop import BatchLoop
from streams.decoding import BatchDecoder, Raw
from streams.fold import Agent, Sink
from streams.memory import MemoryLog
from streams.producer import Appended
from streams.state import MemoryState
from streams.surroundings import KeptState, Patience, Surroundings


class Pipeline:
    """Agents over a memory log. Steps are (agent, partition, topic); crashes reopen from what was committed."""

    def __init__(
        self,
        agents: Sequence[Agent],
        log: MemoryLog,
        sink: Sink,
        state_factory: Callable[[], MemoryState] = MemoryState,
        patience: Patience | None = None,
    ) -> None:
        self.agents = {agent.name: agent for agent in agents}
        self.log = log
        self.sink = sink
        self.states = {(name, partition): state_factory() for name in self.agents for partition in range(log.partitions)}
        self._loops: dict[tuple[str, int], BatchLoop] = {}
        self._around = Surroundings(
            decoder=BatchDecoder(log.codec.decoder),
            sink=sink,
            log=log,
            claim=log.claim,
            ends=lambda topic, partition: (log.end(topic, partition), 0),
            patience=patience or Patience(pauses_seconds=(0.0, 0.0)),
        )

    async def loop(self, agent: str, partition: int) -> BatchLoop:
        """Return the open loop of an agent and partition."""
        place = (agent, partition)
        if place not in self._loops:
            loop = BatchLoop(self.agents[agent], partition, self.states[place], self._around)
            await loop.open()
            self._loops[place] = loop
        return self._loops[place]

    def crash(self, agent: str, partition: int) -> None:
        """Kill one loop between two steps, or after one that raised: all that is left of it is its committed state."""
        self._loops.pop((agent, partition), None)
        self.states[agent, partition] = self.states[agent, partition].reopened()

    async def waiting(self) -> list[tuple[str, int, str]]:
        """Return the steps that could be taken: agent, partition and topic with records not yet folded, in a fixed order."""
        steps = []
        for name, agent in self.agents.items():
            for partition in range(self.log.partitions):
                for topic in agent.sources:
                    end = self.log.end(topic, partition)
                    if end and (await self.loop(name, partition)).position(topic) < end:
                        steps.append((name, partition, topic))
        return steps

    async def step(self, agent: str, partition: int, topic: str, records: int | None = None) -> None:
        """Fold the next so many records (or all) of a topic's partition through one agent."""
        loop = await self.loop(agent, partition)
        start = loop.position(topic)
        await loop.fold(topic, self.log.read(topic, partition, start, None if records is None else start + records))

    async def run(self, order: random.Random | None = None) -> None:
        """Step until nothing waits, then flush. With an `order`, it draws who is next and how many."""
        while steps := await self.waiting():
            if order is None:
                for step in steps:
                    await self.step(*step)
            else:
                await self.step(*order.choice(steps), order.choice((1, 2, 3, 7, 50, None)))
        for loop in self._loops.values():
            await loop.flush()
            await loop.publish()


class NoLog:
    """A log for rebuilds: what an agent would append was appended long ago, and is dropped."""

    async def append(self, event) -> Appended:
        """Drop an event."""
        return Appended("", 0, 0)

    async def append_many(self, events) -> list[Appended]:
        """Drop events."""
        return []


async def fold_range(
    agent: Agent,
    partition: int,
    read: Callable[[str, int, int, int], AsyncIterable[Sequence[Raw]]],
    ends: Mapping[str, int],
    state: KeptState,
    sink: Sink,
    decoder: BatchDecoder,
) -> BatchLoop:
    """Fold one agent's partition from where the state is up to pinned ends, topic by topic, and flush; nothing is appended.

    `read(topic, partition, start, end)` gives raw records in batches. Dead letters are dropped too: they were written before.
    An agent with an effect has nothing to fold. Returns the loop; the caller closes it.
    """

    async def epoch(agent_name: str, partition: int) -> int:
        return 1

    around = Surroundings(decoder, sink, NoLog(), epoch, lambda topic, partition: (ends.get(topic, 0), 0))
    loop = BatchLoop(agent, partition, state, around)
    await loop.open()
    for topic in agent.sources:
        start, end = loop.position(topic), ends.get(topic, 0)
        if start < end:
            async for records in read(topic, partition, start, end):
                await loop.fold(topic, [record for record in records if record.offset < end])
    await loop.flush()
    return loop
