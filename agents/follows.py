"""Which follows take effect: wishes to follow, joined with the privacy of the person followed and with who is here.

A wish takes effect if it was accepted, or if the account was public at any time since it was wanted; otherwise it is a
request. While either of the two hides (is deactivated) there is nothing, and then the same again; whoever is gone is gone for
ever. All topics are folded into sets, and the outcome of a pair is a function of them (`agents.privacy`), so it does not
matter which is read first (I7).

The audience, from which feeds are filled, does not look at who hides for a time: nobody's feed need be filled again because
somebody came back, and readers filter.

A record about a person may concern all their followers, or all whom they follow. What becomes of them is counted in passing,
and read again, chunk by chunk, when their rows are written and when their events are said: the state stands still until then
(decision 31).

Whether an author is pulled (`agents.celebrity`) depends on `followers` alone, in its order: wishes are counted whether or not
they took effect, which for a public account is the same. So a replay at any speed switches at the same wish.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from agents.celebrity import Audience, audience_after
from agents.counting import all_counts, change_counts, flush_of
from agents.keys import ids_in, key_of
from agents.presence import UNKNOWN_PRESENCE, absent_among, presence_of, set_presence
from agents.printing import chunks_of, items_of, reprint_of
from agents.privacy import Outcome, Privacy, Wish, lasting_of, outcome_of, privacy_after
from agents.rules import Rules
from agents.wishes import (
    PRIVACY,
    WISH,
    FollowedBy,
    FollowersOf,
    Scan,
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
from schemas.events import (
    AudienceChanged,
    AudienceKind,
    Event,
    FollowerChanged,
    FollowingChanged,
    FollowState,
    Presence,
    PresenceChanged,
    WishState,
)
from streams.fold import Agent, Batch, Caused, Changes, Fold, Record, Refused, State

AUDIENCE = b"c"


def agent(rules: Rules) -> Agent:
    """Return the agent `follows`, which calls authors pulled by these rules."""
    counts = all_counts(CounterKind.USER_FOLLOWERS)
    return Agent(
        name="follows",
        role="people",
        sources=("accounts", "followers", "presences"),
        fold=fold_of(rules),
        flush=flush_of(CounterKind.USER_FOLLOWERS),
        writes=("followers", "celebrities", "counters", "counter_rows"),
        emits=("followings", "audience"),
        reprint=reprint_of(
            followers=standing_followers, celebrities=standing_celebrities, counters=counts, counter_rows=counts
        ),
        # 2: also who hides or is gone; no wish remembers that its follower is gone.
        state_version=2,
    )


@dataclass
class Turn:
    """One batch being folded: the state and what was decided so far. Later rows of a key replace earlier ones.

    `said` stands in the order of the records: an event, or a scan whose events are made when they are taken. `scans` are those
    whose rows are, by what they go through.
    """

    state: State
    rules: Rules
    followers: dict[tuple[int, int], FollowerRow] = field(default_factory=dict)
    celebrities: dict[int, CelebrityRow] = field(default_factory=dict)
    counted: dict[int, int] = field(default_factory=dict)
    said: list[Caused | Scan] = field(default_factory=list)
    scans: dict[tuple[type, int], Scan] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def settle(self, record: Record, pair: tuple[int, int], before: Outcome, after: Outcome, lasting: Outcome) -> None:
        """Say what a pair = (followee, follower) is now, also when that is what it was.

        A worker may die between saying and remembering, and the next one may read the topics in another order: what was
        said then and is not so is only corrected because every record that may concern a pair says it again.
        """
        self.followers[pair] = follower_row(*pair, after)
        self.count(pair[0], before, after)
        self.said += [told_follower(record, *pair, after), told_audience(record, *pair, lasting)]

    def count(self, followee_id: int, before: Outcome, after: Outcome) -> None:
        gained = (after.state is FollowState.FOLLOWING) - (before.state is FollowState.FOLLOWING)
        self.counted[followee_id] = self.counted.get(followee_id, 0) + gained

    def scan(self, scan: Scan) -> None:
        """Say what many pairs are now; their rows are written once, however many records of the batch concern them."""
        self.said.append(scan)
        key = (type(scan), scan.user_id)
        before = self.scans.get(key, scan)
        self.scans[key] = replace(scan, since=min(scan.since, before.since))

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
            for followee_id, follower_id, outcome, _ in scan.judged(self.state):
                yield follower_row(followee_id, follower_id, outcome)

    def _events(self) -> Iterator[Caused]:
        for one in self.said:
            if isinstance(one, Caused):
                yield one
                continue
            for followee_id, follower_id, outcome, lasting in one.judged(self.state):
                yield told_follower(one.record, followee_id, follower_id, outcome)
                if one.whole:
                    yield told_audience(one.record, followee_id, follower_id, lasting)


AUDIENCE_KINDS = {
    FollowState.FOLLOWING: AudienceKind.GAINED,
    FollowState.REQUESTED: AudienceKind.REQUESTED,
    FollowState.NONE: AudienceKind.LOST,
}


def told_follower(record: Record, followee_id: int, follower_id: int, outcome: Outcome) -> Caused:
    """Return what is said of a pair to the follower's side."""
    since = record.event.occurred_at if outcome.state is FollowState.NONE else outcome.since
    return caused_by(
        record, FollowingChanged, follower_id=follower_id, followee_id=followee_id, state=outcome.state, since=since
    )


