"""Snapshots taken of real states, and brought back, over memory and the real object store alike."""

import asyncio
import logging
import re
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from schemas.crash_points import CrashPoint
from schemas.object_keys import SNAPSHOTS, snapshots_prefix
from streams.fold import Agent, NeighbourAway
from streams.ledger import Ledger
from streams.memory_objects import MemoryObjects
from streams.objects import Objects
from streams.restoring import Restoring
from streams.snapshot_reading import held, read_manifest
from streams.snapshots import KEPT, Manifest, encoded
from streams.snapshotting import Snapshots
from streams.state import Budget, StateStore
from streams.surroundings import Patience
from tests.contracts.object_stores import STORES, opener

AGENT = Agent("count", "test", ("likes",))
PARTITION = 3
MIB = 1 << 20


class Died(BaseException):
    """What a hook raises in place of a kill."""


@dataclass
class Kept:
    """A state on disk, the object store, and who takes and restores snapshots of it."""

    objects: Objects
    directory: Path
    cluster: str = field(default_factory=lambda: uuid.uuid4().hex)
    end: int = 1_000_000
    dies_at: CrashPoint | None = None

    def __post_init__(self) -> None:
        self.state = StateStore.open(self.directory / "live" / str(PARTITION), Budget(MIB, MIB))
        self.snapshots = self.taker()

    @property
    def prefix(self) -> str:
        return snapshots_prefix(self.cluster, AGENT.name, PARTITION)

    @property
    def place(self) -> Path:
        """Where a restored state would go."""
        return self.directory / "restored" / str(PARTITION)

    def at(self, point: CrashPoint) -> None:
        if point is self.dies_at:
            raise Died

    def taker(self) -> Snapshots:
        snapshots = Snapshots(self.objects, self.cluster, 3600.0, self.at)
        snapshots.watch(AGENT, PARTITION, self.state)
        return snapshots

    def restoring(self) -> Restoring:
        async def ends(partition, topics):
            return dict.fromkeys(topics, self.end)

        return Restoring(self.objects, self.cluster, ends, Patience(pauses_seconds=(0.0,)), self.at)

    def fold(self, position: int, keys: int = 100) -> None:
        """Commit some keys with a position."""
        self.state.put_many((b"k%06d/%d" % (n, position), b"%d" % position) for n in range(keys))
        Ledger(self.state).set_position("likes", position)
        self.state.commit()

    async def taken(self, position: int) -> Manifest:
        self.fold(position)
        manifest = await self.snapshots.take((AGENT.name, PARTITION))
        assert manifest.positions == {"likes": position}
        return manifest

    async def fetched(self, agent: Agent = AGENT) -> tuple[int, dict[bytes, bytes]] | None:
        """Restore, and return the position and the keys of what came back."""
        self.place.parent.mkdir(parents=True, exist_ok=True)
        restored = await self.restoring().fetch_newest(agent, PARTITION, self.place)
        if restored is None:
            return None
        state = StateStore.open(restored.directory, Budget(MIB, MIB))
        try:
            return Ledger(state).position("likes"), dict(state.scan(b""))
        finally:
            state.close()

    async def stored(self) -> tuple[list[str], set[str]]:
        """Return the keys of manifests and files that are stored."""
        found = await held(self.objects, self.prefix)
        return found.manifests, set(found.sizes)

    async def clean(self) -> None:
        self.state.close()
        for one in await self.objects.listing(SNAPSHOTS, f"{self.cluster}/"):
            await self.objects.delete(SNAPSHOTS, one.key)
        await self.objects.close()


@pytest.fixture(params=STORES)
def run(request, tmp_path):
    """Return what runs a story, a coroutine function of a `Kept`, over a store."""
    open_store = opener(request.param)

    def ran(story):
        async def told():
            kept = Kept(open_store(), tmp_path)
            try:
                return await story(kept)
            finally:
                await kept.clean()

        return asyncio.run(told())

    return ran


def test_what_was_snapshotted_comes_back_with_its_position(run):
    async def story(kept):
        await kept.taken(100)
        items = dict(kept.state.scan(b""))
        kept.fold(200)
        assert await kept.fetched() == (100, items)

    run(story)


def test_changes_that_are_not_committed_are_in_no_snapshot(run):
    """Kills: positions or keys read from the batch that is being folded."""

    async def story(kept):
        kept.fold(100)
        kept.state.put(b"uncommitted", b"1")
        Ledger(kept.state).set_position("likes", 101)
        manifest = await kept.snapshots.take((AGENT.name, PARTITION))
        assert manifest.positions == {"likes": 100}
        position, items = await kept.fetched()
        assert (position, b"uncommitted" in items) == (100, False)

    run(story)


