"""Feeds for given/when/then: the fan-out at work, and what a reader would see of it."""

from collections.abc import Callable, Sequence
from itertools import groupby

from agents.fanout import fold_of
from agents.rules import Rules
from projections.rows import AuthorRow, Backfill, Closed, Delivery
from schemas.catalog import topic_of
from schemas.events import AudienceChanged, AudienceKind, Event, PhotoDeleted, VariantReady
from schemas.ids import time_of
from streams.fold import Batch, Changes, Record
from tests.specs.builders import DAWN, happened
from tests.specs.memory_state import DictionaryState

LATER = DAWN + 1_000_000_000


def gained(author: int, follower: int, at: int = 0) -> Event:
    return _audience(author, "GAINED", at, follower)


def lost(author: int, follower: int, at: int = 0) -> Event:
    return _audience(author, "LOST", at, follower)


def requested(author: int, follower: int, at: int = 0) -> Event:
    return _audience(author, "REQUESTED", at, follower)


def ended(author: int, at: int = 0) -> Event:
    return _audience(author, "ENDED", at)


def pulled(author: int, at: int) -> Event:
    return _audience(author, "PULLED", at)


def pushed(author: int, at: int) -> Event:
    return _audience(author, "PUSHED", at)


def _audience(author: int, kind: str, at: int, follower: int | None = None) -> Event:
    fields = {"author_id": author, "kind": AudienceKind(kind), "follower_id": follower, "changed_at": DAWN + at}
    return happened(AudienceChanged, at, **fields)


class Fanout:
    """The fan-out of one partition: give it events, then look at timelines and at what readers see."""

    def __init__(self, depth: int = 500, make_state: Callable = DictionaryState) -> None:
        self.fold = fold_of(Rules(feed_depth=depth))
        self.state = make_state()
        self.rows: list[Delivery | Backfill | Closed] = []
        self.authors: list[AuthorRow | Closed] = []
        self.refused: list[str] = []
        self.events: list[Event] = []

    def given(self, *events: Event, batch_of: int = 1_000) -> "Fanout":
        """Fold events in this order; a batch ends where the topic changes, or after so many records."""
        for _, group in groupby(events, key=lambda event: topic_of(type(event)).name):
            told = list(group)
            for first in range(0, len(told), batch_of):
                self.when(*told[first : first + batch_of])
        return self

    def when(self, *events: Event) -> list[Delivery | Backfill | Closed]:
        """Fold events of one topic as one batch; return its rows for `timelines`."""
        records = [Record(n, LATER, event) for n, event in enumerate(events)]
        batch = Batch(topic_of(type(events[0])).name, 0, 0, len(events), records)
        changes: Changes = self.fold(batch, self.state)
        rows = list(changes.rows["timelines"])
        self.rows += rows
        self.authors += changes.rows["authors"]
        self.refused += [refused.reason for refused in changes.refused]
        self.events += events
        return rows

    def timeline(self, reader: int) -> set[int]:
        """Return all photos that were ever put into a timeline; none when it is closed."""
        if Closed(reader) in self.rows:
            return set()
        delivered = {row.photo_id for row in self.rows if isinstance(row, Delivery) and reader in row.user_ids}
        return delivered.union(*(row.photo_ids for row in self.rows if isinstance(row, Backfill) and row.user_id == reader))

    def visible(self, reader: int) -> list[int]:
        """Return what the reader sees, newest first: pushed and pulled merged, of those followed now, without the deleted."""
        following = follows_told(self.events, reader)
        spans = spans_told(self.events)
        deleted = {event.photo_id for event in self.events if isinstance(event, PhotoDeleted)}
        owners = {event.photo_id: event.owner_id for event in self.events if isinstance(event, VariantReady)}
        pushed_ones = {p for p in self.timeline(reader) if owners[p] in following | {reader}}
        pulled_ones = {
            row.photo_id
            for row in self.authors
            if isinstance(row, AuthorRow)
            and row.author_id in following
            and Closed(row.author_id) not in self.authors
            and any(start <= time_of(row.photo_id) < end for start, end in spans.get(row.author_id, ()))
        }
        return sorted((pushed_ones | pulled_ones) - deleted, reverse=True)


def follows_told(events: Sequence[Event], reader: int) -> set[int]:
    """Return whom a reader follows at the end, by what `audience` said; who ended follows nobody, and nobody follows them."""
    following, gone = set(), set()
    for event in events:
        if isinstance(event, AudienceChanged) and event.kind is AudienceKind.ENDED:
            gone.add(event.author_id)
        elif isinstance(event, AudienceChanged) and event.follower_id == reader:
            (following.add if event.kind is AudienceKind.GAINED else following.discard)(event.author_id)
    return set() if reader in gone else following - gone


def spans_told(events: Sequence[Event]) -> dict[int, list[tuple[int, float]]]:
    """Return by author the spans of being pulled, as the projection `celebrities` would hold them."""
    spans: dict[int, list[tuple[int, float]]] = {}
    for event in events:
        if isinstance(event, AudienceChanged) and event.kind is AudienceKind.PULLED:
            spans.setdefault(event.author_id, []).append((event.changed_at, float("inf")))
        elif isinstance(event, AudienceChanged) and event.kind is AudienceKind.PUSHED:
            start, _ = spans[event.author_id].pop()
            spans[event.author_id].append((start, event.changed_at))
    return spans
