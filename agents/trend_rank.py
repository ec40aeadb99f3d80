"""Ranks what trends: the fifty terms of each board whose scores have most left in its newest window.

Last of the four agents of the trends. All terms of a board are kept in the order in which their scores fade, which time does
not change, so that one that is taken back makes room for the fifty-first. Terms of equal standing are ranked by their text.
A board is written as a whole for the window of the newest event seen on it, and stays as it was when a newer window began; a
window without events has no board of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

import msgspec

from agents.printing import items_of, reprint_of
from agents.rules import Rules
from agents.trending import WEEK_MS, Windows, decayed, standing_ms
from projections.rows import BoardRows, TrendRow
from schemas.events import Board, TermScored
from streams.fold import Agent, Batch, Changes, Fold, Refused, State

NAME = "trend_rank"
MOST_RANKS = 50
TERM = b"T"
# Board, standing (best first), term.
STANDING = b"K"
# Board, peak, term: oldest first.
PEAK = b"O"
NEWEST = b"C"
# Board, start of the window: the board as it was written last, so that it can be printed again. Kept as long as the projection.
WRITTEN = b"W"

_SORT = Struct(">Q")
# Standings are kept to the microsecond, which is finer than the scores of any two terms differ by without being equal.
_PER_MS = 1_000
_HIGHEST = 1 << 63


class Term(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a term that ranks somewhere."""

    shown: str
    observed: float
    expected: float
    novelty: float
    people: int
    peak_score: float
    peak_at: int
    photos: tuple[int, ...]


def agent(rules: Rules) -> Agent:
    """Return the agent `trend_rank`, with windows as long as the rules say."""
    return Agent(
        name=NAME,
        role="trends",
        sources=("trend_scores",),
        fold=fold_of(rules),
        writes=("trends",),
        reprint=reprint_of(trends=standing),
        # 2: also the boards that were written.
        state_version=2,
    )


def fold_of(rules: Rules) -> Fold:
    """Return the fold of TermScored into rows for `trends`, one for each board that a batch touches."""
    windows = Windows(rules.trend_window_seconds * 1000)

    def fold(batch: Batch, state: State) -> Changes:
        ranking = Ranking(state, windows)
        refused = []
        for record in batch.records:
            if record.event.board is Board.UNKNOWN:
                reason = "board UNKNOWN: a newer agent wrote it; upgrade this one and replay"
                refused.append(Refused(record.offset, reason))
            else:
                ranking.take(record.event, record.appended_at)
        return Changes(rows={"trends": ranking.boards()}, refused=refused)

    return fold


@dataclass
class Ranking:
    """One batch being folded. `newest`: by board that was touched, its newest window; `ended`: boards of windows before it."""

    state: State
    windows: Windows
    newest: dict[str, int] = field(default_factory=dict)
    ended: list[BoardRows] = field(default_factory=list)

    def take(self, event: TermScored, appended_at: int) -> None:
        """Put a term where its score stands now, or out of the ranks when it has none."""
        board = event.board.value
        # First, so that a window that ends here keeps the ranks that it had.
        self.advance(board, self.windows.holding(max(event.window_start, min(event.occurred_at, appended_at))))
        self.forget(board, event.term)
        if event.peak_score <= 0:
            return
        term = Term(
            event.shown,
            event.observed,
            event.expected,
            event.novelty,
            event.people,
            event.peak_score,
            event.peak_at,
            event.photos,
        )
        self.state.put(TERM + name_key(board, event.term), msgspec.msgpack.encode(term))
        for key in places_of(board, event.term, term):
            self.state.put(key, b"")

    def forget(self, board: str, name: str) -> None:
        """Take a term out of the ranks, if it is there."""
        key = TERM + name_key(board, name)
        found = self.state.get(key)
        if found is None:
            return
        self.state.delete(key)
        for place in places_of(board, name, msgspec.msgpack.decode(found, type=Term)):
            self.state.delete(place)

    def advance(self, board: str, window: int) -> None:
        """Move a board's newest window on; one that this batch touched is written as it stands.

        So a board does not depend on the borders of batches: a rebuild, whose batches are larger, writes the same ones.
        """
        kept = self.newest.get(board)
        if kept is None:
            kept = int.from_bytes(self.state.get(NEWEST + board_key(board)) or b"", "big")
        elif window > kept:
            self.ended.append(self.board(board))
        self.newest[board] = max(kept, window)

    def boards(self) -> list[BoardRows]:
        """Return every board that this batch touched, in each window that it touched."""
        for board, window in self.newest.items():
            self.state.put(NEWEST + board_key(board), _SORT.pack(window))
        written = [*self.ended, *map(self.board, self.newest)]
        for row in written:
            self.state.put(WRITTEN + board_key(row.board) + _SORT.pack(row.window_start), msgspec.msgpack.encode(row))
        return written

    def board(self, board: str) -> BoardRows:
        """Return a board's ranks in its newest window, after forgetting terms whose peak is more than a week ago."""
        at = self.windows.start_ms(self.newest[board])
        for name in list(self.faded(board, at - WEEK_MS)):
            self.forget(board, name)
        names = [name_in(key) for key, _ in self.state.scan(STANDING + board_key(board), None, MOST_RANKS)]
        ranks = (self.row(board, at, rank, name) for rank, name in enumerate(names, start=1))
        return BoardRows(board, at, tuple(ranks))

    def faded(self, board: str, before_ms: int) -> Iterator[str]:
        """Yield the terms whose peak lies before a time."""
        prefix = PEAK + board_key(board)
        end = prefix + _SORT.pack(max(0, before_ms))
        for key, _ in self.state.scan(prefix):
            if key >= end:
                return
            yield name_in(key)

    def row(self, board: str, at: int, rank: int, name: str) -> TrendRow:
        term = msgspec.msgpack.decode(self.state.get(TERM + name_key(board, name)) or b"", type=Term)
        return TrendRow(
            board=board,
            window_start=at,
            rank=rank,
            term=name,
            shown=term.shown,
            score=decayed(term.peak_score, term.peak_at, at),
            observed=term.observed,
            expected=term.expected,
            novelty=term.novelty,
            people=term.people,
            peak_at=term.peak_at,
            photos=term.photos,
        )


def standing(state: State) -> Iterator[BoardRows]:
    """Yield every board that was ever written, as it was written last."""
    for _, value in items_of(state, WRITTEN):
        yield msgspec.msgpack.decode(value, type=BoardRows)


def board_key(board: str) -> bytes:
    """Return what stands for a board inside keys."""
    return board[:1].encode()


def name_key(board: str, name: str) -> bytes:
    """Return what stands for a term of a board at the end of keys."""
    return board_key(board) + name.encode("utf-8", "surrogatepass")


def name_in(key: bytes) -> str:
    """Return the term of a key of the families STANDING and PEAK: family, board, eight bytes, term."""
    return key[10:].decode("utf-8", "surrogatepass")


def places_of(board: str, name: str, term: Term) -> tuple[bytes, bytes]:
    """Return the keys under which a term is found by its standing and by its peak."""
    best_first = _HIGHEST - round(standing_ms(term.peak_score, term.peak_at) * _PER_MS)
    end = name.encode("utf-8", "surrogatepass")
    return (
        STANDING + board_key(board) + _SORT.pack(best_first) + end,
        PEAK + board_key(board) + _SORT.pack(term.peak_at) + end,
    )
