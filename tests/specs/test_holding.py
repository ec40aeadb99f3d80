"""What a worker holds through rebalances: which states are open, what is merged, what is dropped and what failing means."""

import asyncio
from dataclasses import replace

import pytest

from streams import holding as holds
from streams.decoding import BatchDecoder
from streams.fold import Changes, InvariantBroken, NeighbourAway
from streams.holding import Delivered, Holding
from streams.surroundings import Patience, Surroundings
from tests.specs.batches_made import COUNT, PARTITION, PHOTO, World, like

KEY = b"n%d" % PHOTO
EVERYWHERE = [("likes", partition) for partition in range(8)]


class Held:
    """A holding over memory stores and real states in a directory."""

    def __init__(self, tmp_path, agents=(COUNT,)) -> None:
        self.world = World()
        self.failures: list[BaseException] = []
        self.finished: list[int] = []
        log = self.world.log
        around = Surroundings(
            decoder=BatchDecoder(log.codec.decoder), sink=self.world.sink, log=log, claim=log.claim,
            ends=lambda topic, partition: (log.end(topic, partition), 0), patience=Patience(pauses_seconds=()),
        )  # fmt: skip
        self.holding = Holding(agents, tmp_path, around, 3600.0, self.failures.append)

    def deliver(self, start: int, end: int) -> None:
        records = self.world.log.read("likes", PARTITION, start, end)
        self.holding.deliver("count", PARTITION, Delivered("likes", records, start, lambda: self.finished.append(end)))

    async def until(self, condition) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  # any condition, polled with a deadline
                await asyncio.sleep(0.001)


def run(story):
    return asyncio.run(story)


def test_positions_are_the_least_of_the_agents_states(tmp_path):
    async def story():
        later = replace(COUNT, name="later")
        held = Held(tmp_path, (COUNT, later))
        for n in range(3):
            held.world.log.put(like(n))
        assert await held.holding.open(EVERYWHERE) == dict.fromkeys(EVERYWHERE, 0)
        held.deliver(0, 3)
        await held.until(lambda: held.finished == [3])
        assert held.holding.loops["count", PARTITION].position("likes") == 3
        positions = await held.holding.open(EVERYWHERE)
        await held.holding.close()
        alone = Held(tmp_path, (COUNT,))
        alone_positions = await alone.holding.open(EVERYWHERE)
        await alone.holding.close()
        return positions["likes", PARTITION], alone_positions["likes", PARTITION]

    assert run(story()) == (0, 3)


def test_what_waits_of_one_topic_is_folded_together(tmp_path):
    async def story():
        held = Held(tmp_path)
        for n in range(9):
            held.world.log.put(like(n))
        await held.holding.open(EVERYWHERE)
        for start in range(0, 9, 3):
            held.deliver(start, start + 3)
        await held.until(lambda: len(held.finished) == 3)
        batches = held.holding.loops["count", PARTITION].counts.batches
        await held.holding.close()
        return held.finished, batches

    assert run(story()) == ([3, 6, 9], 1)


def test_a_partition_that_is_gone_is_closed_and_what_waited_for_it_is_dropped(tmp_path):
    async def story():
        held, other = Held(tmp_path), Held(tmp_path)
        held.world.log.put(like(1))
        await held.holding.open(EVERYWHERE)
        await held.holding.pause()
        held.deliver(0, 1)
        await held.holding.open([("likes", 0)])
        held.deliver(0, 1)
        taken = await other.holding.open([("likes", PARTITION)])
        await held.holding.close()
        await other.holding.close()
        return held.finished, taken

    assert run(story()) == ([], {("likes", PARTITION): 0})


def test_a_state_that_another_worker_holds_is_waited_for_and_then_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(holds, "LET_GO_SECONDS", 0.2)

    async def story():
        held, other = Held(tmp_path), Held(tmp_path)
        await held.holding.open(EVERYWHERE)
        try:
            await other.holding.open([("likes", PARTITION)])
        finally:
            await held.holding.close()

    with pytest.raises(NeighbourAway, match="is held by"):
        run(story())


def test_an_agent_with_two_topics_must_get_the_same_partitions_of_both(tmp_path):
    async def story():
        await Held(tmp_path, (replace(COUNT, sources=("likes", "comments")),)).holding.open([("likes", 1), ("comments", 2)])

    with pytest.raises(InvariantBroken, match="needs the same partitions of all its topics"):
        run(story())


