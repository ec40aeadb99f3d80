"""What a state prints again is what live folding has written: every projection of every agent, at any moment."""

import asyncio
from collections import Counter
from random import Random

from agents.catalog import catalog
from agents.rules import Rules
from projections.catalog import PROJECTIONS
from projections.memory import MemorySink
from projections.rows import PhotoState
from schemas.crash_points import CrashPoint
from schemas.ids import time_of
from streams.fold import Guard, NeighbourAway
from streams.memory import MemoryLog
from streams.pipeline import Pipeline
from streams.surroundings import Patience
from tests.behaviours import clause
from tests.properties import histories, whole_histories

ROUNDS = 12
SHARDS, PARTITIONS = 64, 4
SHALLOW = 2
LOSSES = (("redis",), ("postgres",), ("postgres", "redis"))


def rules(depth: int) -> Rules:
    return Rules(celebrity_up=2, celebrity_down=1, feed_depth=depth, shards=SHARDS, partitions=PARTITIONS)


class MortalSink(MemorySink):
    """A sink whose caller may die at each durable boundary, while a `random` is set."""

    random: Random | None = None

    def __init__(self, depth: int) -> None:
        super().__init__(SHARDS, depth, self.meet)
        self.deaths: Counter[CrashPoint] = Counter()

    def meet(self, point: CrashPoint) -> None:
        if self.random is not None and self.random.random() < 0.04:
            self.deaths[point] += 1
            raise NeighbourAway(f"died {point}")


class MortalLog(MemoryLog):
    """A log whose answer is sometimes lost, while a `random` is set: the worker dies and says its events again."""

    random: Random | None = None

    async def append_many(self, events):
        appended = await super().append_many(events)
        if self.random is not None and self.random.random() < 0.2:
            raise NeighbourAway("the log has it, and its answer was lost")
        return appended


class Life:
    """The whole catalogue, but for its effect, over one random history."""

    def __init__(self, seed: int, depth: int = 500) -> None:
        self.random = Random(seed)
        self.log, self.sink, self.depth = MortalLog(SHARDS, PARTITIONS), MortalSink(depth), depth
        whole_histories.fill(self.log, self.random)
        self.agents = [agent for agent in catalog(rules(depth)) if agent.effect is None]
        self.pipeline = Pipeline(self.agents, self.log, self.sink, patience=Patience(pauses_seconds=()))

    async def ended(self) -> "Life":
        await self.pipeline.run(self.random)
        return self

    async def stopped_on_the_way(self) -> "Life":
        """Fold some of what waits, in some order, and write what could wait."""
        for _ in range(self.random.randint(20, 80)):
            if steps := await self.pipeline.waiting():
                await self.pipeline.step(*self.random.choice(steps), records=self.random.randint(1, 20))
        for name, partition in self.pipeline.states:
            await (await self.pipeline.loop(name, partition)).flush()
        return self

    async def ended_after_deaths(self) -> "Life":
        for _ in range(6):
            for step in await self.pipeline.waiting():
                await self.step_or_die(step)
        return await self.ended()

    async def step_or_die(self, step: tuple[str, int, str]) -> None:
        self.sink.random = self.log.random = self.random
        try:
            await self.pipeline.step(*step, records=self.random.randint(1, 8))
        except NeighbourAway:
            self.pipeline.crash(step[0], step[1])
        self.sink.random = self.log.random = None

    async def ended_after_losses(self) -> "Life":
        for loss in range(len(LOSSES)):
            await self.stopped_on_the_way()
            await self.lost(loss)
        return await self.ended()

    async def lost(self, loss: int) -> None:
        """Lose stores, and let every worker notice: it ends, and its successor opens its partitions."""
        self.sink.lose(*LOSSES[loss])
        for name, partition in self.pipeline.states:
            self.pipeline.crash(name, partition)
            await self.pipeline.loop(name, partition)

    async def reprinted(self) -> MemorySink:
        """Return a new sink with what every state, reopened, prints of every projection."""
        fresh = MemorySink(SHARDS, self.depth)
        for agent in self.agents:
            for partition in range(PARTITIONS):
                state = self.pipeline.states[agent.name, partition].reopened()
                for name in agent.writes:
                    guard = Guard(f"{agent.name}.reprint@{name}", partition, 1, 1, {})
                    await fresh.commit(guard, {name: agent.reprint(state, name)})
        return fresh


def check_entries(live: MemorySink, fresh: MemorySink, seed: int) -> None:
    for projection in PROJECTIONS:
        name = projection.name
        assert fresh.entries.get(name, {}) == live.entries.get(name, {}), f"{name}, seed {seed}"


def check_digests(live: MemorySink, fresh: MemorySink, seed: int) -> None:
    for projection in PROJECTIONS:
        assert fresh.digest(projection.name) == live.digest(projection.name), f"{projection.name}, seed {seed}"


def seen(sink: MemorySink, reader: int) -> tuple[list[int], int]:
    """Return the feed that a reader is shown, newest first, and the id below which it is not complete."""
    viewers = {row.user_id: set(row.following) for row in sink.rows.get("viewers", {}).values()}
    wanted = viewers.get(reader, set()) | {reader}
    owners = {row.photo_id: row.owner_id for row in sink.rows.get("photo_cards", {}).values() if row.state is PhotoState.READY}
    home = sink.ring("timelines", reader).content()
    found, floor = set(home.ids), home.floor
    for row in sink.rows.get("celebrities", {}).values():
        if row.author_id in wanted:
            ring = sink.ring("authors", row.author_id).content()
            found |= {p for p in ring.ids if any(s <= time_of(p) and (not end or time_of(p) < end) for s, end in row.spans)}
            floor = max(floor, ring.floor)
    return sorted((p for p in found if p > floor and owners.get(p) in wanted), reverse=True), floor


