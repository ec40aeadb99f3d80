"""Which follows take effect: wishes to follow, joined with the privacy of the person followed.

A wish takes effect if it was accepted, or if the account was public at any time since it was wanted; otherwise it is a
request. Both topics are folded into sets, and the outcome of a pair is a function of them (`agents.privacy`), so it does not
matter which topic is read first (I7). Deactivation is not looked at here. A deleted account ends the follows of it, and those
follows by it whose other side is in the same partition.

A record about an account may concern all its followers. What becomes of them is counted in passing, and read again, chunk by
chunk, when their rows are written and when their events are said: the state stands still until then (decision 31).

Whether an author is pulled (`agents.celebrity`) depends on `followers` alone, in its order: wishes are counted whether or not
they took effect, which for a public account is the same. So a replay at any speed switches at the same wish.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from agents.celebrity import Audience, audience_after
from agents.counting import all_counts, change_counts, flush_of
from agents.keys import ids_in, key_of
from agents.printing import chunks_of, items_of, reprint_of
from agents.privacy import NOTHING, Outcome, Privacy, Wish, outcome_of, privacy_after
from agents.rules import Rules
from agents.wishes import (
    PRIVACY,
    WANTED,
    WISH,
    Pair,
    in_chunks,
    pairs_wanted,
    pairs_wished_by,
    privacies_of,
    read_privacy,
    read_wish,
    wishes_of,
    write_wish,
)
from projections.rows import CelebrityRow, CounterKind, FollowerRow
from schemas.events import AudienceChanged, AudienceKind, Event, FollowerChanged, FollowingChanged, FollowState, WishState
from streams.fold import Agent, Batch, Caused, Changes, Fold, Record, Refused, State

AUDIENCE = b"c"


def agent(rules: Rules) -> Agent:
    """Return the agent `follows`, which calls authors pulled by these rules."""
    counts = all_counts(CounterKind.USER_FOLLOWERS)
    return Agent(
        name="follows",
        role="people",
        sources=("accounts", "followers"),
        fold=fold_of(rules),
        flush=flush_of(CounterKind.USER_FOLLOWERS),
        writes=("followers", "celebrities", "counters", "counter_rows"),
        emits=("followings", "audience"),
        reprint=reprint_of(
            followers=standing_followers, celebrities=standing_celebrities, counters=counts, counter_rows=counts
        ),
    )


@dataclass(frozen=True)
class Scan:
    """Pairs that a record concerns, however many, and the privacy of who is followed after it.

    `pairs(since)` yields those wanted at that time (ms) or later.
    """

    record: Record
    privacy: Privacy
    since: int
    pairs: Callable[[int], Iterator[Pair]]

    def wishes(self, state: State) -> Iterator[tuple[int, int, Wish]]:
        """Yield followee, follower and what is wished when it is taken."""
        for chunk in in_chunks(self.pairs(self.since)):
            for (followee_id, follower_id), wish in zip(chunk, wishes_of(state, chunk), strict=True):
                yield followee_id, follower_id, wish


@dataclass
class Turn:
    """One batch being folded: the state and what was decided so far. Later rows of a key replace earlier ones.

    `said` stands in the order of the records: an event, or a scan whose events are made when they are taken. `scans` are those
    whose rows are, by what they go through. `gone` are the offsets of the records that deleted somebody.
    """

    state: State
    rules: Rules
    followers: dict[tuple[int, int], FollowerRow] = field(default_factory=dict)
    celebrities: dict[int, CelebrityRow] = field(default_factory=dict)
    counted: dict[int, int] = field(default_factory=dict)
    said: list[Caused | Scan] = field(default_factory=list)
    scans: dict[tuple[bytes, int], Scan] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def settle(self, record: Record, followee_id: int, follower_id: int, before: Outcome, after: Outcome) -> None:
        """Say what a pair is now, also when that is what it was.

        A worker may die between saying and remembering, and the next one may read the two topics in another order: what was
        said then and is not so is only corrected because every record that may concern a pair says it again.
        """
        self.followers[followee_id, follower_id] = follower_row(followee_id, follower_id, after)
        self.count(followee_id, before, after)
        self.said += words(record, followee_id, follower_id, after)

    def count(self, followee_id: int, before: Outcome, after: Outcome) -> None:
        gained = (after.state is FollowState.FOLLOWING) - (before.state is FollowState.FOLLOWING)
        self.counted[followee_id] = self.counted.get(followee_id, 0) + gained

    def scan(self, family: bytes, user_id: int, scan: Scan) -> None:
        """Say what many pairs are now; their rows are written once, however many records of the batch concern them."""
        self.said.append(scan)
        before = self.scans.get((family, user_id), scan)
        self.scans[family, user_id] = replace(scan, since=min(scan.since, before.since))

    def ended(self) -> Changes:
        """Keep the counts and return what was decided."""
        rows = {
            "followers": self._rows() if self.scans else list(self.followers.values()),
            "celebrities": list(self.celebrities.values()),
            "counters": change_counts(self.state, CounterKind.USER_FOLLOWERS, self.counted),
        }
        return Changes(rows=rows, events=self._events() if self.scans else self.said, refused=self.refused)

    def _rows(self) -> Iterator[FollowerRow]:
        yield from self.followers.values()
        for scan in self.scans.values():
            for followee_id, follower_id, wish in scan.wishes(self.state):
                yield follower_row(followee_id, follower_id, outcome_of(scan.privacy, wish))

    def _events(self) -> Iterator[Caused]:
        for one in self.said:
            if isinstance(one, Caused):
                yield one
                continue
            for followee_id, follower_id, wish in one.wishes(self.state):
                outcome = outcome_of(one.privacy, self._as_of(one.record, follower_id, wish))
                yield from words(one.record, followee_id, follower_id, outcome)

    def _as_of(self, record: Record, follower_id: int, wish: Wish) -> Wish:
        """Return a wish as it was after a record: a batch of account events changes nothing of it but that somebody is gone."""
        return msgspec.structs.replace(wish, gone=False) if self.gone.get(follower_id, 0) > record.offset else wish


def words(record: Record, followee_id: int, follower_id: int, outcome: Outcome) -> tuple[Caused, Caused]:
    """Return what is said of a pair: to the follower's side, and of the followee's audience."""
    at = record.event.occurred_at
    since = at if outcome.state is FollowState.NONE else outcome.since
    follows = outcome.state is FollowState.FOLLOWING
    return (
        caused_by(record, FollowingChanged, follower_id=follower_id, followee_id=followee_id, state=outcome.state, since=since),
        caused_by(
            record,
            AudienceChanged,
            author_id=followee_id,
            kind=AudienceKind.GAINED if follows else AudienceKind.LOST,
            follower_id=follower_id,
            changed_at=since if follows else at,
        ),
    )


def caused_by(record: Record, event_type: type[Event], **fields: object) -> Caused:
    cause = record.event
    common = {"event_id": "", "occurred_at": cause.occurred_at, "actor_id": cause.actor_id, "trace": cause.trace}
    return Caused(record.offset, event_type(**common, source="follows", **fields))


def fold_of(rules: Rules) -> Fold:
    """Return the fold of account events and FollowerChanged into follows, their counts and the pulled authors."""

    def fold(batch: Batch, state: State) -> Changes:
        turn = Turn(state, rules)
        for record in batch.records:
            if isinstance(record.event, FollowerChanged):
                fold_wish(turn, record)
            else:
                fold_account(turn, record)
        return turn.ended()

    return fold


def fold_wish(turn: Turn, record: Record) -> None:
    """Set one pair's wish, and see what becomes of it."""
    event: FollowerChanged = record.event
    if event.wish is WishState.UNKNOWN:
        turn.refused.append(Refused(record.offset, "wish UNKNOWN: a newer agent wrote it; upgrade this one and replay"))
        return
    followee_id, follower_id = event.followee_id, event.follower_id
    privacy = read_privacy(turn.state, followee_id)
    before = read_wish(turn.state, follower_id, followee_id)
    after = Wish(
        state=event.wish,
        wanted_at=event.wanted_at,
        accepted_at=event.occurred_at if event.wish is WishState.ACCEPTED else 0,
        gone=read_privacy(turn.state, follower_id).deleted,
    )
    write_wish(turn.state, follower_id, followee_id, before, after)
    turn.settle(record, followee_id, follower_id, outcome_of(privacy, before), outcome_of(privacy, after))
    count_wish(turn, record, privacy, (after.state is not WishState.NONE) - (before.state is not WishState.NONE))


