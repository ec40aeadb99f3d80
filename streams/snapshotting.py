"""Takes snapshots of the states that a worker holds: one at a time, each at its own moment of the interval, never in the way.

A checkpoint is links to files that never change; they are sent while the agent folds on, each content once, and the manifest
last. An object store that is away means that snapshots are skipped, said, and tried again: folding does not need them.
"""

import asyncio
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from schemas.crash_points import CrashPoint, Hook, pass_by
from schemas.object_keys import SNAPSHOTS, snapshots_prefix
from streams.fold import Agent, NeighbourAway
from streams.ledger import Ledger
from streams.objects import Objects
from streams.snapshot_reading import held, manifest_keys, read_manifest
from streams.snapshots import (
    FORMAT,
    Manifest,
    SnapshotFile,
    There,
    Unusable,
    absent_files,
    encoded,
    first_due,
    plan_pruning,
    size_in_words,
)
from streams.state import StateStore

log = logging.getLogger("darkroom.snapshots")

# A worker that is told to stop may spend so long on last snapshots; what is not taken by then is in the local state anyway.
LAST_SECONDS = 1.0
LOOK_SECONDS = 0.5

Place = tuple[str, int]


@dataclass
class SnapshotCounts:
    """What was done for one state, for metrics. `stall_seconds` is the longest that a checkpoint held up the worker."""

    taken: int = 0
    skipped: int = 0
    sent_bytes: int = 0
    seconds: float = 0.0
    stall_seconds: float = 0.0
    taken_at_ms: int = 0
    size_bytes: int = 0


