"""The log is the truth: states that are deleted and builds made from offset zero end in the same digests as what runs."""

import asyncio
import json
import shutil

import pytest

from projections.catalog import PROJECTIONS
from projections.progress import KEY as PROGRESS
from tests.integration.kept_snapshots import KeptSnapshots
from tests.integration.load import Load, Seen
from tests.integration.running_stack import RunningStack, until

pytestmark = pytest.mark.stack

DEEDS = 12
# Rows and rings, which are written to while their workers change over. All projections are rebuilt in `behaviours`.
REBUILT = ("likes", "timelines")
assert set(REBUILT) <= {projection.name for projection in PROJECTIONS}
# A worker looks once a second whether another build was promoted, and then starts again.
FOLLOWED_SECONDS = 60.0


@pytest.fixture(scope="module")
def stack(settings, http):
    return RunningStack(settings)


@pytest.fixture(scope="module")
def load(settings, http):
    load = Load(settings.api_url, seed=2)
    load.act(DEEDS)
    return load


async def forget_progress(stack: RunningStack) -> None:
    async with await stack.open() as stores:
        await stores.redis.call("DEL", PROGRESS)


def rebuilt(stack: RunningStack, name: str) -> dict:
    """Rebuild one projection, which must be equal and promoted; what the command said of it."""
    ran = stack.run("projections", "rebuild", name, "--json")
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr[-2000:]}"
    outcome = json.loads(ran.stdout)
    assert (outcome["name"], outcome["equal"], outcome["live"]) == (name, True, outcome["rebuilt"])
    return outcome


def told(line: str) -> dict:
    return json.loads(line)


def test_without_any_state_or_snapshot_the_workers_fold_the_same_projections_again(stack, load):
    """Kills: what only state knows, increments, a guard or stamp that lets a replayed batch in, iteration without an order."""
    asyncio.run(stack.wait_folded())
    before, progress = stack.digests(), asyncio.run(stack.progress())
    workers = stack.workers()
    stack.hold_down(*workers)
    try:
        aside = stack.settings.state_dir.with_name("state-set-aside")
        shutil.rmtree(aside, ignore_errors=True)
        stack.settings.state_dir.rename(aside)
        KeptSnapshots(stack.settings).throw_away()
        # Said by those who are dead; what is said from now on is about the replay.
        asyncio.run(forget_progress(stack))
    finally:
        stack.let_up(*workers)
    asyncio.run(stack.wait_folded(least=progress))
    assert stack.digests() == before
    shutil.rmtree(aside)
    Seen(load).wait()


@pytest.mark.timeout(600)
def test_projections_rebuilt_from_offset_zero_equal_the_live_ones_and_take_over(stack, load):
    """Kills: a fold that depends on batch borders or on the clock, a promoted build whose first records nobody folds."""
    asyncio.run(stack.wait_folded())
    outcomes = {name: rebuilt(stack, name) for name in REBUILT}
    assert outcomes["likes"]["rows"] > 0

    # What is written while the workers change over must be in the new builds, and nothing that was there may be lost.
    load.act(3)
    Seen(load).wait()
    until(lambda: not list(stack.settings.state_dir.glob("*/*.adopt@*")), "the rebuilt states adopted", FOLLOWED_SECONDS)
    stack.wait_ready()
    asyncio.run(stack.wait_folded())
    now = {outcome["name"]: outcome for outcome in map(told, stack.run("projections", "digest", "--json").stdout.splitlines())}
    assert {name: now[name]["build"] for name in REBUILT} == {name: one["build"] for name, one in outcomes.items()}
    assert now["likes"]["total"] != outcomes["likes"]["live"], "the load has changed nothing, so this proves nothing"
    rebuilt(stack, "likes")
