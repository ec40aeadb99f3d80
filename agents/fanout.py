"""Carries each ready photo into the timelines of its owner and of those who follow them.

Candidates only: what a reader sees is filtered at read, so that a delivery too many is harmless and one too few is not. From
that follow the rules where the two topics meet (I7). A photo reaches a follower either when it becomes ready, or when the
follower is gained, whichever is read later. Photos from while their author was pulled are not pushed, and if the end of such
a span is read late, what it kept back is pushed then. A tombstone wins over everything that is read after it; so does the end
of an author, who is forgotten but for that, and whose own two rings are closed for whatever may still come.

Followers are scanned from the state in chunks while rows are being written, and photos take turns, so that neither memory
nor the others' patience depends on the largest audience.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from struct import Struct

from agents.deliveries import FOLLOWER, deliveries, followers_in
from agents.keys import ID_BYTES, ids_in, key_of
from agents.nonsense import Nonsense, check_not_ahead
from agents.printing import chunks_of, items_of, reprint_of
from agents.rules import Rules
from projections.rows import AuthorRow, Backfill, Closed, Delivery
from schemas.events import AudienceChanged, AudienceKind, PhotoDeleted, VariantReady
from schemas.ids import time_of
from streams.fold import Agent, Batch, Changes, Fold, Record, Refused, State

RECENT = b"R"
SPANS = b"S"
TOMBSTONE = b"T"
ENDED = b"E"

# The thumbnail makes a photo ready.
FIRST_VARIANT = 150
# The last spans of being pulled that are remembered: a photo from an older one, ready only now, is pushed as well as pulled,
# which shows it once all the same.
MOST_SPANS = 32

Span = tuple[int, int]


def agent(rules: Rules) -> Agent:
    """Return the agent `fanout`, which remembers as many photos of an author as a feed is deep."""
    return Agent(
        name="fanout",
        role="feeds",
        sources=("photos", "audience"),
        fold=fold_of(rules),
        writes=("timelines", "authors"),
        reprint=reprint_of(timelines=standing_timelines, authors=standing_authors),
        # 2: also who is gone as an author.
        state_version=2,
    )


@dataclass
class Turn:
    """One batch being folded.

    `pushes`: photos to deliver, by author; `own`: photos for their owner alone; `backfills`: (follower, author) newly gained;
    `closed`: authors who are gone.
    """

    state: State
    depth: int
    pushes: dict[int, set[int]] = field(default_factory=dict)
    own: dict[int, int] = field(default_factory=dict)
    backfills: dict[tuple[int, int], None] = field(default_factory=dict)
    authors: dict[int, AuthorRow] = field(default_factory=dict)
    closed: dict[int, Closed] = field(default_factory=dict)
    recents: dict[int, list[int]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def recent(self, author_id: int) -> list[int]:
        """Return the author's newest photos, ascending; the list may be changed until the turn ends."""
        found = self.recents.get(author_id)
        if found is None:
            found = self.recents[author_id] = list(unpacked(self.state.get(key_of(RECENT, author_id))))
        return found

    def ended(self) -> Changes:
        """Keep what changed and return the rows, which are scanned from the state as they are written."""
        for author_id, photo_ids in self.recents.items():
            self.state.put(key_of(RECENT, author_id), packed(photo_ids))
        rows = {"timelines": self.timelines(), "authors": [*self.authors.values(), *self.closed.values()]}
        return Changes(rows=rows, refused=self.refused)

    def timelines(self) -> Iterator[Backfill | Closed | Delivery]:
        yield from self.closed.values()
        for photo_id, author_id in self.own.items():
            yield Delivery(photo_id, (author_id,))
        for follower_id, author_id in self.backfills:
            photo_ids = unpulled(self.recent(author_id), spans_of(self.state, author_id))
            if photo_ids:
                yield Backfill(follower_id, photo_ids)
        yield from deliveries(self.state, {author: tuple(sorted(ids)) for author, ids in self.pushes.items() if ids})


