"""What a worker does about snapshots when it opens, folds, loses and closes partitions."""

import asyncio
import logging
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from schemas.object_keys import SNAPSHOTS
from streams import snapshotting
from streams.decoding import BatchDecoder
from streams.fold import NeighbourAway
from streams.holding import Delivered, Holding
from streams.ledger import Ledger
from streams.memory_objects import MemoryObjects
from streams.metrics import SnapshotCollector
from streams.restoring import Progress, Restoring
from streams.safekeeping import Safekeeping
from streams.snapshotting import Snapshots
from streams.state import Budget, StateStore
from streams.surroundings import Patience, Surroundings
from tests.specs.batches_made import COUNT, PARTITION, World, like

ASSIGNED = [("likes", PARTITION)]
PLACE = ("count", PARTITION)


class Store(MemoryObjects):
    """The object store in memory; away while it is told so."""

    is_away = False

    async def listing(self, bucket, prefix):
        if self.is_away:
            raise NeighbourAway("the object store is away")
        return await super().listing(bucket, prefix)


class Cluster:
    """A log, an object store, and workers on machines of their own."""

    def __init__(self, tmp_path) -> None:
        self.world = World()
        self.objects = Store()
        self.failures: list[BaseException] = []
        self._tmp_path = tmp_path

    def worker(self, machine: str, agent=COUNT, seconds: float = 3600.0) -> Holding:
        log = self.world.log

        async def ends(partition, topics):
            return {topic: log.end(topic, partition) for topic in topics}

        patience = Patience(pauses_seconds=(0.0,))
        around = Surroundings(
            decoder=BatchDecoder(log.codec.decoder), sink=self.world.sink, log=log, claim=log.claim,
            ends=lambda topic, partition: (log.end(topic, partition), 0), patience=patience,
        )  # fmt: skip
        self.snapshots = Snapshots(self.objects, "cluster", seconds)
        return Holding(
            (agent,),
            self._tmp_path / machine,
            around,
            3600.0,
            self.failures.append,
            Budget(1 << 20, 1 << 20),
            restoring=Restoring(self.objects, "cluster", ends, patience),
            snapshots=self.snapshots,
        )

    async def folded(self, holding: Holding, records: int) -> None:
        """Append so many likes, and wait until all that the state has not seen is folded."""
        end = self.world.log.end("likes", PARTITION)
        for n in range(end, end + records):
            self.world.log.put(like(n))
        done, position = asyncio.Event(), holding.loops[PLACE].position("likes")
        waiting = self.world.log.read("likes", PARTITION, position)
        holding.deliver("count", PARTITION, Delivered("likes", waiting, position, done.set))
        async with asyncio.timeout(10):
            await done.wait()


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # any condition, polled with a deadline
            await asyncio.sleep(0.001)


def test_a_new_machine_starts_from_the_last_snapshot_and_folds_the_tail(tmp_path):
    async def story():
        cluster = Cluster(tmp_path)
        first = cluster.worker("first")
        await first.open(ASSIGNED)
        await cluster.folded(first, 3)
        await first.close()  # takes a last snapshot
        again = cluster.worker("first")
        await again.open(ASSIGNED)
        await cluster.folded(again, 2)
        cluster.objects.is_away = True
        await again.close()
        cluster.objects.is_away = False
        second = cluster.worker("second")
        assert await second.open(ASSIGNED) == {("likes", PARTITION): 3}
        await cluster.folded(second, 1)
        assert second.loops[PLACE].position("likes") == 6
        await second.close()
        return cluster.world.sink.rows["counters"][-1][1]

    assert asyncio.run(story()) == 6


def test_a_state_that_is_there_is_not_replaced_by_a_snapshot(tmp_path):
    """Kills: a restore over what a machine still has."""

    async def story():
        cluster = Cluster(tmp_path)
        holding = cluster.worker("first")
        await holding.open(ASSIGNED)
        await cluster.folded(holding, 3)
        await cluster.snapshots.take(PLACE)
        cluster.objects.is_away = True
        await cluster.folded(holding, 2)
        await holding.close()
        again = cluster.worker("first")
        positions = await again.open(ASSIGNED)
        await again.close()
        return positions["likes", PARTITION]

    assert asyncio.run(story()) == 5


def test_a_state_of_another_version_is_wiped_and_comes_back_only_from_a_snapshot_of_its_own(tmp_path, caplog):
    async def story():
        cluster = Cluster(tmp_path)
        old = cluster.worker("machine")
        await old.open(ASSIGNED)
        await cluster.folded(old, 3)
        await old.close()
        newer = replace(COUNT, state_version=2)
        new = cluster.worker("machine", newer)
        assert await new.open(ASSIGNED) == {("likes", PARTITION): 0}
        assert "count/1: the state has version 1, wanted 2: wiped" in caplog.text
        await cluster.folded(new, 1)
        assert new.loops[PLACE].position("likes") == 4
        await new.close()
        elsewhere = cluster.worker("elsewhere", newer)
        assert await elsewhere.open(ASSIGNED) == {("likes", PARTITION): 4}
        await elsewhere.close()

    asyncio.run(story())


