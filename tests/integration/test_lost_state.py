"""A worker whose state directory is gone is back from snapshots and not from zero, says so, and ends in the same digests."""

import asyncio
import re
import shutil

import pytest

from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.progress import KEY as PROGRESS
from tests.integration.kept_snapshots import KeptSnapshots
from tests.integration.load import Load, Seen
from tests.integration.running_stack import RunningStack, until

pytestmark = pytest.mark.stack

ROLE = "content"
AGENTS = {agent.name for agent in agents_of(ROLE, catalog(Rules()))}
DEEDS = 6
# The interval of the test profile, and one more in which all states of the worker take turns.
SNAPSHOT_SECONDS = 60.0
RESTORED = re.compile(r"(\w+)/(\d+): restored from snapshot of \S+ \S+ at (.+), [\d,]+ records behind \(\d+ files, ")
REFUSED = re.compile(r"(\w+)/(\d+): snapshot (\S+) is refused: (.+); trying the one before it")


@pytest.fixture
def stack(settings, http):
    return RunningStack(settings)


async def forget_progress(stack: RunningStack) -> None:
    async with await stack.open() as stores:
        await stores.redis.call("DEL", PROGRESS)


def test_a_worker_killed_and_robbed_of_its_states_is_back_from_snapshots(stack, settings):
    """Kills: a restore that takes a damaged snapshot, a tail that is not folded, a silent fold from zero."""
    load, kept = Load(settings.api_url, seed=3), KeptSnapshots(settings)
    load.act(DEEDS)
    asyncio.run(stack.wait_folded())
    folded = {place for place, one in asyncio.run(stack.progress()).items() if place[0] in AGENTS and any(one.sources.values())}
    assert folded
    until(lambda: folded <= kept.by_place(AGENTS).keys(), f"a snapshot of each state of {ROLE}", SNAPSHOT_SECONDS)
    first = kept.by_place(AGENTS)
    load.act(DEEDS)
    until(lambda: newer(kept, first), "a second snapshot of one state", SNAPSHOT_SECONDS)
    asyncio.run(stack.wait_folded())
    before, progress = stack.digests(), asyncio.run(stack.progress())

    log = settings.log_dir / f"{ROLE}-0.log"
    stack.hold_down(f"{ROLE}-0")
    said = log.stat().st_size
    try:
        by_place = kept.by_place(AGENTS)
        spoiled = newer(kept, first)
        kept.spoil(by_place[spoiled][0])
        told = stack.run("streams", "snapshots", "verify", spoiled[0], "--deep")
        assert (told.returncode, "the checksum of its manifest is wrong" in told.stdout) == (1, True), told.stdout + told.stderr
        for agent in AGENTS:
            shutil.rmtree(settings.state_dir / agent)
        asyncio.run(forget_progress(stack))
    finally:
        stack.let_up(f"{ROLE}-0")
    kept.remove(by_place[spoiled][0])
    asyncio.run(stack.wait_folded(least=progress))
    assert stack.digests() == before
    Seen(load).wait()

    with log.open("rb") as file:
        file.seek(said)
        text = file.read().decode()
    restored = {(agent, int(number)): at for agent, number, at in RESTORED.findall(text)}
    assert restored.keys() == by_place.keys()
    for place, manifests in by_place.items():
        assert restored[place] == manifests[1 if place == spoiled else 0].stands_at
    refused = [(agent, int(number), reason) for agent, number, _, reason in REFUSED.findall(text)]
    assert refused == [(*spoiled, "the checksum of its manifest is wrong")]


def newer(kept: KeptSnapshots, first: dict[tuple[str, int], list]) -> tuple[str, int] | None:
    """Return a state that has another snapshot since it was looked at first, and one to fall back on."""
    found = kept.by_place(AGENTS)
    return next((place for place in sorted(first) if len(found[place]) >= 2 and found[place][0] != first[place][0]), None)
