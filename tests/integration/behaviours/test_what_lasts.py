"""What every story ended with is seen again: after every worker and the API were killed, and after a rebuild from the log."""

import itertools
import json

import pytest

from agents.catalog import catalog
from agents.rules import Rules
from projections.catalog import PROJECTIONS
from tests.integration.running_stack import RunningStack

pytestmark = pytest.mark.stack

# Some 40 on a machine with nothing else to do; mostly workers that start again after each promotion.
REBUILD_SECONDS = 540.0


@pytest.fixture
def stack(settings, stage):
    stage.wait_for_all()
    if not stage.stories:
        pytest.skip("no story was chosen, or none came to its end")
    return RunningStack(settings)


def test_everything_is_seen_again_after_every_worker_and_the_api_were_killed(stack, stage):
    """Kills: what only a process knew, a cache that was the truth, an answer that was given before the log had it."""
    names = (*stack.workers(), "api")
    stack.hold_down(*names)
    stack.let_up(*names)
    assert not stage.differences()


def by_turns() -> list[str]:
    """The names of all projections, one of each role by turns: a promotion lets its role's workers start again, for seconds."""
    roles = {agent.name: agent.role for agent in catalog(Rules())}
    of_role: dict[str, list[str]] = {}
    for projection in PROJECTIONS:
        of_role.setdefault(roles[projection.writers[0]], []).append(projection.name)
    rounds = itertools.zip_longest(*of_role.values())
    return [name for names in rounds for name in names if name is not None]


@pytest.mark.timeout(600)
def test_everything_is_seen_again_after_every_projection_was_rebuilt_from_the_log(stack, stage):
    """Kills: a deed that comes back when the log is read again, a fold that gives another answer than it gave live."""
    names = by_turns()
    ran = stack.run("projections", "rebuild", *names, "--json", seconds=REBUILD_SECONDS)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr[-2000:]}"
    outcomes = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [outcome["name"] for outcome in outcomes if outcome["equal"]] == names
    stack.wait_ready()
    assert not stage.differences()
