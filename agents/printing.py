"""Printing again what stands in a state: scans come in chunks, so that a reprint of any size passes in bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agents.keys import LARGEST_ID, ids_in, key_of
from streams.fold import Reprint, State

CHUNK = 1_000


def reprint_of(**printers: Callable[[State], Iterable[Any]]) -> Reprint:
    """Return the reprint of an agent that writes these projections, each printed by its function; KeyError for any other."""

    def reprint(state: State, projection: str) -> Iterable[Any]:
        if projection not in printers:
            raise KeyError(f"this agent writes no projection {projection!r}; it writes: {', '.join(printers)}")
        return printers[projection](state)

    return reprint


def chunks_of(state: State, prefix: bytes, after: bytes | None = None) -> Iterator[list[tuple[bytes, bytes]]]:
    """Yield items in key order, at most `CHUNK` at once; what is written between two chunks cannot disturb the scan."""
    while chunk := list(state.scan(prefix, after, CHUNK)):
        yield chunk
        after = chunk[-1][0]


def items_of(state: State, prefix: bytes, after: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Yield items in key order, read chunk by chunk."""
    for chunk in chunks_of(state, prefix, after):
        yield from chunk


def first_ids(state: State, family: bytes) -> Iterator[int]:
    """Yield, ascending and once each, the first ids of a family whose keys hold two; one seek an id, however many keys."""
    after = None
    while found := next(iter(state.scan(family, after, 1)), None):
        first = ids_in(found[0])[0]
        yield first
        after = key_of(family, first, LARGEST_ID)