@dataclass
class Watched:
    """One state that is snapshotted: when it is due (seconds of the loop's clock), and what the last snapshot of it was."""

    agent: Agent
    partition: int
    state: StateStore
    due: float
    counts: SnapshotCounts = field(default_factory=SnapshotCounts)
    last: Manifest | None = None
    is_looked_up: bool = False
    # What was read before and never changes: sha256 by (name, inode, size) of a table's file, and manifests by key.
    sums: dict[tuple[str, int, int], str] = field(default_factory=dict)
    manifests: dict[str, Manifest | None] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Its agent and partition."""
        return self.agent.name, self.partition

    def positions(self) -> dict[str, int]:
        """Return the next offset of each topic, as committed."""
        return Ledger(self.state.committed()).positions(self.agent.sources)


class Snapshots:
    """The snapshots of one worker. `watch` what is opened, `forget` what is closed, `start` once, `close` at the end."""

    def __init__(self, objects: Objects, cluster: str, seconds: float, at: Hook = pass_by) -> None:
        self._objects = objects
        self._cluster = cluster
        self._seconds = seconds
        self._at = at
        self._watched: dict[Place, Watched] = {}
        self._task: asyncio.Task | None = None
        self._under_way: tuple[Place, asyncio.Task] | None = None

    @property
    def counts(self) -> dict[Place, SnapshotCounts]:
        """What was done for each state that is held now."""
        return {place: watched.counts for place, watched in self._watched.items()}

    def watch(self, agent: Agent, partition: int, state: StateStore) -> None:
        """Take snapshots of a state from now on."""
        due = asyncio.get_running_loop().time() + first_due(agent.name, partition, self._seconds)
        self._watched[agent.name, partition] = Watched(agent, partition, state, due)

    def forget(self, place: Place) -> None:
        """Take no more snapshots of a state, which will be closed; one under way is dropped."""
        self._watched.pop(place, None)
        if self._under_way is not None and self._under_way[0] == place:
            self._under_way[1].cancel()

    def start(self, on_failure: Callable[[BaseException], None]) -> None:
        """Begin, unless it has begun; a mistake of ours is handed to `on_failure`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(on_failure))

    async def close(self) -> None:
        """Stop, and take a last snapshot of what was folded since, as far as there is time."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        with suppress(TimeoutError, NeighbourAway):
            async with asyncio.timeout(LAST_SECONDS):
                for place in list(self._watched):
                    await self.take(place)

    async def take(self, place: Place) -> Manifest | None:
        """Take a snapshot of one state now, and prune; None when nothing was folded since the last. May be `NeighbourAway`."""
        watched = self._watched.get(place)
        if watched is None:
            return None
        task = asyncio.create_task(self._take(watched))
        self._under_way = (place, task)
        try:
            return await task
        except asyncio.CancelledError:
            # Either whoever waits here was cancelled, or only the snapshot, since its state is closed.
            if asyncio.current_task().cancelling():
                raise
            return None
        finally:
            self._under_way = None

    async def _run(self, on_failure: Callable[[BaseException], None]) -> None:
        try:
            while True:
                await self._take_next()
        except Exception as error:
            on_failure(error)
            raise

    async def _take_next(self) -> None:
        """Wait for the next state that is due, and take its snapshot; rest as long as it took."""
        clock = asyncio.get_running_loop().time
        watched = min(self._watched.values(), key=lambda one: one.due, default=None)
        if watched is None or watched.due > clock():
            await asyncio.sleep(LOOK_SECONDS if watched is None else min(LOOK_SECONDS, watched.due - clock()))
            return
        began = clock()
        try:
            await self.take(watched.place)
        except NeighbourAway as away:
            watched.counts.skipped += 1
            log.warning("snapshots are skipped for %.0f s, folding goes on: %s", self._seconds, away)
            await asyncio.sleep(self._seconds)
        watched.due = max(watched.due, clock() - self._seconds) + self._seconds
        await asyncio.sleep(min(clock() - began, self._seconds))

    async def _take(self, watched: Watched) -> Manifest | None:
        began = time.monotonic()
        if not watched.is_looked_up:
            watched.last = await self._newest(watched)
            watched.is_looked_up = True
        positions, last = watched.positions(), watched.last
        # A state that has folded nothing since is as its last snapshot says, and one that never did is not worth one.
        if not any(positions.values()) or (last and last.positions == positions):
            return None
        # Unlike any other directory: what another snapshot's threads still read is never overwritten.
        directory = watched.state.path.with_name(f"{watched.partition}.snapshot-{os.getpid()}-{time.time_ns()}")
        try:
            manifest = await self._checkpoint(watched, directory)
            sent_bytes = await self._send(manifest, directory, watched)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        watched.last = manifest
        _count(watched.counts, manifest, sent_bytes, time.monotonic() - began)
        await self._prune(watched, manifest.prefix)
        return manifest

    async def _newest(self, watched: Watched) -> Manifest | None:
        """Return the newest snapshot of the same version that a worker before this one took."""
        for key in await manifest_keys(self._objects, snapshots_prefix(self._cluster, *watched.place)):
            with suppress(Unusable):
                manifest = await read_manifest(self._objects, key)
                return manifest if manifest.state_version == watched.agent.state_version else None
        return None

    async def _checkpoint(self, watched: Watched, directory: Path) -> Manifest:
        """Make a checkpoint and return what its manifest will say."""
        # The long part runs beside the event loop; what is committed meanwhile is little, and so is the stall.
        await asyncio.to_thread(watched.state.write_out)
        began = time.monotonic()
        # From here to the next await nothing is committed, so the positions are those in the files.
        positions = watched.positions()
        watched.state.checkpoint(directory)
        watched.counts.stall_seconds = max(watched.counts.stall_seconds, time.monotonic() - began)
        taken_at_ms = time.time_ns() // 1_000_000
        self._at(CrashPoint.AFTER_CHECKPOINT)
        files = await asyncio.to_thread(summed_files, directory, watched.sums)
        return Manifest(
            format=FORMAT,
            cluster=self._cluster,
            agent=watched.agent.name,
            partition=watched.partition,
            state_version=watched.agent.state_version,
            taken_at_ms=taken_at_ms,
            positions=positions,
            files=tuple(files),
        )

    async def _send(self, manifest: Manifest, directory: Path, watched: Watched) -> int:
        """Send the files that are not stored yet, then the manifest; return how many bytes were sent.

        What the last snapshot names is taken to be there, and looked at again before the manifest: another worker that took the
        partition meanwhile may have pruned it.
        """
        known = watched.last
        sizes = {known.file_key(file): file.size_bytes for file in known.files} if known else {}
        sent_bytes = await self._send_files(manifest, directory, absent_files(manifest, sizes))
        there = await held(self._objects, manifest.prefix)
        sent_bytes += await self._send_files(manifest, directory, absent_files(manifest, there.sizes))
        self._at(CrashPoint.MID_SNAPSHOT)
        key, body = encoded(manifest)
        await self._objects.put(SNAPSHOTS, key, body, "application/json")
        self._at(CrashPoint.AFTER_MANIFEST)
        return sent_bytes

    async def _send_files(self, manifest: Manifest, directory: Path, files: Iterable[SnapshotFile]) -> int:
        sent_bytes = 0
        # One after the other: there is no hurry, and the effects of agents want the object store too.
        for file in files:
            await self._objects.put_file(SNAPSHOTS, manifest.file_key(file), directory / file.name)
            sent_bytes += file.size_bytes
        return sent_bytes

    async def _prune(self, watched: Watched, prefix: str) -> None:
        """Delete old snapshots: their manifests, and then the files that no other names."""
        found = await held(self._objects, prefix)
        keys = await manifest_keys(self._objects, prefix)
        watched.manifests = {key: watched.manifests.get(key) or await self._readable(key) for key in keys}
        stored_ms = {file.key: file.modified_ms for file in found.files}
        pruned = plan_pruning(There(stored_ms, watched.manifests, found.now_ms))
        for key in (*pruned.manifests, *pruned.files):
            await self._objects.delete(SNAPSHOTS, key)

    async def _readable(self, key: str) -> Manifest | None:
        with suppress(Unusable):
            return await read_manifest(self._objects, key)
        return None


def summed_files(directory: Path, known: dict[tuple[str, int, int], str]) -> list[SnapshotFile]:
    """Return the files of a checkpoint with their sha256; those of tables never change, are read once, and `known` after."""
    files, seen = [], {}
    for path in sorted(directory.iterdir()):
        found = path.stat()
        same = (path.name, found.st_ino, found.st_size)
        summed = known.get(same) if path.suffix == ".sst" else None
        if summed is None:
            with path.open("rb") as file:
                summed = hashlib.file_digest(file, "sha256").hexdigest()
        if path.suffix == ".sst":
            seen[same] = summed
        files.append(SnapshotFile(path.name, found.st_size, summed))
    known.clear()
    known.update(seen)
    return files


def _count(counts: SnapshotCounts, manifest: Manifest, sent_bytes: int, seconds: float) -> None:
    counts.taken += 1
    counts.sent_bytes += sent_bytes
    counts.seconds += seconds
    counts.taken_at_ms = manifest.taken_at_ms
    counts.size_bytes = manifest.size_bytes
    of = f"{size_in_words(sent_bytes)} of {size_in_words(manifest.size_bytes)}"
    log.debug("%s/%d: snapshot at %s, %s sent in %.1f s", manifest.agent, manifest.partition, manifest.stands_at, of, seconds)
