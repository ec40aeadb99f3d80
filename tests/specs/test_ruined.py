"""A state whose files are missing or damaged is set aside, when it is opened or when somebody finds out, and begun anew."""

import asyncio

import pytest

from streams.fold import NeighbourAway
from streams.ruined import StateDamaged, StateRuined, set_aside
from streams.state import Budget, StateStore
from tests.specs.batches_made import PARTITION, like
from tests.specs.test_holding import Held
from tests.specs.test_holding_snapshots import ASSIGNED, PLACE, Cluster


def test_a_state_that_is_damaged_is_set_aside_said_and_restored(tmp_path, caplog):
    """Kills: a worker that ends again and again over a state that nobody can open."""

    async def story():
        cluster = Cluster(tmp_path)
        first = cluster.worker("machine")
        await first.open(ASSIGNED)
        await cluster.folded(first, 3)
        await first.close()  # takes a last snapshot
        place = tmp_path / "machine" / "count" / str(PARTITION)
        for manifest in place.glob("MANIFEST-*"):
            manifest.write_bytes(b"not what was written")
        again = cluster.worker("machine")
        positions = await again.open(ASSIGNED)
        await cluster.folded(again, 1)
        await again.close()
        return positions, cluster.world.sink.rows["counters"][-1][1], place.with_name(f"{PARTITION}.damaged-1").is_dir()

    assert asyncio.run(story()) == ({("likes", PARTITION): 3}, 4, True)
    assert "it is set aside as" in caplog.text


def damage_a_block(place) -> None:
    """Spoil what stands first in the largest file: the database opens, since what it reads then stands last."""
    largest = max(place.glob("*.sst"), key=lambda file: file.stat().st_size)
    with largest.open("r+b") as file:
        file.write(b"\x55" * 20)


def test_a_block_that_is_found_damaged_ends_the_worker_once_and_the_next_start_begins_anew(tmp_path, caplog):
    """Kills: a worker that opens the same damaged file again and again."""

    async def story():
        cluster = Cluster(tmp_path)
        first = cluster.worker("machine")
        await first.open(ASSIGNED)
        await cluster.folded(first, 3)
        await first.close()  # takes a last snapshot
        place = tmp_path / "machine" / "count" / str(PARTITION)
        damage_a_block(place)
        with pytest.raises(StateRuined, match=r"count/1 is damaged: Corruption.*the next start sets it aside"):
            await cluster.worker("machine").open(ASSIGNED)
        again = cluster.worker("machine")
        positions = await again.open(ASSIGNED)
        await cluster.folded(again, 1)
        await again.close()
        return positions, cluster.world.sink.rows["counters"][-1][1], place.with_name(f"{PARTITION}.damaged-1").is_dir()

    assert asyncio.run(story()) == ({("likes", PARTITION): 3}, 4, True)
    assert "was found damaged: Corruption" in caplog.text


def test_a_snapshot_of_a_state_that_was_damaged_already_is_not_restored_over_and_over(tmp_path, caplog):
    """Kills: a restore of the very damage that a state was set aside for."""

    async def story():
        cluster = Cluster(tmp_path)
        first = cluster.worker("machine")
        await first.open(ASSIGNED)
        await cluster.folded(first, 3)
        await first.close()  # takes a good snapshot
        second = cluster.worker("machine")
        await second.open(ASSIGNED)
        await cluster.folded(second, 1)
        damage_a_block(tmp_path / "machine" / "count" / str(PARTITION))
        await second.close()  # takes one with the damage, which nobody has met
        with pytest.raises(StateRuined):
            await cluster.worker("machine").open(ASSIGNED)
        third = cluster.worker("machine")
        positions = await third.open(ASSIGNED)
        await cluster.folded(third, 1)
        await third.close()
        return positions["likes", PARTITION], cluster.world.sink.rows["counters"][-1][1]

    assert asyncio.run(story()) == (3, 5)
    assert "its files were damaged when it was taken" in caplog.text


def of_many_keys(path) -> StateStore:
    state = StateStore.open(path, Budget(1 << 20, 1 << 20))
    state.put_many((b"n%06d" % n, b"%d" % n) for n in range(1_000))
    state.commit()
    state.close()
    return StateStore.open(path, Budget(1 << 20, 1 << 20))