def fold_of(rules: Rules) -> Fold:
    """Return the fold of photo events and AudienceChanged into rows for `timelines` and `authors`."""

    def fold(batch: Batch, state: State) -> Changes:
        turn = Turn(state, rules.feed_depth)
        for record in batch.records:
            match record.event:
                case VariantReady(pixels=pixels) if pixels == FIRST_VARIANT:
                    fold_ready(turn, record)
                # Others may say it as often as they like; the agent `photos` dead-letters that.
                case PhotoDeleted(actor_id=actor_id, owner_id=owner_id) if actor_id in (owner_id, 0):
                    fold_deleted(turn, record.event)
                case AudienceChanged():
                    fold_audience(turn, record)
        return turn.ended()

    return fold


def fold_ready(turn: Turn, record: Record) -> None:
    """Deliver a photo that became ready, unless it was deleted, is known, or is pulled."""
    photo_id, author_id = record.event.photo_id, record.event.owner_id
    try:
        check_not_ahead("photo", photo_id, record.appended_at)
    except Nonsense as nonsense:
        turn.refused.append(Refused(record.offset, str(nonsense)))
        return
    if turn.state.get(key_of(TOMBSTONE, photo_id)) is not None or has_ended(turn.state, author_id):
        return
    recent = turn.recent(author_id)
    at = bisect_left(recent, photo_id)
    if at < len(recent) and recent[at] == photo_id:
        return
    recent.insert(at, photo_id)
    # One more than the depth is kept: whoever is given them all has a full ring, which then knows that older ones exist.
    del recent[: max(0, len(recent) - turn.depth - 1)]
    turn.authors[photo_id] = AuthorRow(author_id, photo_id)
    if is_pulled(photo_id, spans_of(turn.state, author_id)):
        turn.own[photo_id] = author_id
    else:
        turn.pushes.setdefault(author_id, set()).add(photo_id)


def fold_deleted(turn: Turn, event: PhotoDeleted) -> None:
    """Set the tombstone, and forget what was not yet delivered."""
    photo_id, author_id = event.photo_id, event.owner_id
    turn.state.put(key_of(TOMBSTONE, photo_id), b"")
    turn.authors.pop(photo_id, None)
    turn.own.pop(photo_id, None)
    turn.pushes.get(author_id, set()).discard(photo_id)
    if has_ended(turn.state, author_id):
        return
    recent = turn.recent(author_id)
    # In a full list the deleted one keeps its place, or a reader's ring that got the list would not know that older ones exist.
    if len(recent) <= turn.depth and photo_id in recent:
        recent.remove(photo_id)


def fold_audience(turn: Turn, record: Record) -> None:
    """Gain or lose a follower, begin or end a span of being pulled, or end the author."""
    event: AudienceChanged = record.event
    author_id, follower_id = event.author_id, event.follower_id
    if has_ended(turn.state, author_id):
        return
    match event.kind:
        case AudienceKind.GAINED if follower_id is not None:
            key = key_of(FOLLOWER, author_id, follower_id)
            if turn.state.get(key) is None:
                turn.state.put(key, b"")
                turn.backfills[follower_id, author_id] = None
        case AudienceKind.LOST | AudienceKind.REQUESTED if follower_id is not None:
            turn.state.delete(key_of(FOLLOWER, author_id, follower_id))
            turn.backfills.pop((follower_id, author_id), None)
        case AudienceKind.PULLED | AudienceKind.PUSHED:
            fold_spans(turn, author_id, event)
        case AudienceKind.ENDED:
            fold_ended(turn, author_id)
        case _:
            reason = f"AudienceChanged of kind {event.kind.value} with follower_id {follower_id} makes no sense"
            turn.refused.append(Refused(record.offset, reason))


