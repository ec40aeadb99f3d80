"""Brings a state back from its newest good snapshot, when a worker gets a partition that it has no state for.

Each file is checked against its sha256 while it is fetched, beside the place where the state belongs, and moved there when all
of it is right. A snapshot that is damaged is refused, which is said, and the one before it is used; without any, from zero.
"""

import asyncio
import logging
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from schemas.crash_points import CrashPoint, Hook, pass_by
from schemas.object_keys import SNAPSHOTS, snapshots_prefix
from streams.fold import Agent, NeighbourAway
from streams.ledger import Ledger
from streams.objects import ObjectMissing, Objects
from streams.overlay import RUNTIME_PREFIX
from streams.ruined import StateDamaged, was_set_aside
from streams.snapshot_reading import manifest_keys, read_manifest
from streams.snapshots import Manifest, SnapshotFile, Unusable, behind, check_usable, size_in_words
from streams.state import MIB, Budget, StateStore
from streams.surroundings import Patience

log = logging.getLogger("darkroom.snapshots")

# Files that are fetched at once: two cores check no more.
FETCHED_AT_ONCE = 4
TOLD_SECONDS = 2.0


class Restored(NamedTuple):
    """A state that was brought back into a directory beside its place."""

    manifest: Manifest
    directory: Path


@dataclass
class RestoreCounts:
    """What one worker brought back, for metrics."""

    restores: int = 0
    refused: int = 0
    fetched_bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Restoring:
    """Where snapshots are, and where the log ends: `ends(partition, topics)` gives the next offset by topic."""

    objects: Objects
    cluster: str
    ends: Callable[[int, Iterable[str]], Awaitable[Mapping[str, int]]]
    patience: Patience = field(default_factory=Patience)
    at: Hook = pass_by
    counts: RestoreCounts = field(default_factory=RestoreCounts)

    async def fetch_newest(self, agent: Agent, partition: int, place: Path) -> Restored | None:
        """Fetch the newest good snapshot of a state into `<place>.restoring`; None when there is none, and the log says why.

        Raises `NeighbourAway` when the object store or Kafka stays away: a fold from zero, unasked for, could take days.
        """
        prefix = snapshots_prefix(self.cluster, agent.name, partition)
        keys = await self._patiently(lambda: manifest_keys(self.objects, prefix))
        if not keys:
            return None
        ends = await self._patiently(lambda: self.ends(partition, agent.sources))
        for key in keys:
            try:
                return await self._fetch(agent, key, ends, place)
            except Unusable as reason:
                self.counts.refused += 1
                log.warning("%s/%d: snapshot %s is refused: %s; trying the one before it", agent.name, partition, key, reason)
        log.warning("%s/%d: none of %d snapshots can be used; folding from zero", agent.name, partition, len(keys))
        return None

    async def _fetch(self, agent: Agent, key: str, ends: Mapping[str, int], place: Path) -> Restored:
        began = time.monotonic()
        manifest = await self._patiently(lambda: read_manifest(self.objects, key))
        check_usable(manifest, agent.state_version, ends)
        directory = place.with_name(f"{place.name}.restoring")
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        try:
            await self._fetch_files(manifest, directory)
            await asyncio.to_thread(verify_state, manifest, directory)
            if was_set_aside(place):
                # Whoever took it may have sent a file that was damaged already, under its right checksum.
                await asyncio.to_thread(read_through, directory)
        except Unusable:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        seconds = time.monotonic() - began
        self.counts.restores += 1
        self.counts.fetched_bytes += manifest.size_bytes
        self.counts.seconds += seconds
        log.info("%s", in_words(manifest, behind(manifest, ends), seconds))
        return Restored(manifest, directory)

    async def _fetch_files(self, manifest: Manifest, directory: Path) -> None:
        """Fetch and check all files; the first that is wrong ends it."""
        limit = asyncio.Semaphore(FETCHED_AT_ONCE)
        progress = Progress(f"{manifest.agent}/{manifest.partition}", manifest.size_bytes)

        async def fetch(file: SnapshotFile) -> None:
            async with limit:
                await self._fetch_file(manifest, file, directory / file.name)
                progress.done_bytes += file.size_bytes
                self.at(CrashPoint.MID_RESTORE)

        telling = asyncio.create_task(progress.tell())
        tasks = [asyncio.create_task(fetch(file)) for file in manifest.files]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in (telling, *tasks):
                task.cancel()
            await asyncio.wait((telling, *tasks))

    async def _fetch_file(self, manifest: Manifest, file: SnapshotFile, path: Path) -> None:
        try:
            summed = await self._patiently(lambda: self.objects.get_file(SNAPSHOTS, manifest.file_key(file), path))
        except ObjectMissing as missing:
            raise Unusable(f"its file {file.name} is gone ({missing})") from missing
        if summed != file.sha256:
            raise Unusable(f"the checksum of its file {file.name} is wrong: {summed[:12]}..., wanted {file.sha256[:12]}...")

    async def _patiently(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        for pause in self.patience.pauses_seconds:
            with suppress(NeighbourAway):
                return await attempt()
            await asyncio.sleep(pause)
        return await attempt()


@dataclass
class Progress:
    """Tells how a restore goes on, from the second second on."""

    name: str
    total_bytes: int
    done_bytes: int = 0

    async def tell(self) -> None:
        """Say every two seconds what is done of what, how fast, and how long it will take."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(TOLD_SECONDS)
            log.info("%s", self.in_words(time.monotonic() - began))

    def in_words(self, seconds: float) -> str:
        """Return what would be told after so many seconds."""
        rate = self.done_bytes / seconds
        left = f"{(self.total_bytes - self.done_bytes) / rate:.0f} s left" if rate else "no end in sight yet"
        done = f"{size_in_words(self.done_bytes)} of {size_in_words(self.total_bytes)}"
        return f"{self.name}: restoring, {done}, {size_in_words(int(rate))}/s, {left}"


def verify_state(manifest: Manifest, directory: Path) -> None:
    """Raise `Unusable` unless the files open as a state that stands where the manifest says; blocks."""
    try:
        state = StateStore.open(directory, Budget(8 * MIB, 8 * MIB))
        try:
            positions = Ledger(state).positions(manifest.positions)
        finally:
            state.close()
    except StateDamaged as damaged:
        raise Unusable(f"its files do not make a state: {damaged}") from damaged
    if positions != manifest.positions:
        raise Unusable(f"its state stands at {positions}, and its manifest says {manifest.positions}")


def read_through(directory: Path) -> None:
    """Raise `Unusable` unless every block of a state can be read; blocks."""
    try:
        state = StateStore.open(directory, Budget(8 * MIB, 8 * MIB))
        try:
            for prefix in (RUNTIME_PREFIX, b""):
                deque(state.scan(prefix), maxlen=0)
        finally:
            state.close()
    except StateDamaged as damaged:
        raise Unusable(f"its files were damaged when it was taken: {damaged}") from damaged


def in_words(manifest: Manifest, records_behind: int, seconds: float) -> str:
    """Return what is said of a restore that is done."""
    size = f"{len(manifest.files)} files, {size_in_words(manifest.size_bytes)} in {seconds:.1f} s"
    return (
        f"{manifest.agent}/{manifest.partition}: restored from snapshot of {manifest.taken_at} at {manifest.stands_at}, "
        f"{records_behind:,} records behind ({size})"
    )
