"""Which follows take effect: wishes to follow, joined with the privacy of the person followed.

A wish takes effect if it was accepted, or if the account was public at any time since it was wanted; otherwise it is a
request. Both topics are folded into sets, and the outcome of a pair is a function of them (`agents.privacy`), so it does not
matter which topic is read first (I7). Deactivation is not looked at here. A deleted account ends the follows of it, and those
follows by it whose other side is in the same partition.

Whether an author is pulled (`agents.celebrity`) depends on `followers` alone, in its order: wishes are counted whether or not
they took effect, which for a public account is the same. So a replay at any speed switches at the same wish.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from agents.celebrity import Audience, audience_after
from agents.counting import all_counts, change_counts, flush_of
from agents.keys import LARGEST_ID, ids_in, key_of
from agents.printing import chunks_of, items_of, reprint_of
from agents.privacy import Outcome, Privacy, Wish, outcome_of, privacy_after
from agents.rules import Rules
from projections.rows import CelebrityRow, CounterKind, FollowerRow
from schemas.events import AudienceChanged, AudienceKind, Event, FollowerChanged, FollowingChanged, FollowState, WishState
from streams.fold import Agent, Batch, Caused, Changes, Fold, Record, Refused, State

PRIVACY = b"a"
AUDIENCE = b"c"
WISH = b"f"
# Followee, when wanted, follower: so that a change of privacy visits only those whom it may concern.
WANTED = b"w"


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


@dataclass
class Turn:
    """One batch being folded: the state and what was decided so far. Later rows of a key replace earlier ones."""

    state: State
    rules: Rules
    changes: Changes = field(default_factory=Changes)
    followers: dict[tuple[int, int], FollowerRow] = field(default_factory=dict)
    celebrities: dict[int, CelebrityRow] = field(default_factory=dict)
    counted: dict[int, int] = field(default_factory=dict)

    def says(self, record: Record, event_type: type[Event], **fields: object) -> None:
        cause = record.event
        common = {"event_id": "", "occurred_at": cause.occurred_at, "actor_id": cause.actor_id, "trace": cause.trace}
        self.changes.events.append(Caused(record.offset, event_type(**common, source="follows", **fields)))

    def settle(self, record: Record, followee_id: int, follower_id: int, before: Outcome, after: Outcome) -> None:
        """Say what a pair is now, also when that is what it was.

        A worker may die between saying and remembering, and the next one may read the two topics in another order: what was
        said then and is not so is only corrected because every record that may concern a pair says it again.
        """
        self.followers[followee_id, follower_id] = follower_row(followee_id, follower_id, after)
        follows = after.state is FollowState.FOLLOWING
        gained = follows - (before.state is FollowState.FOLLOWING)
        self.counted[followee_id] = self.counted.get(followee_id, 0) + gained
        since = record.event.occurred_at if after.state is FollowState.NONE else after.since
        self.says(record, FollowingChanged, follower_id=follower_id, followee_id=followee_id, state=after.state, since=since)
        self.says(
            record,
            AudienceChanged,
            author_id=followee_id,
            kind=AudienceKind.GAINED if follows else AudienceKind.LOST,
            follower_id=follower_id,
            changed_at=since if follows else record.event.occurred_at,
        )


def fold_of(rules: Rules) -> Fold:
    """Return the fold of account events and FollowerChanged into follows, their counts and the pulled authors."""

    def fold(batch: Batch, state: State) -> Changes:
        turn = Turn(state, rules)
        for record in batch.records:
            if isinstance(record.event, FollowerChanged):
                fold_wish(turn, record)
            else:
                fold_account(turn, record)
        turn.changes.rows = {
            "followers": list(turn.followers.values()),
            "celebrities": list(turn.celebrities.values()),
            "counters": change_counts(state, CounterKind.USER_FOLLOWERS, turn.counted),
        }
        return turn.changes

    return fold


def fold_wish(turn: Turn, record: Record) -> None:
    """Set one pair's wish, and see what becomes of it."""
    event: FollowerChanged = record.event
    if event.wish is WishState.UNKNOWN:
        turn.changes.refused.append(Refused(record.offset, "wish UNKNOWN: a newer agent wrote it; upgrade this one and replay"))
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
        turn.says(record, AudienceChanged, author_id=author_id, kind=switch, changed_at=span_end or span_start)


def fold_account(turn: Turn, record: Record) -> None:
    """Set one account's privacy, and see what becomes of the wishes that it may concern."""
    user_id = record.event.user_id
    before = read_privacy(turn.state, user_id)
    after, affected_from = privacy_after(before, record.event)
    if after == before:
        return
    turn.state.put(key_of(PRIVACY, user_id), msgspec.msgpack.encode(after))
    for follower_id in who_wanted(turn.state, user_id, affected_from):
        wish = read_wish(turn.state, follower_id, user_id)
        turn.settle(record, user_id, follower_id, outcome_of(before, wish), outcome_of(after, wish))
    if after.deleted:
        turn.celebrities[user_id] = celebrity_row(user_id, Audience(), after)
        end_follows_by(turn, record, user_id)


def end_follows_by(turn: Turn, record: Record, user_id: int) -> None:
    """End what a deleted person follows. The wishes stay counted: an author's switch depends on `followers` alone."""
    for key, _ in items_of(turn.state, key_of(WISH, user_id)):
        _, followee_id = ids_in(key)
        wish = read_wish(turn.state, user_id, followee_id)
        gone = msgspec.structs.replace(wish, gone=True)
        turn.state.put(key, msgspec.msgpack.encode(gone))
        privacy = read_privacy(turn.state, followee_id)
        turn.settle(record, followee_id, user_id, outcome_of(privacy, wish), outcome_of(privacy, gone))


def read_privacy(state: State, user_id: int) -> Privacy:
    found = state.get(key_of(PRIVACY, user_id))
    return Privacy() if found is None else msgspec.msgpack.decode(found, type=Privacy)


def read_wish(state: State, follower_id: int, followee_id: int) -> Wish:
    found = state.get(key_of(WISH, follower_id, followee_id))
    return Wish() if found is None else msgspec.msgpack.decode(found, type=Wish)


def write_wish(state: State, follower_id: int, followee_id: int, before: Wish, after: Wish) -> None:
    """Keep a wish, and the place of it in the order in which the account was wanted."""
    if before.state is not WishState.NONE:
        state.delete(key_of(WANTED, followee_id, before.wanted_at, follower_id))
    if after.state is WishState.NONE:
        state.delete(key_of(WISH, follower_id, followee_id))
    else:
        state.put(key_of(WISH, follower_id, followee_id), msgspec.msgpack.encode(after))
        state.put(key_of(WANTED, followee_id, after.wanted_at, follower_id), b"")


def who_wanted(state: State, followee_id: int, since: int) -> Iterator[int]:
    """Yield those who wished to follow a person at that time (ms) or later, in the order of their wishes."""
    after = key_of(WANTED, followee_id, since - 1, LARGEST_ID) if since > 0 else None
    for key, _ in items_of(state, key_of(WANTED, followee_id), after):
        yield ids_in(key)[2]


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


def privacies_of(state: State, user_ids: Sequence[int]) -> dict[int, Privacy]:
    asked = list(dict.fromkeys(user_ids))
    found = state.get_many([key_of(PRIVACY, user_id) for user_id in asked])
    decoded = (Privacy() if value is None else msgspec.msgpack.decode(value, type=Privacy) for value in found)
    return dict(zip(asked, decoded, strict=True))