def check_feeds(live: MemorySink, fresh: MemorySink, seed: int) -> int:
    """Check that nothing is missing above a reprinted floor; return how many photos readers see."""
    shown = 0
    for reader in histories.PEOPLE:
        (before, below), (after, floor) = seen(live, reader), seen(fresh, reader)
        highest = max(below, floor)
        assert [p for p in after if p > highest] == [p for p in before if p > highest], f"seed {seed}, reader {reader}"
        shown += len(after)
    return shown


def cases_in(life: Life) -> Counter[str]:
    """Count what must occur, lest the properties prove nothing."""
    rows = life.sink.rows
    spans = [row.spans for row in rows.get("celebrities", {}).values()]
    boards = rows.get("trends", {})
    said = life.log.events
    return Counter(
        {
            "deleted photo": sum(row.state is PhotoState.DELETED for row in rows["photos"].values()),
            "deleted comment": sum(row.deleted for row in rows.get("comments", {}).values()),
            "like taken back": sum(event.kind.value == "UNLIKED" for event in said("likes")),
            "count of zero": sum(event.kind.value == "UNLIKED" for event in said("likes")),
            "request": sum(row.state == "REQUESTED" for row in rows.get("followers", {}).values()),
            "block": sum(row.blocking_since is not None for row in rows.get("barriers", {}).values()),
            "mute": sum(row.muting_since is not None for row in rows.get("barriers", {}).values()),
            "reader with barriers alone": sum(
                not row.following + row.requested for row in rows.get("viewers", {}).values() if any(row[1:])
            ),
            "author who is pulled": sum(some[-1][1] == 0 for some in spans),
            "author who was pulled": sum(some[-1][1] != 0 for some in spans),
            "board that ended": len(boards) - len({board for board, _ in boards}),
            "mention taken back": sum(not event.present for event in said("trend_mentions")),
            "account that hides": sum(row.state.value == "deactivated" for row in rows["accounts"].values()),
            "deleted account": sum(row.state.value == "deleted" for row in rows["accounts"].values()),
        }
    )


def test_what_is_printed_in_the_end_is_what_was_written():
    """Kills: a reprint that leaves out deleted photos or comments, requests, readers who only block, counts that were flushed,
    boards whose window has ended; one that prints taken-back likes and mentions, or photos before their upload."""
    cases, shown = Counter(), 0
    for seed in range(ROUNDS):
        life = asyncio.run(Life(seed).ended())
        fresh = asyncio.run(life.reprinted())
        check_entries(life.sink, fresh, seed)
        check_digests(life.sink, fresh, seed)
        shown += check_feeds(life.sink, fresh, seed)
        cases += cases_in(life)
    missing = [case for case, times in cases_in(life).items() if not cases[case]]
    assert not missing
    assert shown


def test_what_is_printed_on_the_way_is_what_was_written_so_far():
    """Kills: a state that holds less than its rows until something else is read."""
    for seed in range(ROUNDS):
        life = asyncio.run(Life(seed).stopped_on_the_way())
        check_entries(life.sink, asyncio.run(life.reprinted()), seed)


def test_what_is_printed_after_deaths_is_what_was_written():
    """Kills: rows of a worker that died which no state stands for and no later row corrects."""
    deaths = Counter()
    for seed in range(ROUNDS):
        life = asyncio.run(Life(seed).ended_after_deaths())
        fresh = asyncio.run(life.reprinted())
        check_entries(life.sink, fresh, seed)
        check_digests(life.sink, fresh, seed)
        check_feeds(life.sink, fresh, seed)
        deaths += life.sink.deaths
    assert {CrashPoint.AFTER_POSTGRES, CrashPoint.AFTER_REDIS, CrashPoint.MID_FANOUT} <= deaths.keys()


def test_no_reprinted_ring_claims_to_be_deeper_than_it_is():
    """Kills: a reprint of exactly the depth, after which a ring has no floor and is taken for the whole feed."""
    cut = 0
    for seed in range(ROUNDS):
        life = asyncio.run(Life(seed, SHALLOW).ended())
        fresh = asyncio.run(life.reprinted())
        check_entries(life.sink, fresh, seed)
        check_feeds(life.sink, fresh, seed)
        deep = asyncio.run(Life(seed).ended())
        for reader in histories.PEOPLE:
            shown, floor = seen(fresh, reader)
            assert shown == [p for p in seen(deep.sink, reader)[0] if p > floor], f"seed {seed}, reader {reader}"
            cut += floor > 0
    assert cut


def test_stores_that_are_lost_on_the_way_hold_in_the_end_what_the_states_print():
    """Kills: a row that is in no state when its store is lost and that nothing said later brings back; guards of the lost
    store that outlive it.
    """
    printed = 0
    for seed in range(ROUNDS):
        life = asyncio.run(Life(seed).ended_after_losses())
        fresh = asyncio.run(life.reprinted())
        check_entries(life.sink, fresh, seed)
        check_digests(life.sink, fresh, seed)
        printed += check_feeds(life.sink, fresh, seed)
    assert printed


@clause("15.1")
def test_a_lost_store_is_whole_again_before_anything_else_is_read():
    """Kills: a partition that is opened and does not print what it owes."""
    for seed in range(ROUNDS):
        life = asyncio.run(Life(seed).ended())
        before = {name: dict(entries) for name, entries in life.sink.entries.items()}
        asyncio.run(life.lost(seed % len(LOSSES)))
        for name, entries in before.items():
            assert life.sink.entries.get(name, {}) == entries, f"{name}, seed {seed}"
