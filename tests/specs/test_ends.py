"""A partition whose last records are marks of transactions ends for its reader after what was delivered; nothing else does."""

import asyncio
from collections import defaultdict, deque
from types import SimpleNamespace

from faust.types import TP

from streams.ends import Passed, last_heard, positions_of, visible_end
from streams.transport import HEARD_MS, BatchConsumer

TP0 = TP("likes", 0)


class Fetched(BatchConsumer):
    """A consumer whose thread is told here what it fetches: rounds of (seeks, positions, records)."""

    app = SimpleNamespace(consumer_generation_id=1)
    flow_active, should_stop = True, False

    def __init__(self, highwater: int, rounds: list) -> None:
        self.heard = SimpleNamespace(highwater=highwater, timestamp=5_000, position=0, has_valid_position=True)
        assignment = SimpleNamespace(tps={TP0}, state_value=lambda tp: self.heard)
        consumer = SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)))
        self._thread = SimpleNamespace(seeks={TP0: 1}, _consumer=consumer)
        self._in_flight, self._open = defaultdict(deque), defaultdict(int)
        self._delivered_to, self._passed, self._at_work, self._room = {TP0: 3}, {}, {TP0}, asyncio.Event()
        self._rounds = rounds

    def _get_active_partitions(self):
        return {TP0}

    async def _getmany(self, *_):
        return self._rounds.pop(0)

    async def fetch(self) -> int:
        return sum([len(batch.records) async for _, batch in self.getmany(1.0)])

    @property
    def end(self) -> int:
        return self.ends(*TP0)[0]


def record(offset: int) -> SimpleNamespace:
    return SimpleNamespace(offset=offset, timestamp=1, timestamp_type=0)


def run(story):
    return asyncio.run(story)


def test_a_mark_after_the_last_record_is_no_lag_once_it_was_passed():
    """Kills: lag of one for ever, and a watchdog that ends the worker for it, after a stock producer's transaction."""

    async def story():
        consumer = Fetched(5, [({TP0: 1}, {TP0: 4}, {TP0: [record(3)]}), ({TP0: 1}, {TP0: 5}, {})])
        ends = [consumer.end]
        assert await consumer.fetch() == 1
        ends.append(consumer.end)
        assert await consumer.fetch() == 0
        assert consumer.ends(*TP0) == (4, 5_000 - HEARD_MS)
        consumer.heard.highwater = 6
        return [*ends, consumer.end]

    assert run(story()) == [5, 5, 6]


def test_what_the_fetcher_gave_and_nobody_was_delivered_yet_is_lag():
    """Kills: the fetcher's own position, which is ahead of the delivery while records are on their way between two threads."""

    async def story():
        consumer = Fetched(5, [({TP0: 1}, {TP0: 5}, {TP0: [record(3)]})])
        consumer.heard.position = 5
        seen = [consumer.end]
        async for _ in consumer.getmany(1.0):
            seen.append(consumer.end)
        return [*seen, consumer.end]

    assert run(story()) == [5, 5, 4]


def test_what_was_passed_before_a_seek_says_nothing_after_it():
    """Kills: a partition that was sought back, and is called complete where it was before."""

    async def story():
        consumer = Fetched(5, [({TP0: 1}, {TP0: 5}, {}), ({TP0: 1}, {TP0: 5}, {TP0: [record(3)]})])
        await consumer.fetch()
        assert consumer.end == 3
        consumer._thread.seeks = {TP0: 2}
        consumer._delivered_to[TP0] = 1
        ends = [consumer.end]
        assert await consumer.fetch() == 0
        ends.append(consumer.end)
        consumer._at_work.clear()
        return [*ends, consumer.end]

    assert run(story()) == [5, 5, 5]


def test_the_end_is_never_above_the_broker_s():
    assert visible_end(5, Passed(1, 7), 1, 9) == 5


def test_positions_are_of_what_is_assigned_and_known():
    consumer = Fetched(5, [])
    kafka = consumer._thread._consumer
    assert positions_of(kafka, [TP0, TP("likes", 1)]) == {TP0: 0}
    assert last_heard(kafka, "likes", 1) is None
    consumer.heard.has_valid_position = False
    assert positions_of(kafka, [TP0]) == {}
    assert positions_of(None, [TP0]) == {}
