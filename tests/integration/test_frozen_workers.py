"""Workers that are frozen until others have their partitions, and then go on: they change nothing any more.

Kills: a lease that never runs out, a frozen worker that keeps its states locked, a member that writes on after it was put out.
"""

import pytest

from infra.settings import load_settings
from tests.integration.test_workers_survive_kills import Likes
from tests.integration.workers import Workers, until

pytestmark = pytest.mark.stack
TOTAL = 8_000


@pytest.fixture
def likes():
    return Likes(TOTAL)


def running(workers: Workers, likes: Likes) -> None:
    for slot in (0, 1):
        workers.start(slot)
    until(lambda: workers.is_ready(0) and workers.is_ready(1), "both are ready")
    likes.start()
    until(lambda: likes.counted(workers) > 500, "counting has begun")


def test_the_partitions_of_a_frozen_worker_on_the_same_machine_are_taken_from_it(tmp_path, likes):
    workers = Workers(load_settings().kafka_bootstrap, tmp_path)
    try:
        running(workers, likes)
        workers.freeze(1)
        until(lambda: workers.exit_code(1) is not None, "the frozen one is ended")
        workers.start(1)
        likes.join()
        until(lambda: likes.counted(workers) >= TOTAL, "all likes are counted")
        assert likes.counted(workers) == TOTAL
    finally:
        workers.kill_all()


def test_a_worker_that_wakes_up_on_another_machine_stops_at_its_first_write(tmp_path, likes):
    workers = Workers(load_settings().kafka_bootstrap, tmp_path, lambda slot: f"machine-{slot}")
    try:
        running(workers, likes)
        workers.freeze(1)
        likes.join()
        # The other one reads the frozen one's partitions from the beginning, and counts all that came meanwhile.
        until(lambda: likes.counted(workers) >= TOTAL, "all likes are counted by the other one")
        workers.thaw(1)
        until(lambda: workers.exit_code(1) is not None, "the one that woke up stops by itself")
        assert workers.exit_code(1) == 1
        assert "PartitionLost" in workers.log(1)
        assert likes.counted(workers) == TOTAL
        workers.start(1)
        until(lambda: workers.is_ready(1), "it is started again")
        assert likes.counted(workers) == TOTAL
    finally:
        workers.kill_all()
