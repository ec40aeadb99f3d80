"""What filters need to know about a reader: whom they follow and asked, whom they block and mute, and who blocks them."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby
from struct import Struct

import msgspec

from agents.counting import all_counts, change_counts, flush_of
from agents.keys import ids_in, key_of
from agents.printing import first_ids, items_of, reprint_of
from projections.rows import BarrierRow, CounterKind, FollowingRow, ViewerRow
from schemas.events import BarrierChanged, FollowingChanged, FollowState
from streams.fold import Agent, Batch, Changes, Refused, State

FOLLOWED = b"f"
BARRED = b"b"
# What the follow is, and since when in ms.
FOLLOW = Struct(">1sq")
FOLLOWING, REQUESTED = b"F", b"R"


class Barrier(msgspec.Struct, array_like=True, frozen=True):
    """What stands between a reader and another, as `relations` said it last; times in ms."""

    blocking_since: int | None
    blocked_by: bool
    muting_since: int | None
    muted_until: int | None

    def stands(self) -> bool:
        return self.blocking_since is not None or self.blocked_by or self.muting_since is not None


def agent() -> Agent:
    """Return the agent `viewers`."""
    counts = all_counts(CounterKind.USER_FOLLOWING)
    return Agent(
        name="viewers",
        role="people",
        sources=("followings", "barriers"),
        fold=fold,
        flush=flush_of(CounterKind.USER_FOLLOWING),
        writes=("followings", "barriers", "viewers", "counters", "counter_rows"),
        reprint=reprint_of(
            followings=standing_followings,
            barriers=standing_barriers,
            viewers=standing_viewers,
            counters=counts,
            counter_rows=counts,
        ),
        # 2: also since when a follow, a block and a mute are.
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold FollowingChanged and BarrierChanged, both absolute, into one row a pair and one row for each touched reader."""
    touched: dict[int, None] = {}
    counted: dict[int, int] = {}
    followings: dict[tuple[int, int], FollowingRow] = {}
    barriers: dict[tuple[int, int], BarrierRow] = {}
    refused = []
    for record in batch.records:
        event = record.event
        match event:
            case FollowingChanged(state=FollowState.UNKNOWN):
                refused.append(Refused(record.offset, "state UNKNOWN: a newer agent wrote it; upgrade this one and replay"))
            case FollowingChanged(follower_id=user_id):
                touched[user_id] = None
                counted[user_id] = counted.get(user_id, 0) + set_following(state, event)
                followings[user_id, event.followee_id] = following_row(user_id, event.followee_id, event.state, event.since)
            case BarrierChanged(user_id=user_id):
                touched[user_id] = None
                barriers[user_id, event.other_id] = barrier_row(user_id, event.other_id, set_barrier(state, event))
    return Changes(
        rows={
            "followings": list(followings.values()),
            "barriers": list(barriers.values()),
            "viewers": viewer_rows(state, touched),
            "counters": change_counts(state, CounterKind.USER_FOLLOWING, counted),
        },
        refused=refused,
    )


def set_following(state: State, event: FollowingChanged) -> int:
    """Keep what the follow is now, and return by how much the number of followed people changed."""
    key = key_of(FOLLOWED, event.follower_id, event.followee_id)
    was = (state.get(key) or b"").startswith(FOLLOWING)
    if event.state is FollowState.NONE:
        state.delete(key)
    else:
        state.put(key, FOLLOW.pack(FOLLOWING if event.state is FollowState.FOLLOWING else REQUESTED, event.since))
    return (event.state is FollowState.FOLLOWING) - was


def following_row(follower_id: int, followee_id: int, state: FollowState, since: int) -> FollowingRow:
    return FollowingRow(follower_id, followee_id, state.value, 0 if state is FollowState.NONE else since)


def set_barrier(state: State, event: BarrierChanged) -> Barrier:
    """Keep what stands between the two now, and return it."""
    key = key_of(BARRED, event.user_id, event.other_id)
    barrier = Barrier(event.blocking_since, event.blocked_by, event.muting_since, event.muted_until)
    if barrier.stands():
        state.put(key, msgspec.msgpack.encode(barrier))
    else:
        state.delete(key)
    return barrier


def barrier_row(user_id: int, other_id: int, barrier: Barrier) -> BarrierRow:
    return BarrierRow(user_id, other_id, barrier.blocking_since, barrier.blocked_by, barrier.muting_since, barrier.muted_until)


def read_barrier(value: bytes) -> Barrier:
    return msgspec.msgpack.decode(value, type=Barrier)


def viewer_rows(state: State, user_ids: Iterable[int]) -> Iterator[ViewerRow]:
    """Yield one row for each reader as they stand now; lazily, since one row is as large as a reader's relations."""
    for user_id in user_ids:
        yield viewer_row(state, user_id)


def viewer_row(state: State, user_id: int) -> ViewerRow:
    followed = [(ids_in(key)[1], value[:1]) for key, value in state.scan(key_of(FOLLOWED, user_id))]
    barred = [(ids_in(key)[1], read_barrier(value)) for key, value in state.scan(key_of(BARRED, user_id))]
    return ViewerRow(
        user_id=user_id,
        following=tuple(other for other, value in followed if value == FOLLOWING),
        requested=tuple(other for other, value in followed if value == REQUESTED),
        blocking=tuple(other for other, barrier in barred if barrier.blocking_since is not None),
        blocked_by=tuple(other for other, barrier in barred if barrier.blocked_by),
        mutes=tuple((other, barrier.muted_until or 0) for other, barrier in barred if barrier.muting_since is not None),
    )


def standing_viewers(state: State) -> Iterator[ViewerRow]:
    """Yield the row of every reader with any relation, followed or barred."""
    user_ids = heapq.merge(first_ids(state, FOLLOWED), first_ids(state, BARRED))
    return viewer_rows(state, (user_id for user_id, _ in groupby(user_ids)))


def standing_followings(state: State) -> Iterator[FollowingRow]:
    """Yield the row of every follow and every request."""
    states = {FOLLOWING: FollowState.FOLLOWING, REQUESTED: FollowState.REQUESTED}
    for key, value in items_of(state, FOLLOWED):
        kind, since = FOLLOW.unpack(value)
        yield following_row(*ids_in(key), states[kind], since)


def standing_barriers(state: State) -> Iterator[BarrierRow]:
    """Yield the row of every block and every mute, seen from each side that has one."""
    for key, value in items_of(state, BARRED):
        yield barrier_row(*ids_in(key), read_barrier(value))
