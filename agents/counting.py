"""Counts that several folds keep: exact in state, handed to `counters` at once and to `counter_rows` when flushed.

A count is touched by every record that is about its entity, also when it stays the same: which counts exist is then a
function of the log and not of where its batches began.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from agents.keys import ids_in, key_of
from agents.printing import items_of
from projections.rows import CounterKind, CounterRow
from streams.fold import Changes, InvariantBroken, State

COUNT = b"#"
DIRTY = b"!"
READ_CHUNK = 1_000


def change_counts(state: State, kind: CounterKind, deltas: Mapping[int, int]) -> list[CounterRow]:
    """Add deltas by entity to the counts in state, mark them as not yet flushed, and return their absolute rows.

    An agent keeps counts of one kind only, so the kind is not part of the key. InvariantBroken when a count would fall
    below zero.
    """
    keys = [key_of(COUNT, entity) for entity in deltas]
    rows = []
    for (entity, delta), found in zip(deltas.items(), state.get_many(keys), strict=True):
        value = int.from_bytes(found or b"", "big") + delta
        if value < 0:
            raise InvariantBroken(f"the count {kind} of {entity} would become {value}; its set and its count have parted")
        rows.append(CounterRow(kind, entity, value))
    state.put_many((key, row.value.to_bytes(8, "big")) for key, row in zip(keys, rows, strict=True))
    state.put_many((key_of(DIRTY, entity), b"") for entity in deltas)
    return rows


def flush_of(kind: CounterKind) -> Callable[[State], Changes]:
    """Return the flush of an agent that keeps counts of this kind: a row for each count that changed since the last one.

    All of them at once, since a store takes one flush for each position; the rows are read in chunks as they are written.
    """

    def flush(state: State) -> Changes:
        dirty = [key for key, _ in state.scan(DIRTY)]
        for key in dirty:
            state.delete(key)
        return Changes(rows={"counter_rows": counts_of(state, kind, [ids_in(key)[0] for key in dirty])})

    return flush


def counts_of(state: State, kind: CounterKind, entities: Sequence[int]) -> Iterator[CounterRow]:
    for first in range(0, len(entities), READ_CHUNK):
        chunk = entities[first : first + READ_CHUNK]
        counts = state.get_many([key_of(COUNT, entity) for entity in chunk])
        for entity, count in zip(chunk, counts, strict=True):
            yield counter_row(kind, entity, count)


def all_counts(kind: CounterKind) -> Callable[[State], Iterator[CounterRow]]:
    """Return what prints every count of an agent that keeps counts of this kind, flushed or not, those of zero too."""

    def printed(state: State) -> Iterator[CounterRow]:
        for key, count in items_of(state, COUNT):
            yield counter_row(kind, ids_in(key)[0], count)

    return printed


def counter_row(kind: CounterKind, entity: int, count: bytes | None) -> CounterRow:
    return CounterRow(kind, entity, int.from_bytes(count or b"", "big"))
