"""A state on a disk without room says so, keeps what was committed, and goes on once there is room."""

import pytest

from streams.state import Budget, DiskFull, StateDamaged, StateStore


class FullDisk:
    """A RocksDB of which every write fails as on a full disk; `tests/integration/test_overload.py` fills a real one."""

    SAID = "IO error: No space left on device: While appending to file: 000151.log: No space left on device"

    def __init__(self, database) -> None:
        self._database = database

    def write(self, batch) -> None:
        raise Exception(self.SAID)  # rocksdict raises just this

    def __getattr__(self, name: str):
        return getattr(self._database, name)


def opened(path) -> StateStore:
    return StateStore.open(path, Budget(cache_bytes=1 << 20, write_buffer_bytes=1 << 20))


def test_a_full_disk_is_said_and_what_was_kept_before_is_there_afterwards(tmp_path):
    state = opened(tmp_path / "likes" / "3")
    state.put(b"a", b"1")
    state.commit()
    database = state._table._db
    state._table._db = FullDisk(database)
    state.put(b"a", b"2")
    with pytest.raises(DiskFull, match=r"the disk is full under the state in .*likes/3.*No space left"):
        state.commit()
    state._table._db = database
    state.close()
    state = opened(tmp_path / "likes" / "3")
    assert state.get(b"a") == b"1"
    state.put(b"a", b"2")
    state.commit()
    state.close()


def test_a_full_disk_at_the_opening_is_no_damage(tmp_path, monkeypatch):
    """Kills: a state that is thrown away, and folded from zero, since there was no room for its log."""

    def refuse(*_arguments, **_options):
        raise Exception(FullDisk.SAID)  # rocksdict raises just this

    monkeypatch.setattr("streams.state.Rdict", refuse)
    with pytest.raises(DiskFull):
        opened(tmp_path / "likes" / "3")
    monkeypatch.setattr("streams.state.Rdict", lambda *_a, **_o: (_ for _ in ()).throw(Exception("Corruption: bad CRC")))
    with pytest.raises(StateDamaged):
        opened(tmp_path / "likes" / "3")
