"""Trends for given/when/then: mentions that show only what matters, and the four agents one after the other."""

from collections.abc import Iterable, Sequence

from agents import terms, trend_parse, trend_preprocess, trend_rank, trend_score
from agents.rules import Rules
from projections.rows import BoardRows, TrendRow
from schemas.catalog import topic_of
from schemas.events import Board, Event, PostSeen, TermMentioned, TermScored
from schemas.ids import compose_id
from streams.fold import Batch, Changes, Fold, Record
from tests.specs.builders import happened
from tests.specs.memory_state import DictionaryState

RULES = Rules()
MINUTE = 60_000
WINDOW = 5 * MINUTE
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# A window begins here, not far from a midnight.
NOON = 1_700_006_400_000 // WINDOW * WINDOW


def person(number: int) -> int:
    return compose_id(NOON - 30 * DAY, 5, number)


def photo_at(at: int, number: int = 0) -> int:
    """Return a photo minted `at` ms after noon."""
    return compose_id(NOON + at, 5, number)


def mention(term: str, who: int, at: int = 0, number: int = 0, present: bool = True, board: str = "HASHTAGS", shown: str = ""):
    """Return that a photo of the person `who`, taken `at` ms after noon, carries a term, or no longer does."""
    return happened(
        TermMentioned,
        NOON + at - 1_700_000_000_000,
        board=Board(board),
        term=term,
        shown=shown or term.title(),
        photo_id=compose_id(NOON + at, 5, who * 8 + number),
        owner_id=person(who),
        present=present,
    )


def unmention(term: str, who: int, at: int = 0, number: int = 0) -> Event:
    return mention(term, who, at, number, present=False)


def crowd(term: str, size: int, at: int = 0, first: int = 0) -> list[Event]:
    return [mention(term, first + number, at) for number in range(size)]


class Stage:
    """One agent at work on a state of its own."""

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.state = DictionaryState()
        self.offset = 0
        self.refused: list[str] = []

    def fed(self, events: Sequence[Event], appended_at: int | None = None) -> Changes:
        """Fold events of one topic as one batch; each is appended when it happened, if nothing else is said."""
        records = [Record(self.offset + n, appended_at or event.occurred_at, event) for n, event in enumerate(events)]
        batch = Batch(topic_of(type(events[0])).name, 0, self.offset, self.offset + len(events), records)
        self.offset += len(events)
        changes = self.fold(batch, self.state)
        self.refused += [refused.reason for refused in changes.refused]
        offsets = [caused.offset for caused in changes.events]
        assert offsets == sorted(offsets), "events must stand in the order of the records that caused them"
        return changes


class Scores(Stage):
    """The scorer at work: what it said last of each term."""

    def __init__(self, rules: Rules = RULES) -> None:
        super().__init__(trend_score.fold_of(rules))
        self.last: dict[str, TermScored] = {}

    def given(self, *events: Event, batch_of: int = 1_000, appended_at: int | None = None) -> "Scores":
        for first in range(0, len(events), batch_of):
            for caused in self.fed(events[first : first + batch_of], appended_at).events:
                self.last[caused.event.term] = caused.event
        return self


class Boards(Stage):
    """The ranker at work: the board of each window that it wrote last."""

    def __init__(self, rules: Rules = RULES) -> None:
        super().__init__(trend_rank.fold_of(rules))
        self.boards: dict[tuple[str, int], BoardRows] = {}

    def given(self, *events: Event, batch_of: int = 1_000, appended_at: int | None = None) -> "Boards":
        for first in range(0, len(events), batch_of):
            for row in self.fed(events[first : first + batch_of], appended_at).rows["trends"]:
                self.boards[row.board, row.window_start] = row
        return self

    def newest(self, board: str = "HASHTAGS") -> Sequence[TrendRow]:
        starts = [start for name, start in self.boards if name == board]
        return self.boards[board, max(starts)].ranks if starts else ()

    def terms(self, board: str = "HASHTAGS") -> list[str]:
        return [row.term for row in self.newest(board)]


class Trends:
    """All agents of the trends, each reading what the one before it said."""

    def __init__(self) -> None:
        self.posts = Stage(trend_preprocess.fold)
        self.parse = Stage(trend_parse.fold)
        self.scores = Scores()
        self.ranks = Boards()
        self.pages = Stage(terms.fold)
        self.listed: dict[tuple[str, str], set[int]] = {}

    def given(self, *events: Event) -> "Trends":
        for event in events:
            self._seen([c.event for c in self.posts.fed([event]).events])
        return self

    def _seen(self, seen: Iterable[PostSeen]) -> None:
        for post in seen:
            mentions = [c.event for c in self.parse.fed([post]).events]
            if not mentions:
                continue
            for row in self.pages.fed(mentions).rows["term_photos"]:
                photos = self.listed.setdefault((row.board, row.term), set())
                (photos.add if row.present else photos.discard)(row.photo_id)
            scored = [c.event for c in self.scores.fed(mentions).events]
            if scored:
                self.ranks.given(*scored)


def a_score(term: str, score: float, at: int = 0, board: str = "HASHTAGS", seen_at: int | None = None) -> TermScored:
    """Return a term's score, reached `at` ms after noon and said at `seen_at`."""
    return happened(
        TermScored,
        NOON + (at if seen_at is None else seen_at) - 1_700_000_000_000,
        board=Board(board),
        term=term,
        shown=term.title(),
        window_start=NOON + at,
        people=3,
        observed=3.0,
        expected=0.5,
        novelty=1.8,
        peak_score=score,
        peak_at=NOON + at,
        photos=(photo_at(at),),
    )
