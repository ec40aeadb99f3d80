"""Ten million keys of state, in eight partitions, back from the object store, beside copying the same files without a check."""

import asyncio
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random

from infra.settings import Settings
from schemas.object_keys import SNAPSHOTS
from streams.fold import Agent
from streams.ledger import Ledger
from streams.objects import Objects, open_objects
from streams.restoring import Restoring
from streams.snapshots import Manifest, size_in_words
from streams.snapshotting import Snapshots
from streams.state import Budget, StateStore
from tests.bench.figures import Figure, Say, in_words

KEYS = 10_000_000
PARTITIONS = 8
BATCH = 5_000
KEY_BYTES = 16
VALUE = bytes(range(8))
SAMPLED = 500
AGENT = Agent("restored", "bench", ("likes",))


def restore_10m(settings: Settings, say: Say) -> Figure:
    """Measure from empty directories until every partition's state is open at its position."""
    root = Path(settings.data) / "bench-restore"
    (root / "copied").mkdir(parents=True)
    try:
        return asyncio.run(_measured(settings, root, say))
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def _measured(settings: Settings, root: Path, say: Say) -> Figure:
    access, secret = settings.object_access_key.get_secret_value(), settings.object_secret_key.get_secret_value()
    objects = open_objects(settings.object_endpoint, access, secret)
    budget = Budget()
    samples = {number: fill(root / "taken" / str(number), number, budget) for number in range(PARTITIONS)}
    say(f"{in_words(KEYS)} keys in {PARTITIONS} states")
    manifests, stall_seconds = await taken(objects, root / "taken", budget)
    size_bytes = sum(manifest.size_bytes for manifest in manifests)
    say(f"snapshots of {size_in_words(size_bytes)} taken, {stall_seconds * 1000:.0f} ms the longest stall")
    baseline = await copied(objects, manifests, root / "copied")
    began = time.perf_counter()
    states = await asyncio.gather(*(restored(objects, root / "restored", number, budget) for number in range(PARTITIONS)))
    seconds = time.perf_counter() - began
    exact = all(
        Ledger(state).position("likes") == KEYS and state.get_many(samples[number]) == [VALUE] * SAMPLED
        for number, state in enumerate(states)
    )
    for state in states:
        state.close()
    await objects.close()
    return Figure(
        name="restore_10m",
        value=seconds,
        unit="s until 10 M keys are ready",
        baseline=baseline,
        against="fetching the same files, unchecked",
        note=f"{size_in_words(size_bytes)}, {in_words(KEYS / seconds)} keys/s; longest stall {stall_seconds * 1000:.0f} ms",
        exact=exact,
    )


def fill(path: Path, number: int, budget: Budget) -> list[bytes]:
    """Write one partition's keys and its position; return some of the keys."""
    chance = Random(number)
    state = StateStore.open(path, budget)
    for _ in range(KEYS // PARTITIONS // BATCH):
        drawn = chance.randbytes(KEY_BYTES * BATCH)
        keys = [drawn[at : at + KEY_BYTES] for at in range(0, len(drawn), KEY_BYTES)]
        state.put_many((key, VALUE) for key in keys)
        state.commit()
    Ledger(state).set_position("likes", KEYS)
    state.commit()
    state.close()
    return keys[:SAMPLED]


async def taken(objects: Objects, directory: Path, budget: Budget) -> tuple[list[Manifest], float]:
    """Take a snapshot of each state; return the manifests and the longest stall in seconds."""
    snapshots = Snapshots(objects, "bench", 60.0)
    states = [StateStore.open(directory / str(number), budget) for number in range(PARTITIONS)]
    for number, state in enumerate(states):
        snapshots.watch(AGENT, number, state)
    manifests = [await snapshots.take((AGENT.name, number)) for number in range(PARTITIONS)]
    stall_seconds = max(one.stall_seconds for one in snapshots.counts.values())
    for number, state in enumerate(states):
        snapshots.forget((AGENT.name, number))
        state.close()
    return manifests, stall_seconds


async def copied(objects: Objects, manifests: list[Manifest], directory: Path) -> float:
    """Fetch all files of all snapshots one after the other, and return the seconds."""
    began = time.perf_counter()
    for manifest in manifests:
        for file in manifest.files:
            with (directory / file.sha256).open("wb") as target:
                async for piece in objects.stream(SNAPSHOTS, manifest.file_key(file)):
                    target.write(piece)
    return time.perf_counter() - began


async def restored(objects: Objects, directory: Path, number: int, budget: Budget) -> StateStore:
    """Bring one state back, as a worker does that has none."""

    async def ends(_partition: int, topics: tuple[str, ...]) -> Mapping[str, int]:
        return dict.fromkeys(topics, KEYS)

    path = directory / str(number)
    state = StateStore.open(path, budget)
    found = await Restoring(objects, "bench", ends).fetch_newest(AGENT, number, path)
    state.replace_by(found.directory)
    return state