def count_wish(turn: Turn, record: Record, privacy: Privacy, change: int) -> None:
    """Count a wish that came or went, and switch its author, if there still is one, between pushed and pulled."""
    if change == 0:
        return
    author_id, at = record.event.followee_id, record.event.occurred_at
    found = turn.state.get(key_of(AUDIENCE, author_id))
    before = Audience() if found is None else msgspec.msgpack.decode(found, type=Audience)
    after, switch = audience_after(before, change, at, turn.rules)
    turn.state.put(key_of(AUDIENCE, author_id), msgspec.msgpack.encode(after))
    if switch is not None and not privacy.deleted:
        turn.celebrities[author_id] = celebrity_row(author_id, after, privacy)
        span_start, span_end = after.pulled[-1]
        switched = caused_by(record, AudienceChanged, author_id=author_id, kind=switch, changed_at=span_end or span_start)
        turn.said.append(switched)


def fold_account(turn: Turn, record: Record) -> None:
    """Set one account's privacy, and see what becomes of the wishes that it may concern."""
    user_id = record.event.user_id
    before = read_privacy(turn.state, user_id)
    after, affected_from = privacy_after(before, record.event)
    if after == before:
        return
    turn.state.put(key_of(PRIVACY, user_id), msgspec.msgpack.encode(after))
    for chunk in in_chunks(pairs_wanted(turn.state, user_id, affected_from)):
        for wish in wishes_of(turn.state, chunk):
            turn.count(user_id, outcome_of(before, wish), outcome_of(after, wish))
    turn.scan(WANTED, user_id, Scan(record, after, affected_from, partial(pairs_wanted, turn.state, user_id)))
    if after.deleted:
        turn.celebrities[user_id] = celebrity_row(user_id, Audience(), after)
        end_follows_by(turn, record, user_id)


