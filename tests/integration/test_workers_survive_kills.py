"""Workers that are killed again and again, and moved, while likes keep coming: the counts end exact.

Kills: a position kept apart from the state, an acknowledgement before the state is safe, a commit past what is in flight, a
partition that two workers hold at once.
"""

import random
import signal
import threading
import time

import pytest

from infra.settings import load_settings
from schemas.events import LikeChanged, LikeKind
from schemas.ids import compose_id
from streams.producer import SyncProducer
from tests.integration.workers import Workers, until

pytestmark = pytest.mark.stack
PHOTOS = 40


@pytest.fixture
def workers(tmp_path):
    running = Workers(load_settings().kafka_bootstrap, tmp_path)
    yield running
    running.kill_all()


class Likes(threading.Thread):
    """Appends likes of photos nobody else knows, at about a thousand a second."""

    def __init__(self, total: int) -> None:
        super().__init__()
        now = time.time_ns() // 1_000_000
        self.photos = [compose_id(now, n % 64, n) for n in range(PHOTOS)]
        self._total = total

    def run(self) -> None:
        settings = load_settings()
        with SyncProducer(settings.kafka_bootstrap, settings.shards, settings.partitions) as producer:
            for start in range(0, self._total, 100):
                producer.append_many([self._like(n) for n in range(start, start + 100)])
                time.sleep(0.1)

    def _like(self, n: int) -> LikeChanged:
        return LikeChanged(
            event_id=str(n), occurred_at=1_700_000_000_000, actor_id=n, source="test",
            photo_id=self.photos[n % PHOTOS], kind=LikeKind.LIKED,
        )  # fmt: skip

    def counted(self, workers: Workers) -> int:
        counts = workers.counts()
        return sum(counts.get(f"n{photo}", 0) for photo in self.photos)


def test_counts_are_exact_after_one_worker_is_killed_again_and_again(workers):
    total, chance = 20_000, random.Random(1)
    likes = Likes(total)
    workers.start(0)
    until(lambda: workers.is_ready(0), "the worker is ready")
    likes.start()
    kills = 0
    while likes.is_alive():
        before = likes.counted(workers)
        until(lambda before=before: likes.counted(workers) > before or not likes.is_alive(), "counting goes on")
        # Not a wait for anything: the kill shall hit another moment each time.
        time.sleep(chance.random() / 4)
        workers.stop(0, signal.SIGKILL)
        workers.start(0)
        kills += 1
    assert kills >= 2
    until(lambda: likes.counted(workers) >= total, "all likes are counted")
    assert likes.counted(workers) == total


def test_counts_are_exact_while_partitions_move_between_two_workers(workers):
    total = 15_000
    likes = Likes(total)
    workers.start(0)
    until(lambda: workers.is_ready(0), "the first worker is ready")
    likes.start()
    workers.start(1)
    until(lambda: workers.is_ready(1) and workers.is_ready(0), "both are ready")
    workers.stop(1, signal.SIGKILL)
    workers.start(1)
    before = likes.counted(workers)
    until(lambda: likes.counted(workers) > before, "counting goes on")
    assert workers.stop(0, signal.SIGTERM) == 0
    workers.start(0)
    likes.join()
    until(lambda: likes.counted(workers) >= total, "all likes are counted")
    assert likes.counted(workers) == total