def test_a_failure_is_told_and_nothing_is_acknowledged(tmp_path):
    async def story():
        def wrong(batch, state) -> Changes:
            raise ZeroDivisionError("a mistake of ours")

        held = Held(tmp_path, (replace(COUNT, fold=wrong),))
        held.world.log.put(like(1))
        await held.holding.open(EVERYWHERE)
        held.deliver(0, 1)
        await held.until(lambda: held.failures)
        await held.holding.close()
        return held.finished, held.failures

    finished, failures = run(story())
    assert finished == []
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


def test_a_batch_that_does_not_end_is_cut_off_and_folded_again_from_its_state(tmp_path, monkeypatch):
    monkeypatch.setattr(holds, "FINISH_SECONDS", 0.05)

    async def story():
        held = Held(tmp_path)
        held.world.log.put(like(1))
        commit, started = held.world.sink.commit, asyncio.Event()

        async def stuck(guard, rows):
            started.set()
            await asyncio.Event().wait()

        held.world.sink.commit = stuck
        await held.holding.open(EVERYWHERE)
        held.deliver(0, 1)
        await started.wait()
        cut_off = held.holding.loops["count", PARTITION]
        await held.holding.pause()
        assert ("count", PARTITION) not in held.holding.loops
        held.world.sink.commit = commit
        positions = await held.holding.open(EVERYWHERE)
        held.deliver(0, 1)
        await held.until(lambda: held.finished)
        assert held.holding.loops["count", PARTITION] is not cut_off
        await held.holding.close()
        return positions["likes", PARTITION], held.world.sink.rows["counters"], held.failures

    assert run(story()) == (0, [(KEY, 1)], [])


def test_a_partition_that_stays_goes_on_through_a_rebalance_and_takes_what_it_was_given_before_only_once(tmp_path):
    """Kills: a rebalance that stops everything, a record that is folded twice because it was read again."""

    async def story():
        held = Held(tmp_path)
        for n in range(6):
            held.world.log.put(like(n))
        await held.holding.open(EVERYWHERE)
        held.deliver(0, 4)
        held.holding.assign([("likes", PARTITION)])
        wanted = await held.holding.opened([("likes", PARTITION)])
        held.deliver(2, 6)
        await held.until(lambda: held.finished == [4, 6])
        counted = held.holding.loops["count", PARTITION].counts.records
        await held.until(lambda: set(held.holding.loops) == {("count", PARTITION)})
        await held.holding.close()
        return wanted["likes", PARTITION], counted

    assert run(story()) == (4, 6)


def test_one_that_is_slow_to_open_holds_up_nobody_else(tmp_path, monkeypatch):
    """Kills: partitions that wait for each other."""

    async def story():
        held, other = Held(tmp_path), Held(tmp_path)
        await other.holding.open([("likes", 0)])
        held.world.log.put(like(1))
        held.holding.assign(EVERYWHERE)
        await held.holding.opened([("likes", PARTITION)])
        held.deliver(0, 1)
        await held.until(lambda: held.finished == [1])
        waited = held.holding.is_open
        await other.holding.close()
        await held.holding.opened(EVERYWHERE)
        whole = held.holding.is_open
        await held.holding.close()
        return waited, whole

    assert run(story()) == (False, True)


def test_a_partition_that_is_taken_away_and_given_back_while_it_opens_is_open_in_the_end(tmp_path):
    async def story():
        held = Held(tmp_path)
        held.holding.assign(EVERYWHERE)
        held.holding.assign([("likes", 0)])
        held.holding.assign(EVERYWHERE)
        await held.holding.opened(EVERYWHERE)
        is_open = held.holding.is_open
        await held.holding.close()
        return is_open, held.failures

    assert run(story()) == (True, [])


def test_a_state_whose_opening_is_given_up_can_be_opened_again(tmp_path, monkeypatch):
    """Kills: what was opened before the stores were asked which builds are read stays open when that is cut off."""
    monkeypatch.setattr(holds, "LET_GO_SECONDS", 0.3)
    (tmp_path / "count" / f"{PARTITION}.adopt@likes.9").mkdir(parents=True)

    async def story():
        held = Held(tmp_path)
        asked = asyncio.Event()
        # As a traceback would keep it: who waits for the garbage collector may wait for ever.
        kept, let_go = [], held.holding._let_go

        async def keeping(path):
            kept.append(await let_go(path))
            return kept[-1]

        held.holding._let_go = keeping

        async def never_answered():
            asked.set()
            await asyncio.Event().wait()

        with monkeypatch.context() as away:
            away.setattr(held.world.sink, "identities", never_answered)
            held.holding.assign(EVERYWHERE)
            await asked.wait()
            await held.holding.pause()
        await held.holding.open(EVERYWHERE)
        is_open = held.holding.is_open
        await held.holding.close()
        return is_open

    assert run(story())