def end_follows_by(turn: Turn, record: Record, user_id: int) -> None:
    """End what a deleted person follows. The wishes stay counted: an author's switch depends on `followers` alone."""
    for chunk in in_chunks(pairs_wished_by(turn.state, user_id)):
        privacies = privacies_of(turn.state, [followee_id for followee_id, _ in chunk])
        for (followee_id, _), wish in zip(chunk, wishes_of(turn.state, chunk), strict=True):
            gone = msgspec.structs.replace(wish, gone=True)
            turn.state.put(key_of(WISH, user_id, followee_id), msgspec.msgpack.encode(gone))
            turn.count(followee_id, outcome_of(privacies[followee_id], wish), NOTHING)
    turn.gone[user_id] = record.offset
    # Whatever the privacy of those followed, nothing becomes of a wish whose follower is gone.
    turn.scan(WISH, user_id, Scan(record, Privacy(), 0, lambda _since: pairs_wished_by(turn.state, user_id)))


def follower_row(followee_id: int, follower_id: int, outcome: Outcome) -> FollowerRow:
    return FollowerRow(followee_id, follower_id, outcome.state.value, outcome.since)


def celebrity_row(author_id: int, audience: Audience, privacy: Privacy) -> CelebrityRow:
    return CelebrityRow(author_id, () if privacy.deleted else audience.pulled)


def standing_followers(state: State) -> Iterator[FollowerRow]:
    """Yield the row of every wish that took effect or is a request."""
    for chunk in chunks_of(state, WISH):
        pairs = [ids_in(key) for key, _ in chunk]
        privacies = privacies_of(state, [followee_id for _, followee_id in pairs])
        for (follower_id, followee_id), (_, value) in zip(pairs, chunk, strict=True):
            outcome = outcome_of(privacies[followee_id], msgspec.msgpack.decode(value, type=Wish))
            if outcome.state is not FollowState.NONE:
                yield follower_row(followee_id, follower_id, outcome)


def standing_celebrities(state: State) -> Iterator[CelebrityRow]:
    """Yield the row of every author, not deleted, who is pulled or once was."""
    for key, value in items_of(state, AUDIENCE):
        audience = msgspec.msgpack.decode(value, type=Audience)
        if audience.pulled:
            author_id = ids_in(key)[0]
            row = celebrity_row(author_id, audience, read_privacy(state, author_id))
            if row.spans:
                yield row
