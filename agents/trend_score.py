"""Scores each hashtag and place: how many different people use it, against its past week.

Third of the four agents of the trends. The time of a mention is that of the photo, so that a replay at any speed counts in
the same windows. A mention taken back is subtracted in its window, as if it had never been; so the score is a function of
the mentions that stand, in whatever order they came.

State of one term: its mentions, each under its own key, and one packed list of counts by window (at most 2,304 x 8 bytes).
Both reach back a week and a day from the newest window of the partition, and what is older is forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

import msgspec

from agents.rules import Rules
from agents.trending import FLOOR, Count, Scored, Windows, peak_of
from schemas.events import Board, TermMentioned, TermScored
from schemas.ids import MAX_ID, time_of
from streams.fold import Agent, Batch, Caused, Changes, Fold, Record, Refused, State

NAME = "trend_score"
# Term, window, person, photo: who used a term in a window.
MENTION = b"M"
# Term, photo (newest first): the mention's window and how the term was typed.
PHOTO = b"N"
COUNTS = b"B"
# Window, term: which terms have mentions in it, oldest first.
USED = b"X"
NEWEST = b"C"

MOST_PHOTOS = 10
_WINDOW = Struct(">I")
_ID = Struct(">Q")
_COUNT = Struct(">II")


class Mention(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one photo that carries a term."""

    window: int
    owner_id: int
    shown: str


def agent(rules: Rules) -> Agent:
    """Return the agent `trend_score`, with windows as long as the rules say."""
    return Agent(
        name=NAME, role="trends", sources=("trend_mentions",), fold=fold_of(rules), emits=("trend_scores",), max_records=2_000
    )


def fold_of(rules: Rules) -> Fold:
    """Return the fold of TermMentioned into TermScored, one for each term that a batch touches."""
    windows = Windows(rules.trend_window_seconds * 1000)

    def fold(batch: Batch, state: State) -> Changes:
        turn = Turn(state, windows)
        changes = Changes()
        for record in batch.records:
            reason = nonsense(record.event)
            if reason:
                changes.refused.append(Refused(record.offset, reason))
            else:
                turn.take(record)
        turn.expire()
        turn.keep()
        changes.events = list(turn.scored())
        return changes

    return fold


def nonsense(event: TermMentioned) -> str | None:
    """Return why a mention cannot be counted, or None."""
    if event.board is Board.UNKNOWN:
        return "board UNKNOWN: a newer agent wrote it; upgrade this one and replay"
    if not event.term or "\0" in event.term:
        return f"field term {event.term!r}: empty, or holds a NUL"
    return None


