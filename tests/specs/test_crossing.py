"""A fetch that a seek crosses gives back what it took, so that nothing is lost between the two."""

import asyncio
import contextlib
from types import SimpleNamespace

from aiokafka import TopicPartition
from faust.types import TP

from streams.pace import Pace
from streams.transport import BatchConsumerThread

LIKES, PHOTOS = TP("likes", 0), TP("photos", 0)


class Fetcher:
    """Gives the same records of both topics, one after what `meanwhile` does."""

    _closed = False

    def __init__(self, meanwhile) -> None:
        self._meanwhile = meanwhile
        self._subscriptions = SimpleNamespace(fetch_context=contextlib.nullcontext)

    async def fetched_records(self, partitions, **_options):
        await asyncio.sleep(0)
        self._meanwhile()
        return {TopicPartition(*tp): [SimpleNamespace(offset=7), SimpleNamespace(offset=8)] for tp in (LIKES, PHOTOS)}


class Thread(BatchConsumerThread):
    """The consumer's thread without a thread; `sought` are the seeks that it makes by itself."""

    consumer = SimpleNamespace(flow_active=True)

    def __init__(self, meanwhile=lambda thread: None) -> None:
        self.seeks = self.asked = {LIKES: 1, PHOTOS: 1}
        self.sought: list[tuple[TP, int]] = []
        self._pace = Pace()
        self.fake = SimpleNamespace(
            _closed=False,
            _fetcher=Fetcher(lambda: meanwhile(self)),
            _subscription=SimpleNamespace(subscription=None),
            seek=lambda tp, offset: self.sought.append((tp, offset)),
        )

    def _ensure_consumer(self):
        return self.fake

    def fetched(self) -> dict:
        _, _, records = asyncio.run(self._fetch_records(self.fake, {LIKES, PHOTOS}, timeout=1.0))
        return {tp: [record.offset for record in found] for tp, found in records.items()}


def seek_likes(thread: Thread) -> None:
    thread.seeks = thread.seeks | {LIKES: 2}


def test_what_is_fetched_after_a_seek_for_who_asked_before_it_begins_again():
    """Kills: records that a rebalance finds between two threads, dropped as stale though the fetcher has gone on."""
    thread = Thread(seek_likes)
    assert thread.fetched() == {PHOTOS: [7, 8]}
    assert thread.sought == [(LIKES, 7)]


def test_what_was_asked_for_before_a_seek_and_only_then_fetched_begins_again():
    """Kills: seeks that are counted when the fetch begins, and not when somebody decided what to fetch."""
    thread = Thread()
    seek_likes(thread)
    assert thread.fetched() == {PHOTOS: [7, 8]}
    assert thread.sought == [(LIKES, 7)]


def test_a_fetch_that_nothing_crosses_keeps_all():
    thread = Thread()
    assert thread.fetched() == {LIKES: [7, 8], PHOTOS: [7, 8]}
    assert thread.sought == []