def test_a_file_is_sent_once_and_nothing_at_all_when_nothing_was_folded(run):
    async def story(kept):
        first = await kept.taken(100)
        assert await kept.snapshots.take((AGENT.name, PARTITION)) is None
        second = await kept.taken(200)
        tables = {file for file in first.files if file.name.endswith(".sst")}
        assert tables
        assert tables <= set(second.files)
        counts = kept.snapshots.counts[AGENT.name, PARTITION]
        new = {file.sha256: file.size_bytes for file in second.files if file.sha256 not in {one.sha256 for one in first.files}}
        assert counts.sent_bytes == sum({file.sha256: file.size_bytes for file in first.files}.values()) + sum(new.values())
        assert sum(new.values()) < second.size_bytes

    run(story)


def test_a_worker_that_starts_again_sends_only_what_is_new(run):
    async def story(kept):
        await kept.taken(100)
        kept.snapshots = kept.taker()
        assert await kept.snapshots.take((AGENT.name, PARTITION)) is None
        second = await kept.taken(200)
        assert 0 < kept.snapshots.counts[AGENT.name, PARTITION].sent_bytes < second.size_bytes

    run(story)


def test_a_state_that_never_folded_is_not_snapshotted(run):
    async def story(kept):
        assert await kept.snapshots.take((AGENT.name, PARTITION)) is None
        assert await kept.stored() == ([], set())
        assert await kept.fetched() is None

    run(story)


@pytest.mark.parametrize("point", [CrashPoint.AFTER_CHECKPOINT, CrashPoint.MID_SNAPSHOT, CrashPoint.AFTER_MANIFEST])
def test_whoever_dies_in_a_snapshot_leaves_the_one_before_it_or_a_whole_one(run, point):
    """Kills: the manifest before its files."""

    async def story(kept):
        await kept.taken(100)
        kept.dies_at = point
        with pytest.raises(Died):
            await kept.taken(200)
        expected = 200 if point is CrashPoint.AFTER_MANIFEST else 100
        assert (await kept.fetched())[0] == expected
        kept.dies_at = None
        kept.snapshots = kept.taker()
        await kept.taken(300)
        assert (await kept.fetched())[0] == 300
        assert not list(kept.state.path.parent.glob("*.snapshot-*"))

    run(story)


def test_a_restore_that_died_begins_anew(run):
    async def story(kept):
        await kept.taken(100)
        kept.dies_at = CrashPoint.MID_RESTORE
        with pytest.raises(Died):
            await kept.fetched()
        assert not kept.place.exists()
        kept.dies_at = None
        (kept.place.with_name(f"{PARTITION}.restoring") / "000099.sst").write_bytes(b"left behind")
        assert (await kept.fetched())[0] == 100
        assert not (kept.place.with_name(f"{PARTITION}.restoring") / "000099.sst").exists()

    run(story)


async def own_table(kept, manifest):
    """Return a table that only the newest snapshot has."""
    older = await read_manifest(kept.objects, (await kept.stored())[0][1])
    known = {file.sha256 for file in older.files}
    return next(file for file in manifest.files if file.name.endswith(".sst") and file.sha256 not in known)


