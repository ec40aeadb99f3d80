"""Who holds a state's lock is found, and ended only when it is frozen."""

import signal
import subprocess
import sys
import time

import pytest

from streams.frozen import end_frozen_holder, holder_of, is_frozen
from streams.state import Budget, StateStore

HOLDS = """
import sys, time
from pathlib import Path
from streams.state import Budget, StateStore
state = StateStore.open(Path(sys.argv[1]), Budget())
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def freeze(process):
    process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 10
    while not is_frozen(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_frozen_holder_is_found_and_ended_and_the_state_can_be_opened(holder, tmp_path):
    """Kills: a frozen worker that keeps its partitions for ever."""
    assert holder_of(tmp_path / "LOCK") == holder.pid
    freeze(holder)
    assert end_frozen_holder(tmp_path)
    assert holder.wait(10) == -signal.SIGKILL
    StateStore.open(tmp_path, Budget()).close()


def test_a_holder_that_runs_is_left_alone(holder, tmp_path):
    """Kills: whoever holds a state is killed."""
    assert not end_frozen_holder(tmp_path)
    assert holder.poll() is None


def test_nobody_holds_what_is_not_there_or_was_let_go(tmp_path):
    assert holder_of(tmp_path / "LOCK") is None
    StateStore.open(tmp_path / "state", Budget()).close()
    assert holder_of(tmp_path / "state" / "LOCK") is None
    assert not end_frozen_holder(tmp_path / "state")
