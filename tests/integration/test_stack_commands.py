"""`python -m infra` on a stack of its own: it names what is in its way, and brings back what dies."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra import processes

ROOT = Path(__file__).resolve().parents[2]
# Within the tests' own block of ports, above what the test stack itself uses.
PORT_BASE = int(os.environ.get("DARKROOM_PORT_BASE") or 28500) + 300
REDIS_PORT = PORT_BASE + 2

pytestmark = pytest.mark.stack


class Stack:
    """A checkout's stack as somebody at the keyboard sees it."""

    def __init__(self, data):
        self.data = data

    def run(self, *words):
        environment = os.environ | {
            "DARKROOM_ENV": "test",
            "DARKROOM_PORT_BASE": str(PORT_BASE),
            "DARKROOM_DATA": str(self.data),
        }
        command = [sys.executable, "-m", "infra", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def up(self):
        answer = self.run("up", "--services", "core")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def components(self):
        return {each["name"]: each for each in json.loads(self.run("status", "--json").stdout)["components"]}

    def pids(self):
        return {name: each["pid"] for name, each in self.components().items()}

    def supervisor_pid(self):
        return json.loads((self.data / "run" / "supervisor.json").read_text())["pid"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("stack") / "data")
    yield stack
    stack.run("clean", "--yes")


def eventually(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition.__name__}"
        time.sleep(0.05)
    return result


def test_before_the_first_start_every_command_says_what_to_do(stack):
    assert "make up" in stack.run("status").stderr
    assert stack.run("down").returncode == 0
    assert not stack.data.exists()


def test_a_taken_port_is_named_with_its_holder_before_anything_starts(stack):
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", REDIS_PORT))
        squatter.listen()
        answer = stack.run("up", "--services", "core")
    assert answer.returncode == 1
    assert f"port {REDIS_PORT}, wanted by redis, is held by pid {os.getpid()}" in answer.stderr
    assert processes.carry_mark(stack.data) == []


def test_up_twice_changes_nothing(stack):
    stack.up()
    first = stack.pids()
    assert all(component["state"] == "ready" for component in stack.components().values())
    stack.up()
    assert stack.pids() == first


def test_a_killed_component_comes_back(stack):
    stack.up()
    before = stack.pids()
    os.kill(before["redis"], signal.SIGKILL)

    def redis_is_back():
        redis = stack.components()["redis"]
        return redis["state"] == "ready" and redis["pid"] != before["redis"]

    eventually(redis_is_back)
    after = stack.pids()
    assert {name for name in after if after[name] != before[name]} == {"redis"}


def test_a_stack_whose_supervisor_died_is_not_started_a_second_time(stack):
    stack.up()
    old = set(stack.pids().values())
    os.kill(stack.supervisor_pid(), signal.SIGKILL)
    stack.up()
    assert not old & set(processes.carry_mark(stack.data))
    assert sorted(stack.pids()) == ["kafka", "objects", "postgres0", "postgres1", "redis"]


def test_a_wrong_setting_is_a_usage_error_that_names_it(stack, monkeypatch):
    monkeypatch.setenv("DARKROOM_SHARDS", "100")
    answer = stack.run("status")
    assert answer.returncode == 2
    assert "DARKROOM_SHARDS=100" in answer.stderr


def test_the_log_of_an_unknown_component_is_an_error_that_lists_the_known_ones(stack):
    stack.up()
    answer = stack.run("logs", "kafak")
    assert answer.returncode == 1
    assert "kafka" in answer.stderr and "redis" in answer.stderr


def test_down_leaves_no_process_and_keeps_the_data(stack):
    stack.up()
    answer = stack.run("down")
    assert answer.returncode == 0, answer.stderr
    assert processes.carry_mark(stack.data) == []
    assert (stack.data / "secrets.env").exists()