def told_audience(record: Record, author_id: int, follower_id: int, lasting: Outcome) -> Caused:
    """Return what is said of a pair as a part of the followee's audience."""
    at = record.event.occurred_at if lasting.state is FollowState.NONE else lasting.since
    kind = AUDIENCE_KINDS[lasting.state]
    return caused_by(record, AudienceChanged, author_id=author_id, kind=kind, follower_id=follower_id, changed_at=at)


def caused_by(record: Record, event_type: type[Event], **fields: object) -> Caused:
    cause = record.event
    common = {"event_id": "", "occurred_at": cause.occurred_at, "actor_id": cause.actor_id, "trace": cause.trace}
    return Caused(record.offset, event_type(**common, source="follows", **fields))


def fold_of(rules: Rules) -> Fold:
    """Return the fold of account events, presences and FollowerChanged into follows, their counts and the pulled authors."""

    def fold(batch: Batch, state: State) -> Changes:
        turn = Turn(state, rules)
        for record in batch.records:
            match record.event:
                case FollowerChanged():
                    fold_wish(turn, record)
                case PresenceChanged():
                    fold_presence(turn, record)
                case _:
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
    privacy, follower = read_privacy(turn.state, followee_id), presence_of(turn.state, follower_id)
    before = read_wish(turn.state, follower_id, followee_id)
    after = Wish(
        state=event.wish,
        wanted_at=event.wanted_at,
        accepted_at=event.occurred_at if event.wish is WishState.ACCEPTED else 0,
    )
    write_wish(turn.state, follower_id, followee_id, before, after)
    outcomes = outcome_of(privacy, before, follower), outcome_of(privacy, after, follower)
    turn.settle(record, (followee_id, follower_id), *outcomes, lasting_of(privacy, after, follower))
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
        # No switch is before the last one, whatever the clocks of two edges say.
        switched_at = after.pulled[-1][0] if after.is_pulled() else max(at, before.pulled[-1][0])
        turn.said.append(caused_by(record, AudienceChanged, author_id=author_id, kind=switch, changed_at=switched_at))


def fold_account(turn: Turn, record: Record) -> None:
    """Set one account's privacy, and see what becomes of the wishes that it may concern."""
    user_id = record.event.user_id
    before = read_privacy(turn.state, user_id)
    after, affected_from = privacy_after(before, record.event)
    if after == before:
        return
    turn.state.put(key_of(PRIVACY, user_id), msgspec.msgpack.encode(after))
    for chunk in in_chunks(pairs_wanted(turn.state, user_id, affected_from)):
        absent = absent_among(turn.state, [follower_id for _, follower_id in chunk])
        for (_, follower_id), wish in zip(chunk, wishes_of(turn.state, chunk), strict=True):
            follower = absent.get(follower_id, Presence.HERE)
            turn.count(user_id, outcome_of(before, wish, follower), outcome_of(after, wish, follower))
    # Who hides or comes back is no news for the audience.
    whole = msgspec.structs.replace(after, away=before.away) != before
    turn.scan(FollowersOf(record, user_id, whole, after, affected_from))
    if after.deleted:
        turn.celebrities[user_id] = celebrity_row(user_id, Audience(), after)
        at = record.event.occurred_at
        turn.said.append(caused_by(record, AudienceChanged, author_id=user_id, kind=AudienceKind.ENDED, changed_at=at))


def fold_presence(turn: Turn, record: Record) -> None:
    """Set whether somebody is here, and see what becomes of their wishes, which stand and stay counted for who is pulled."""
    user_id = record.event.user_id
    if record.event.presence is Presence.UNKNOWN:
        turn.refused.append(Refused(record.offset, UNKNOWN_PRESENCE))
        return
    before, after = set_presence(turn.state, record.event)
    if after is before:
        return
    for chunk in in_chunks(pairs_wished_by(turn.state, user_id)):
        privacies = privacies_of(turn.state, [followee_id for followee_id, _ in chunk])
        for (followee_id, _), wish in zip(chunk, wishes_of(turn.state, chunk), strict=True):
            privacy = privacies[followee_id]
            turn.count(followee_id, outcome_of(privacy, wish, before), outcome_of(privacy, wish, after))
    turn.scan(FollowedBy(record, user_id, after is Presence.GONE, after))


def follower_row(followee_id: int, follower_id: int, outcome: Outcome) -> FollowerRow:
    return FollowerRow(followee_id, follower_id, outcome.state.value, outcome.since)


def celebrity_row(author_id: int, audience: Audience, privacy: Privacy) -> CelebrityRow:
    return CelebrityRow(author_id, () if privacy.deleted else audience.pulled)


def standing_followers(state: State) -> Iterator[FollowerRow]:
    """Yield the row of every wish that took effect or is a request, of people who are here."""
    for chunk in chunks_of(state, WISH):
        pairs = [ids_in(key) for key, _ in chunk]
        privacies = privacies_of(state, [followee_id for _, followee_id in pairs])
        absent = absent_among(state, [follower_id for follower_id, _ in pairs])
        for (follower_id, followee_id), (_, value) in zip(pairs, chunk, strict=True):
            wish, follower = msgspec.msgpack.decode(value, type=Wish), absent.get(follower_id, Presence.HERE)
            outcome = outcome_of(privacies[followee_id], wish, follower)
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
