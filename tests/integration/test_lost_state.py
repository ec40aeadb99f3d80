"""A worker whose state directory is gone is back from snapshots and not from zero, says so, and ends in the same digests."""

import asyncio
import re
import shutil

import pytest

from agents.catalog import agents_of, catalog
from agents.rules import Rules
from projections.progress import KEY as PROGRESS
from schemas.object_keys import SNAPSHOTS
from streams.cli_snapshots import all_found
from streams.cluster import cluster_id
from streams.objects import open_objects
from streams.snapshots import encoded
from tests.integration.load import Load, Seen
from tests.integration.running_stack import RunningStack, until

pytestmark = pytest.mark.stack

ROLE = "content"
DEEDS = 6
# The interval of the test profile, and one more in which all states of the worker take turns.
SNAPSHOT_SECONDS = 60.0
RESTORED = re.compile(r"(\w+)/(\d+): restored from snapshot of \S+ \S+ at (.+), [\d,]+ records behind \(\d+ files, ")
REFUSED = re.compile(r"(\w+)/(\d+): snapshot (\S+) is refused: (.+); trying the one before it")


@pytest.fixture
def stack(settings, http):
    return RunningStack(settings)


class Kept:
    """The snapshots of one role in the stack's object store."""

    def __init__(self, settings) -> None:
        self._settings = settings
        self.agents = {agent.name for agent in agents_of(ROLE, catalog(Rules()))}
        self._cluster = cluster_id(settings.kafka_bootstrap)

    def by_place(self) -> dict[tuple[str, int], list]:
        """Return the manifests of each state, the newest first."""
        found: dict[tuple[str, int], list] = {}
        for one in asyncio.run(self._with(lambda objects: all_found(objects, self._cluster, ""))):
            if one.manifest and one.manifest.agent in self.agents:
                found.setdefault((one.manifest.agent, one.manifest.partition), []).append(one.manifest)
        return found

    def spoil(self, manifest) -> None:
        """Change a manifest without changing its size."""
        key, body = encoded(manifest)
        spoiled = body.replace(b'"sha256":"', b'"sha256":"0', 1)[: len(body)]
        asyncio.run(self._with(lambda objects: objects.put(SNAPSHOTS, key, spoiled, "application/json")))

    async def _with(self, story):
        at = self._settings
        objects = open_objects(
            at.object_endpoint, at.object_access_key.get_secret_value(), at.object_secret_key.get_secret_value()
        )
        try:
            return await story(objects)
        finally:
            await objects.close()


async def forget_progress(stack: RunningStack) -> None:
    async with await stack.open() as stores:
        await stores.redis.call("DEL", PROGRESS)


def test_a_worker_killed_and_robbed_of_its_states_is_back_from_snapshots(stack, settings):
    """Kills: a restore that takes a damaged snapshot, a tail that is not folded, a silent fold from zero."""
    load, kept = Load(settings.api_url, seed=3), Kept(settings)
    load.act(DEEDS)
    asyncio.run(stack.wait_folded())
    folded = {
        place for place, one in asyncio.run(stack.progress()).items() if place[0] in kept.agents and any(one.sources.values())
    }
    assert folded
    until(lambda: folded <= kept.by_place().keys(), f"a snapshot of each state of {ROLE}", SNAPSHOT_SECONDS)
    first = kept.by_place()
    load.act(DEEDS)
    until(lambda: newer(kept, first), "a second snapshot of one state", SNAPSHOT_SECONDS)
    asyncio.run(stack.wait_folded())
    before, progress = stack.digests(), asyncio.run(stack.progress())

    log = settings.log_dir / f"{ROLE}-0.log"
    stack.hold_down(f"{ROLE}-0")
    said = log.stat().st_size
    try:
        by_place = kept.by_place()
        spoiled = newer(kept, first)
        kept.spoil(by_place[spoiled][0])
        for agent in kept.agents:
            shutil.rmtree(settings.state_dir / agent)
        asyncio.run(forget_progress(stack))
    finally:
        stack.let_up(f"{ROLE}-0")
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


def newer(kept: Kept, first: dict[tuple[str, int], list]) -> tuple[str, int] | None:
    """Return a state that has another snapshot since it was looked at first, and one to fall back on."""
    found = kept.by_place()
    return next((place for place in sorted(first) if len(found[place]) >= 2 and found[place][0] != first[place][0]), None)