def test_a_state_from_before_versions_were_noted_is_of_the_first(tmp_path):
    async def story():
        path = tmp_path / "machine" / "count" / str(PARTITION)
        state = StateStore.open(path, Budget(1 << 20, 1 << 20))
        Ledger(state).set_position("likes", 0)
        Ledger(state).set_position("likes", 7)
        state.commit()
        state.close()
        holding = Cluster(tmp_path).worker("machine")
        positions = await holding.open(ASSIGNED)
        await holding.close()
        return positions

    assert asyncio.run(story()) == {("likes", PARTITION): 7}


def test_without_an_object_store_an_empty_state_is_not_begun_from_zero_in_silence(tmp_path):
    async def story():
        cluster = Cluster(tmp_path)
        cluster.objects.is_away = True
        await cluster.worker("machine").open(ASSIGNED)

    with pytest.raises(NeighbourAway, match="the object store is away"):
        asyncio.run(story())


def test_folding_goes_on_while_the_object_store_is_away_and_snapshots_follow_later(tmp_path, caplog, monkeypatch):
    """Kills: a worker that ends, or stands still, because its snapshots cannot be stored."""
    monkeypatch.setattr(snapshotting, "LOOK_SECONDS", 0.01)

    async def story():
        cluster = Cluster(tmp_path)
        holding = cluster.worker("machine", seconds=0.05)
        await holding.open(ASSIGNED)
        cluster.objects.is_away = True
        await cluster.folded(holding, 3)
        await until(lambda: cluster.snapshots.counts[PLACE].skipped >= 2)
        await cluster.folded(holding, 3)
        cluster.objects.is_away = False
        await until(lambda: cluster.snapshots.counts[PLACE].taken)
        await holding.close()
        assert cluster.failures == []
        assert "snapshots are skipped" in caplog.text
        assert "folding goes on: the object store is away" in caplog.text
        manifests = [one for one in await cluster.objects.listing(SNAPSHOTS, "") if "/manifests/" in one.key]
        return len(manifests)

    with caplog.at_level(logging.WARNING, "darkroom.snapshots"):
        assert asyncio.run(story()) >= 1


def test_a_partition_that_is_taken_away_in_the_middle_of_a_snapshot_is_let_go_at_once(tmp_path):
    async def story():
        cluster = Cluster(tmp_path)
        holding = cluster.worker("machine")
        await holding.open(ASSIGNED)
        await cluster.folded(holding, 3)
        stuck = asyncio.Event()

        async def never(*_):
            stuck.set()
            await asyncio.Event().wait()

        cluster.objects.put_file = never
        taking = asyncio.create_task(cluster.snapshots.take(PLACE))
        await stuck.wait()
        await holding.open([])
        other = cluster.worker("machine")
        positions = await other.open(ASSIGNED)
        assert await taking is None
        await other.close()
        await holding.close()
        return positions, list(tmp_path.glob("*/*/*.snapshot-*"))

    assert asyncio.run(story()) == ({("likes", PARTITION): 3}, [])


def test_what_a_dead_worker_left_of_snapshots_and_restores_is_deleted(tmp_path):
    async def story():
        beside = tmp_path / "machine" / "count"
        for left in (f"{PARTITION}.snapshot-77-1", f"{PARTITION}.restoring", "2.snapshot-77-1"):
            (beside / left).mkdir(parents=True)
            (beside / left / "CURRENT").write_bytes(b"")
        holding = Cluster(tmp_path).worker("machine")
        await holding.open(ASSIGNED)
        await holding.close()
        return sorted(path.name for path in beside.iterdir())

    # What lies beside another partition belongs to whoever holds that.
    assert asyncio.run(story()) == ["1", "1.lock", "2.snapshot-77-1"]


def test_what_was_kept_and_brought_back_is_told_to_prometheus(tmp_path):
    async def story():
        cluster = Cluster(tmp_path)
        first = cluster.worker("first")
        await first.open(ASSIGNED)
        await cluster.folded(first, 3)
        await cluster.snapshots.take(PLACE)
        told = metrics(first)
        await first.close()
        second = cluster.worker("second")
        await second.open(ASSIGNED)
        told |= {f"second {name}": value for (name, _), value in metrics(second).items()}
        await second.close()
        return told

    told = asyncio.run(story())
    place = ("agent", "count"), ("partition", str(PARTITION))
    assert told["darkroom_snapshot_taken_total", place] == 1
    assert told["darkroom_snapshot_sent_bytes_total", place] > 0
    assert told["darkroom_snapshot_size_bytes", place] > 0
    assert 0 <= told["darkroom_snapshot_age_seconds", place] < 60
    assert told["darkroom_snapshot_stall_seconds", ()] > 0
    assert told["second darkroom_restore_restores_total"] == 1
    assert told["second darkroom_restore_refused_total"] == 0


def metrics(holding: Holding) -> dict:
    """Return the samples that a worker with this holding would tell, by name and labels."""
    keeping = Safekeeping(MemoryObjects(), holding._restoring, holding._snapshots)
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: keeping))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


def test_a_restore_tells_what_is_done_of_what_how_fast_and_how_long_it_will_take():
    progress = Progress("likes/3", 120_000_000, 45_000_000)
    assert progress.in_words(3.0) == "likes/3: restoring, 45.0 MB of 120.0 MB, 15.0 MB/s, 5 s left"
    assert Progress("likes/3", 120_000_000).in_words(2.0).endswith("no end in sight yet")
