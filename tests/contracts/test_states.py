"""What every state promises: RocksDB and the memory twin pass the same suite."""

import pytest

from streams.fold import NeighbourAway
from streams.state import Budget, MemoryState, StateStore


class InMemory:
    """Opens memory states; a crash keeps what was committed."""

    def __init__(self, _path) -> None:
        self._state = MemoryState()

    def open(self):
        return self._state

    def crash(self):
        self._state = self._state.reopened()
        return self._state


class OnDisk:
    """Opens RocksDB states in one directory; closing without a commit keeps what a crash would."""

    def __init__(self, path) -> None:
        self._path = path / "agent" / "3"
        self._budget = Budget(cache_bytes=1 << 20, write_buffer_bytes=1 << 20)
        self._state = None

    def open(self):
        self._state = StateStore.open(self._path, self._budget)
        return self._state

    def crash(self):
        self._state.close()
        return self.open()


@pytest.fixture(params=[InMemory, OnDisk])
def place(request, tmp_path):
    return request.param(tmp_path)


def test_what_is_put_is_read_at_once_and_what_is_absent_is_none(place):
    state = place.open()
    state.put(b"a", b"1")
    state.put_many([(b"b", b"2"), (b"c", b"")])
    assert (state.get(b"a"), state.get(b"c"), state.get(b"d")) == (b"1", b"", None)
    assert state.get_many([b"b", b"d", b"a"]) == [b"2", None, b"1"]


def test_many_are_read_in_their_order_some_kept_some_changed_some_deleted(place):
    state = place.open()
    state.put_many((b"k%d" % n, b"%d" % n) for n in range(5))
    state.commit()
    state.put(b"k1", b"changed")
    state.delete(b"k2")
    assert state.get_many([b"k4", b"k2", b"k1", b"k9", b"k0", b"k1"]) == [b"4", None, b"changed", None, b"0", b"changed"]
    assert state.get_many([]) == []


def test_only_what_was_committed_survives(place):
    state = place.open()
    state.put(b"kept", b"1")
    state.put(b"gone", b"1")
    state.commit()
    state.delete(b"gone")
    state.commit()
    state.put(b"lost", b"1")
    state.delete(b"kept")
    state = place.crash()
    assert state.get_many([b"kept", b"gone", b"lost"]) == [b"1", None, None]


def test_forgetting_brings_back_what_was_committed(place):
    state = place.open()
    state.put(b"a", b"1")
    state.commit()
    state.put(b"a", b"2")
    state.put(b"b", b"2")
    assert list(state.scan(b"")) == [(b"a", b"2"), (b"b", b"2")]
    state.forget()
    assert list(state.scan(b"")) == [(b"a", b"1")]
    assert state.get(b"b") is None


def test_a_scan_gives_its_prefix_in_key_order_with_the_batch_s_own_changes(place):
    state = place.open()
    state.put_many([(b"f1", b"kept"), (b"f3", b"kept"), (b"f5", b"kept"), (b"e", b"-"), (b"g", b"-")])
    state.commit()
    state.put(b"f2", b"new")
    state.put(b"f3", b"changed")
    state.delete(b"f5")
    state.delete(b"f9")
    assert list(state.scan(b"f")) == [(b"f1", b"kept"), (b"f2", b"new"), (b"f3", b"changed")]


def test_a_scan_goes_on_after_a_key_and_ends_at_a_limit(place):
    state = place.open()
    state.put_many((b"f%d" % n, b"") for n in range(0, 10, 2))
    state.commit()
    state.put_many((b"f%d" % n, b"") for n in range(1, 10, 2))
    assert [key for key, _ in state.scan(b"f", after=b"f3", limit=4)] == [b"f4", b"f5", b"f6", b"f7"]
    assert [key for key, _ in state.scan(b"f", after=b"f8")] == [b"f9"]
    assert list(state.scan(b"f", limit=0)) == []
    assert [key for key, _ in state.scan(b"f", after=b"a", limit=1)] == [b"f0"]


def test_a_scan_that_writes_as_it_goes_sees_each_key_once(place):
    state = place.open()
    state.put_many((b"f%d" % n, b"old") for n in range(6))
    state.commit()
    state.put(b"f7", b"old")
    seen = []
    for key, _ in state.scan(b"f"):
        seen.append(key)
        state.put(key, b"new")
        state.delete(b"e")
    assert seen == [b"f0", b"f1", b"f2", b"f3", b"f4", b"f5", b"f7"]
    assert {value for _, value in state.scan(b"f")} == {b"new"}


def test_the_runtime_s_own_keys_are_found_by_their_prefix_only(place):
    state = place.open()
    state.put_many([(b"\0position/likes", b"7"), (b"a", b"1"), (b"\xff", b"2")])
    assert [key for key, _ in state.scan(b"")] == [b"a", b"\xff"]
    assert list(state.scan(b"\0position/")) == [(b"\0position/likes", b"7")]
    state.commit()
    assert [key for key, _ in state.scan(b"")] == [b"a", b"\xff"]


def test_wiping_leaves_nothing_and_works_on(place):
    state = place.open()
    state.put(b"a", b"1")
    state.commit()
    state.put(b"b", b"1")
    state.wipe()
    assert list(state.scan(b"")) == []
    state.put(b"c", b"1")
    state.commit()
    assert list(place.crash().scan(b"")) == [(b"c", b"1")]


def test_a_state_is_opened_by_one_at_a_time(tmp_path):
    place = OnDisk(tmp_path)
    place.open()
    with pytest.raises(NeighbourAway, match="is held by another process"):
        place.open()