@pytest.mark.parametrize(
    "read",
    [
        lambda state: state.get(b"n%06d" % 1),
        lambda state: state.get_many([b"n%06d" % n for n in range(1_000)]),
        lambda state: list(state.scan(b"")),
        lambda state: list(state.scan(b"n", after=b"n%06d" % 1)),
    ],
    ids=["one", "many", "all", "some"],
)
def test_whoever_reads_a_damaged_block_hears_of_it_and_nobody_opens_that_state_again(tmp_path, read):
    """Kills: a scan that ends at a damaged block as if nothing came after it, so that half a state is printed as whole."""
    of_many_keys(tmp_path / "3").close()
    damage_a_block(tmp_path / "3")
    state = StateStore.open(tmp_path / "3", Budget(1 << 20, 1 << 20))
    with pytest.raises(StateRuined, match="is damaged: Corruption"):
        read(state)
    state.close()
    with pytest.raises(StateRuined, match="was found damaged: Corruption"):
        StateStore.open(tmp_path / "3", Budget(1 << 20, 1 << 20))


def test_a_write_that_hears_of_a_damaged_file_marks_the_state(tmp_path):
    """RocksDB refuses writes from when it finds damage while it merges files."""

    class Merging:
        def write(self, batch) -> None:
            raise Exception("Corruption: block checksum mismatch: stored = 1, computed = 2")  # rocksdict raises just this

    state = of_many_keys(tmp_path / "3")
    database, state._table._db = state._table._db, Merging()
    state.put(b"n", b"1")
    with pytest.raises(StateRuined):
        state.commit()
    database.close()
    with pytest.raises(StateRuined, match="was found damaged"):
        StateStore.open(tmp_path / "3", Budget(1 << 20, 1 << 20))


def test_the_newest_damaged_state_of_a_place_is_kept_and_no_other(tmp_path):
    """Kills: a bad disk that fills itself with damaged states."""
    (tmp_path / "31.damaged-7").mkdir()
    for n in range(12):
        (tmp_path / "3").mkdir()
        (tmp_path / "3" / "CURRENT").write_text(str(n))
        aside = set_aside(tmp_path / "3")
    assert {one.name for one in tmp_path.iterdir()} == {"31.damaged-7", "3.damaged-12"}
    assert (aside / "CURRENT").read_text() == "11"


def test_a_damaged_state_without_a_snapshot_is_begun_from_zero(tmp_path):
    async def story():
        held = Held(tmp_path)
        held.world.log.put(like(1))
        (tmp_path / "count" / str(PARTITION)).mkdir(parents=True)
        (tmp_path / "count" / str(PARTITION) / "CURRENT").write_text("MANIFEST-000007\n")
        positions = await held.holding.open(ASSIGNED)
        held.deliver(0, 1)
        await held.until(lambda: held.finished == [1])
        await held.holding.close()
        return positions["likes", PARTITION], held.holding.loops.get(PLACE)

    assert asyncio.run(story()) == (0, None)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (
            "IO error: lock hold by current process, acquire time 1: /x/LOCK: No locks available",
            NeighbourAway,
        ),
        ("IO error: While lock file: /x/LOCK: Resource temporarily unavailable", NeighbourAway),
        ("Corruption: block checksum mismatch: stored = 1, computed = 2", StateRuined),
        ("IO error: No such file or directory: While open a file for random read: /x/000012.sst", StateRuined),
        ("IO error: While open a file for random read: /x/000012.sst: Too many open files", StateDamaged),
    ],
)
def test_only_what_stays_wrong_is_ruined_and_a_damaged_block_is_nobody_s_lock(tmp_path, monkeypatch, said, error):
    """Kills: states that are thrown away since files or patience ran out; one that waits for the lock of nobody."""
    monkeypatch.setattr("streams.state.Rdict", lambda *_a, **_o: (_ for _ in ()).throw(Exception(said)))
    with pytest.raises((NeighbourAway, StateDamaged)) as raised:
        StateStore.open(tmp_path / "likes" / "3", Budget(1 << 20, 1 << 20))
    assert type(raised.value) is error
