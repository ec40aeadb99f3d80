"""A state with its overlay behaves as one dictionary does, whatever is written, committed, forgotten and scanned."""

from hypothesis import event, given, strategies as some

from streams.overlay import FEW_KEYS
from streams.state import MemoryState

# Of two families, since the order of each is kept by itself.
KEYS = some.tuples(some.sampled_from((b"k", b"m")), some.binary(min_size=1, max_size=2)).map(b"".join)
STEPS = some.one_of(
    some.tuples(some.just("put"), KEYS, some.binary(max_size=2)),
    some.tuples(some.just("delete"), KEYS, some.none()),
    some.tuples(some.just("put many"), some.lists(KEYS, max_size=30), some.binary(max_size=2)),
    some.tuples(some.just("delete many"), some.lists(KEYS, max_size=30), some.none()),
    some.tuples(some.just("commit"), some.none(), some.none()),
    some.tuples(some.just("forget"), some.none(), some.none()),
    some.tuples(some.just("scan"), KEYS, some.integers(0, 5)),
    some.tuples(some.just("scan all"), KEYS, some.integers(0, 5)),
)


@given(some.lists(STEPS, max_size=60))
def test_any_history_reads_as_one_dictionary(steps):
    """Kills: an overlay whose scan forgets its own deletes, or whose order goes stale after the first scan of a batch."""
    state, now, kept = MemoryState(), {}, {}
    for what, key, value in steps:
        if what == "put":
            state.put(key, value)
            now[key] = value
        elif what == "delete":
            state.delete(key)
            now.pop(key, None)
        elif what == "put many":
            event("many at once" if len(key) > FEW_KEYS else "few at once")
            state.put_many((one, value) for one in key)
            now |= dict.fromkeys(key, value)
        elif what == "delete many":
            state.delete_many(key)
            now = {one: kept_value for one, kept_value in now.items() if one not in key}
        elif what == "commit":
            state.commit()
            kept = dict(now)
        elif what == "forget":
            state.forget()
            now = dict(kept)
        else:
            event("scans")
            prefix = key[:1] if what == "scan" else b""
            expected = sorted((k, v) for k, v in now.items() if k > key and k.startswith(prefix))[:value]
            assert list(state.scan(prefix, after=key, limit=value)) == expected
    assert list(state.scan(b"")) == sorted(now.items())
    assert state.get_many(list(now)) == list(now.values())
    assert list(state.reopened().scan(b"")) == sorted(kept.items())


def test_many_keys_that_are_written_in_the_middle_of_scans_are_in_order():
    """Kills: keys that are added at the end of those in order, or in the order in which they were written."""
    state = MemoryState()
    state.put(b"k500", b"")
    assert [key for key, _ in state.scan(b"k")] == [b"k500"]
    numbers = range(999, 99, -1)
    state.put_many((b"k%d" % number, b"") for number in numbers)
    state.delete_many(b"k%d" % number for number in numbers if number % 2)
    assert [key for key, _ in state.scan(b"k")] == [b"k%d" % number for number in range(100, 999, 2)]