@dataclass
class Turn:
    """One batch being folded. `touched`: by term, the last record that said something new of it."""

    state: State
    windows: Windows
    touched: dict[bytes, Record] = field(default_factory=dict)
    counts: dict[bytes, dict[int, int]] = field(default_factory=dict)
    newest: int = 0

    def __post_init__(self) -> None:
        self.newest = int.from_bytes(self.state.get(NEWEST) or b"", "big")

    def take(self, record: Record) -> None:
        """Count a mention, or take it back."""
        event: TermMentioned = record.event
        term = term_key(event)
        key = photo_key(term, event.photo_id)
        found = self.state.get(key)
        standing = None if found is None else msgspec.msgpack.decode(found, type=Mention)
        if event.present:
            self.stand(record, term, key, standing)
        elif standing is not None:
            self.state.delete(key)
            self.uncount(term, standing, event.photo_id)
            self.touch(term, record)

    def stand(self, record: Record, term: bytes, key: bytes, standing: Mention | None) -> None:
        """Let a mention stand; a repeat changes at most how the term is shown."""
        event: TermMentioned = record.event
        if standing is None:
            # A photo from the future counts when it reached the log, so that no date can pin a term.
            window = self.windows.holding(min(time_of(event.photo_id), record.appended_at))
            if window < self.newest - self.windows.kept:
                return
            mention = Mention(window, event.owner_id, event.shown)
            self.count(term, mention, event.photo_id)
        else:
            mention = Mention(standing.window, standing.owner_id, event.shown)
        self.state.put(key, msgspec.msgpack.encode(mention))
        self.touch(term, record)

    def count(self, term: bytes, mention: Mention, photo_id: int) -> None:
        """Count a person in a window, once however many of their photos carry the term."""
        person = person_key(term, mention)
        counts = self.counts_of(term)
        if not self.any(person):
            counts[mention.window] = counts.get(mention.window, 0) + 1
        self.state.put(person + _ID.pack(photo_id), b"")
        self.state.put(USED + _WINDOW.pack(mention.window) + term, b"")
        self.newest = max(self.newest, mention.window)

    def uncount(self, term: bytes, mention: Mention, photo_id: int) -> None:
        """Take one photo of a person out of a window, and the person with their last one."""
        person = person_key(term, mention)
        counts = self.counts_of(term)
        self.state.delete(person + _ID.pack(photo_id))
        if not self.any(person):
            counts[mention.window] = counts.get(mention.window, 1) - 1
            if not counts[mention.window]:
                del counts[mention.window]

    def any(self, prefix: bytes) -> bool:
        return next(iter(self.state.scan(prefix, None, 1)), None) is not None

    def touch(self, term: bytes, record: Record) -> None:
        # Moved to the end, so that terms stand in the order of their last records.
        self.touched.pop(term, None)
        self.touched[term] = record

    def counts_of(self, term: bytes) -> dict[int, int]:
        """Return a term's people by window; changes are kept when the turn ends."""
        found = self.counts.get(term)
        if found is None:
            found = self.counts[term] = dict(_COUNT.iter_unpack(self.state.get(COUNTS + term) or b""))
        return found

    def expire(self) -> None:
        """Forget what is older than a week and a day before the newest window."""
        oldest = self.newest - self.windows.kept
        if oldest <= 0:
            return
        for key in list(takewhile_before(self.state, USED, _WINDOW.pack(oldest))):
            window, term = key[1:5], key[5:]
            for mention, _ in list(self.state.scan(MENTION + term + window)):
                self.state.delete(mention)
                self.state.delete(photo_key(term, _ID.unpack(mention[-8:])[0]))
            self.counts_of(term).pop(_WINDOW.unpack(window)[0], None)
            self.state.delete(key)

    def keep(self) -> None:
        """Write what changed to the state."""
        self.state.put(NEWEST, _WINDOW.pack(self.newest))
        for term, counts in self.counts.items():
            if counts:
                self.state.put(COUNTS + term, b"".join(_COUNT.pack(*count) for count in sorted(counts.items())))
            else:
                self.state.delete(COUNTS + term)

    def scored(self) -> Iterator[Caused]:
        """Yield the score of each touched term, in the order of the records that touched them last."""
        for term, record in self.touched.items():
            peak = peak_of([Count(*count) for count in sorted(self.counts_of(term).items())], self.windows)
            photos = [
                (MAX_ID - _ID.unpack(key[-8:])[0], msgspec.msgpack.decode(value, type=Mention).shown)
                for key, value in self.state.scan(PHOTO + term, None, MOST_PHOTOS)
            ]
            yield Caused(record.offset, self.event_of(record, peak, photos))

    def event_of(self, record: Record, peak: Scored | None, photos: list[tuple[int, str]]) -> TermScored:
        """Return a term's score as a whole: that of its peak, with what explains it; zeros when nothing stands."""
        cause: TermMentioned = record.event
        at = min(cause.occurred_at, record.appended_at)
        if peak is None:
            peak = Scored(self.windows.holding(at), 0.0, FLOOR, 0.0, 0.0)
        start = self.windows.start_ms(peak.window)
        return TermScored(
            event_id="",
            occurred_at=at,
            actor_id=0,
            source=NAME,
            trace=cause.trace,
            board=cause.board,
            term=cause.term,
            shown=photos[0][1] if photos else cause.shown,
            window_start=start,
            people=int(peak.observed),
            observed=peak.observed,
            expected=peak.expected,
            novelty=peak.novelty,
            peak_score=peak.score,
            peak_at=start,
            photos=tuple(photo_id for photo_id, _ in photos),
        )


def term_key(event: TermMentioned) -> bytes:
    """Return what stands for a term inside keys; no term's is the beginning of another's."""
    return event.board.value[:1].encode() + event.term.encode("utf-8", "surrogatepass") + b"\0"


def photo_key(term: bytes, photo_id: int) -> bytes:
    """Return the key of a photo's mention; newer photos come first."""
    return PHOTO + term + _ID.pack(MAX_ID - photo_id)


def person_key(term: bytes, mention: Mention) -> bytes:
    """Return the beginning of the keys of a person's mentions of a term in a window."""
    return MENTION + term + _WINDOW.pack(mention.window) + _ID.pack(mention.owner_id)


def takewhile_before(state: State, family: bytes, end: bytes) -> Iterator[bytes]:
    """Yield a family's keys below `family + end`."""
    for key, _ in state.scan(family):
        if key >= family + end:
            return
        yield key