def fold_spans(turn: Turn, author_id: int, event: AudienceChanged) -> None:
    """Begin or end a span; what was kept back and is not pulled any more is pushed now."""
    before = spans_of(turn.state, author_id)
    lasting = bool(before) and before[-1][1] == 0
    after = before
    if event.kind is AudienceKind.PULLED and not lasting:
        after = (*before, (event.changed_at, 0))[-MOST_SPANS:]
    elif event.kind is AudienceKind.PUSHED and lasting:
        start = before[-1][0]
        after = (*before[:-1], (start, max(start, event.changed_at)))
    turn.state.put(key_of(SPANS, author_id), packed([at for span in after for at in span]))
    missed = [p for p in turn.recent(author_id) if is_pulled(p, before) and not is_pulled(p, after)]
    turn.pushes.setdefault(author_id, set()).update(missed)


def fold_ended(turn: Turn, author_id: int) -> None:
    """Forget an author for ever, with what was not yet delivered, and close their own two rings."""
    turn.state.put(key_of(ENDED, author_id), b"")
    turn.closed[author_id] = Closed(author_id)
    turn.pushes.pop(author_id, None)
    turn.recents.pop(author_id, None)
    turn.backfills = {pair: None for pair in turn.backfills if pair[1] != author_id}
    for key, _ in items_of(turn.state, key_of(FOLLOWER, author_id)):
        turn.state.delete(key)
    turn.state.delete(key_of(RECENT, author_id))
    turn.state.delete(key_of(SPANS, author_id))


def has_ended(state: State, author_id: int) -> bool:
    return state.get(key_of(ENDED, author_id)) is not None


def spans_of(state: State, author_id: int) -> tuple[Span, ...]:
    """Return the spans (from, to) in ms in which an author is pulled; `to` is 0 while it lasts."""
    times = unpacked(state.get(key_of(SPANS, author_id)))
    return tuple(zip(times[::2], times[1::2], strict=True))


def is_pulled(photo_id: int, spans: tuple[Span, ...]) -> bool:
    """Return whether a photo is surely pulled at read; one on the very border of a span is pushed as well."""
    at = time_of(photo_id)
    return any(start < at and (not end or at < end) for start, end in spans)


def unpulled(recent: Sequence[int], spans: tuple[Span, ...]) -> tuple[int, ...]:
    """Return those of an author's photos that followers get pushed, newest first; `recent` ascends."""
    return tuple(photo_id for photo_id in reversed(recent) if not is_pulled(photo_id, spans))


def standing_timelines(state: State) -> Iterator[Backfill | Closed]:
    """Yield every author's newest photos into their own timeline, and those that are not pulled into their followers'.

    The few deleted ones among them that hold a place in a full list come along, as they do in a live backfill. The rings of
    authors who are gone are closed.
    """
    yield from standing_closed(state)
    for author_id, recent in recents_of(state):
        yield Backfill(author_id, recent[::-1])
        photo_ids = unpulled(recent, spans_of(state, author_id))
        if not photo_ids:
            continue
        for chunk in chunks_of(state, key_of(FOLLOWER, author_id)):
            for follower_id in followers_in([key for key, _ in chunk]):
                yield Backfill(follower_id, photo_ids)


def standing_authors(state: State) -> Iterator[Backfill | Closed]:
    """Yield each author's newest photos, one more than the ring holds where there were more, and who is gone."""
    yield from standing_closed(state)
    for author_id, recent in recents_of(state):
        yield Backfill(author_id, recent[::-1])


def standing_closed(state: State) -> Iterator[Closed]:
    for key, _ in items_of(state, ENDED):
        yield Closed(ids_in(key)[0])


def recents_of(state: State) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield every author who has photos, and the newest of them, ascending."""
    for key, value in items_of(state, RECENT):
        if value:
            yield ids_in(key)[0], unpacked(value)


def packed(numbers: list[int]) -> bytes:
    """Return numbers as 8 big-endian bytes each."""
    return Struct(f">{len(numbers)}Q").pack(*numbers)


def unpacked(value: bytes | None) -> tuple[int, ...]:
    """Return the numbers of 8 big-endian bytes each; none for None."""
    return Struct(f">{len(value) // ID_BYTES}Q").unpack(value) if value else ()
