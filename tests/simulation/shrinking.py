"""Makes a failing run small: leaves out deeds and faults as long as it still fails the same way (delta debugging)."""

import time
from collections.abc import Callable, Iterator, Sequence

from schemas.codec import Codec
from tests.simulation import moves as m
from tests.simulation.run import Run, run_again

MOST_SECONDS = 30.0


def shrunk(run: Run, codec: Codec, most_seconds: float = MOST_SECONDS) -> Run:
    """Return a run of few moves that differs in the same projection as a given one, as small as the time allows."""
    until = time.monotonic() + most_seconds
    projection = run.differences[0].projection

    def tried(moves: Sequence[m.Move]) -> Run | None:
        again = run_again(run.setting, run.deeds, moves, codec)
        same = again.differences and again.differences[0].projection == projection
        return again if same and not again.avoided else None

    best = tried(run.moves)
    if best is None:
        # It differs only with what a move that could not be made left behind; that is worth seeing as it was.
        return run
    smaller: Run | None = best
    while smaller is not None and time.monotonic() < until:
        smaller = first_of(tried, candidates(best.moves), until)
        best = smaller or best
    return best


def first_of(tried: Callable, candidates: Iterator[list[m.Move]], until: float) -> Run | None:
    """Return the first candidate that still fails, or None."""
    for moves in candidates:
        if time.monotonic() >= until:
            return None
        found = tried(moves)
        if found is not None:
            return found
    return None


def candidates(moves: Sequence[m.Move]) -> Iterator[list[m.Move]]:
    """Yield smaller runs, the smallest first: without a part of the moves, then with a move made simpler."""
    size = len(moves) // 2
    while size:
        for start in range(0, len(moves), size):
            yield [*moves[:start], *moves[start + size :]]
        size //= 2
    for at, move in enumerate(moves):
        for simpler in simplified(move):
            yield [*moves[:at], simpler, *moves[at + 1 :]]


def simplified(move: m.Move) -> Iterator[m.Move]:
    """Yield the same move without its fault."""
    if getattr(move, "doom", None) is not None:
        yield move._replace(doom=None)
    if isinstance(move, m.Step) and move.records is not None:
        yield move._replace(records=None)