async def spoil_table(kept, manifest):
    """Change one byte of a table, its size the same."""
    file = await own_table(kept, manifest)
    body = bytearray(await kept.objects.get(SNAPSHOTS, manifest.file_key(file)))
    body[len(body) // 2] ^= 1
    await kept.objects.put(SNAPSHOTS, manifest.file_key(file), bytes(body), "application/octet-stream")
    return "the checksum of its file .* is wrong"


async def lose_file(kept, manifest):
    """Lose a table."""
    await kept.objects.delete(SNAPSHOTS, manifest.file_key(await own_table(kept, manifest)))
    return "its file .* is gone"


async def spoil_manifest(kept, manifest):
    """Let the manifest say another position."""
    key, body = encoded(manifest)
    await kept.objects.put(SNAPSHOTS, key, body.replace(b'"likes":200', b'"likes":201'), "application/json")
    return "the checksum of its manifest is wrong"


async def claim_too_much(kept, manifest):
    """Write a manifest, whole in itself, that says another position than its files hold."""
    key, body = encoded(msgspec.structs.replace(manifest, positions={"likes": 201}, taken_at_ms=manifest.taken_at_ms + 1))
    await kept.objects.put(SNAPSHOTS, key, body, "application/json")
    await kept.objects.delete(SNAPSHOTS, encoded(manifest)[0])
    return "its state stands at .*200.*, and its manifest says .*201"


async def shorten_the_log(kept, manifest):
    """Let the log end before the newest snapshot."""
    kept.end = 150
    return r"likes\[3\]@200, beyond the end of the log at 150"


@pytest.mark.parametrize("damage", [spoil_table, lose_file, spoil_manifest, claim_too_much, shorten_the_log])
def test_a_damaged_snapshot_is_refused_with_its_reason_and_the_one_before_it_is_used(run, damage, caplog):
    """Kills: a checksum that is not compared, a restore that stops at the first snapshot that is no good."""

    async def story(kept):
        await kept.taken(100)
        manifest = await kept.taken(200)
        reason = await damage(kept, manifest)
        with caplog.at_level(logging.INFO, "darkroom.snapshots"):
            assert (await kept.fetched())[0] == 100
        refused = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert len(refused) == 1
        assert re.search(f"count/3: snapshot .* is refused: .*{reason}.*trying the one before it", refused[0].getMessage())

    run(story)


def test_it_is_said_where_a_state_was_restored_and_how_far_behind(run, caplog):
    async def story(kept):
        manifest = await kept.taken(123_456)
        kept.end = 124_690
        with caplog.at_level(logging.INFO, "darkroom.snapshots"):
            await kept.fetched()
        assert (
            f"count/3: restored from snapshot of {manifest.taken_at} at likes[3]@123,456, 1,234 records behind "
            f"({len(manifest.files)} files, "
        ) in caplog.text

    run(story)


def test_when_no_snapshot_is_good_it_is_begun_from_zero_and_said(run, caplog):
    async def story(kept):
        await kept.taken(100)
        newer = replace(AGENT, state_version=2)
        assert await kept.fetched(newer) is None
        assert "its state has version 1, wanted 2" in caplog.text
        assert "none of 1 snapshots can be used; folding from zero" in caplog.text

    run(story)


def test_old_snapshots_are_pruned_and_what_is_left_is_whole(run):
    """Kills: the file of an older snapshot pruned while a newer one names it."""

    async def story(kept):
        manifests = [await kept.taken(position) for position in range(100, 600, 100)]
        keys, files = await kept.stored()
        assert keys == [encoded(one)[0] for one in reversed(manifests[-KEPT:])]
        assert files == {one.file_key(file) for one in manifests[-KEPT:] for file in one.files}
        for key in keys[:-1]:
            await kept.objects.delete(SNAPSHOTS, key)
        assert (await kept.fetched())[0] == 300

    run(story)


def test_files_of_a_snapshot_under_way_elsewhere_are_not_pruned(run):
    """Kills: everything pruned that no manifest names."""

    async def story(kept):
        under_way = f"{kept.prefix}files/{'0' * 64}"
        await kept.objects.put(SNAPSHOTS, under_way, b"being sent", "application/octet-stream")
        for position in range(100, 600, 100):
            await kept.taken(position)
        assert under_way in (await kept.stored())[1]

    run(story)


def test_a_file_that_another_worker_pruned_meanwhile_is_sent_again(run):
    """Kills: what was sent once is taken to be there for ever."""

    async def story(kept):
        first = await kept.taken(100)
        for file in first.files:
            await kept.objects.delete(SNAPSHOTS, first.file_key(file))
        await kept.taken(200)
        assert (await kept.fetched())[0] == 200

    run(story)


class Away(MemoryObjects):
    """A store that stops answering."""

    is_away = False

    async def listing(self, bucket, prefix):
        if self.is_away:
            raise NeighbourAway("the object store is away")
        return await super().listing(bucket, prefix)


def test_a_store_that_stays_away_during_a_restore_is_raised(tmp_path):
    async def story():
        kept = Kept(Away(), tmp_path)
        await kept.taken(100)
        kept.objects.is_away = True
        with pytest.raises(NeighbourAway, match="the object store is away"):
            await kept.fetched()
        kept.objects.is_away = False
        await kept.clean()

    asyncio.run(story())


def test_a_snapshot_whose_state_is_closed_meanwhile_is_dropped(tmp_path):
    class Slow(MemoryObjects):
        async def put_file(self, bucket, key, path):
            started.set()
            await asyncio.Event().wait()

    async def story():
        kept = Kept(Slow(), tmp_path)
        kept.fold(100)
        taking = asyncio.create_task(kept.snapshots.take((AGENT.name, PARTITION)))
        await started.wait()
        kept.snapshots.forget((AGENT.name, PARTITION))
        kept.state.close()
        assert await taking is None
        assert not list((tmp_path / "live").glob("*.snapshot-*"))
        kept.state = StateStore.open(kept.state.path, Budget(MIB, MIB))
        await kept.clean()

    started = asyncio.Event()
    asyncio.run(story())


def test_a_state_may_be_closed_while_another_thread_writes_it_out(tmp_path):
    """Kills: a worker that dies of its driver when a partition is taken away in the middle of a snapshot."""

    async def story():
        for _ in range(5):
            state = StateStore.open(tmp_path / "state", Budget(64 * MIB, 64 * MIB))
            state.put_many((b"%d" % n, b"v" * 64) for n in range(50_000))
            state.commit()
            writing = asyncio.create_task(asyncio.to_thread(state.write_out))
            await asyncio.sleep(0)
            state.close()
            await writing

    asyncio.run(story())
