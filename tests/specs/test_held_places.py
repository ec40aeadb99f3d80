"""A place of a state is one worker's from before it opens until after it closes, however long that takes."""

import asyncio
import functools
import signal
import subprocess
import sys
import threading
import time

import pytest

from streams import holding as holds, state as states
from streams.fold import NeighbourAway
from streams.frozen import end_frozen_holder, is_frozen
from streams.letting_go import StillOpen, close_and_release
from streams.place_lock import PlaceLock, lock_file, named_holder
from streams.state import StateStore
from tests.specs.batches_made import PARTITION, like
from tests.specs.test_holding import Held
from tests.specs.test_holding_snapshots import ASSIGNED

HOLDS = """
import sys, time
from pathlib import Path
from streams.place_lock import PlaceLock
lock = PlaceLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path / "3")], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_a_place_is_one_process_s_until_it_ends(holder, tmp_path):
    with pytest.raises(NeighbourAway, match=rf"3 is held by another process \(pid {holder.pid}\)"):
        PlaceLock(tmp_path / "3")
    assert not end_frozen_holder(tmp_path / "3")
    holder.kill()
    holder.wait()
    assert named_holder(tmp_path / "3") is None
    PlaceLock(tmp_path / "3").release()


def test_a_frozen_process_that_has_a_place_without_its_database_is_ended(holder, tmp_path):
    """Kills: a worker frozen in the middle of adopting a state, who is found by the database's lock only."""
    holder.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 10
    while not is_frozen(holder.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert end_frozen_holder(tmp_path / "3")
    assert holder.wait(10) == -signal.SIGKILL


def test_a_pid_that_was_given_to_another_process_holds_nothing(holder, tmp_path):
    """Kills: a stranger with the pid of a worker that died is taken for it, and ended."""
    lock_file(tmp_path / "3").write_text(f"{holder.pid} 1")
    assert named_holder(tmp_path / "3") is None


def test_nobody_opens_a_state_while_its_directory_is_replaced(tmp_path, monkeypatch):
    """Kills: a place that is let go with its database, so that another opens files that are being deleted."""
    (tmp_path / "count" / f"{PARTITION}.adopt@likes.1").mkdir(parents=True)

    async def story():
        held, other = Held(tmp_path), Held(tmp_path)
        meanwhile, replaced = [], []
        monkeypatch.setattr(held.world.sink, "identities", lambda: asyncio.sleep(0, {"build/likes": "1"}))
        rmtree = states.shutil.rmtree

        def deleting(path, **options):
            if path == tmp_path / "count" / str(PARTITION):
                opening = other.holding._open("count", PARTITION)
                with monkeypatch.context() as watched:
                    watched.setattr(StateStore, "open", lambda *_: meanwhile.append("opened") or pytest.fail("opened"))
                    opening.send(None)
                opening.close()
                replaced.append(path)
            rmtree(path, **options)

        monkeypatch.setattr(states.shutil, "rmtree", deleting)
        await held.holding.open(ASSIGNED)
        await held.holding.close()
        return meanwhile, len(replaced)

    assert asyncio.run(story()) == ([], 1)


class FullDisk:
    """Lets states close when there is room, and not before; RocksDB waits like this."""

    def __init__(self, monkeypatch) -> None:
        self.waiting, self.room = threading.Event(), threading.Event()
        close = StateStore.close

        def closing(state) -> None:
            self.waiting.set()
            assert self.room.wait(10), "nobody made room"
            close(state)

        monkeypatch.setattr(StateStore, "close", closing)
        monkeypatch.setattr(holds, "close_and_release", functools.partial(close_and_release, seconds=0.05))


def test_a_state_that_does_not_close_stops_nobody_else_is_told_and_keeps_its_place(tmp_path, monkeypatch):
    """Kills: an event loop that stands still over a full disk; a place given away while its database may still write."""

    async def story():
        held, disk = Held(tmp_path), FullDisk(monkeypatch)
        held.world.log.put(like(1))
        await held.holding.open([("likes", 0), *ASSIGNED])
        held.holding.assign(ASSIGNED)
        await held.until(lambda: held.failures)
        with pytest.raises(NeighbourAway):
            PlaceLock(tmp_path / "count" / "0")
        held.deliver(0, 1)
        await held.until(lambda: held.finished == [1])
        disk.room.set()
        await held.until(lambda: is_free(tmp_path / "count" / "0"))
        await held.holding.close()
        return held.failures

    (failure,) = asyncio.run(story())
    assert type(failure) is StillOpen
    assert "count/0 has not closed in 0.05 s: the process must end" in str(failure)


def test_at_the_end_all_states_that_do_not_close_are_waited_for_together_and_told(tmp_path, monkeypatch):
    async def story():
        held, disk = Held(tmp_path), FullDisk(monkeypatch)
        await held.holding.open([("likes", 0), *ASSIGNED])
        await held.holding.close()
        disk.room.set()
        await held.until(lambda: is_free(tmp_path / "count" / "0") and is_free(tmp_path / "count" / str(PARTITION)))
        return [type(failure) for failure in held.failures]

    assert asyncio.run(story()) == [StillOpen, StillOpen]


def test_a_state_whose_opening_fails_on_a_full_disk_does_not_stop_the_worker(tmp_path, monkeypatch):
    async def story():
        held, disk = Held(tmp_path), FullDisk(monkeypatch)

        async def away(*_) -> None:
            raise NeighbourAway("PostgreSQL did not answer")

        held.world.sink.owed = away
        with pytest.raises(NeighbourAway, match="did not answer"):
            await held.holding.open(ASSIGNED)
        disk.room.set()
        await held.until(lambda: is_free(tmp_path / "count" / str(PARTITION)))
        return [type(failure) for failure in held.failures]

    assert asyncio.run(story()) == [StillOpen]


def test_a_state_whose_close_fails_is_told_and_keeps_its_place(tmp_path):
    lock = PlaceLock(tmp_path / "3")

    def refuse() -> None:
        raise OSError("Writer has previous error")

    with pytest.raises(StillOpen, match=r"3 does not close \(Writer has previous error\)"):
        asyncio.run(close_and_release(refuse, lock))
    assert not is_free(tmp_path / "3")
    lock.release()


def is_free(place) -> bool:
    try:
        PlaceLock(place).release()
    except NeighbourAway:
        return False
    return True
