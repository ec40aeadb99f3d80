"""What filters need to know about a reader: whom they follow and asked, whom they block and mute, and who blocks them."""

from collections.abc import Iterable, Iterator
from struct import Struct

from agents.counting import change_counts, flush_of
from agents.keys import ids_in, key_of
from projections.rows import BarrierRow, CounterKind, FollowingRow, ViewerRow
from schemas.events import BarrierChanged, FollowingChanged, FollowState
from streams.fold import Agent, Batch, Changes, Refused, State

FOLLOWED = b"f"
BARRED = b"b"
FOLLOWING, REQUESTED = b"F", b"R"
# Whether the reader blocks, is blocked, mutes; and the end of the mute, 0 for ever.
BARRIER = Struct(">???q")


def agent() -> Agent:
    """Return the agent `viewers`."""
    return Agent(
        name="viewers",
        role="people",
        sources=("followings", "barriers"),
        fold=fold,
        flush=flush_of(CounterKind.USER_FOLLOWING),
        writes=("followings", "barriers", "viewers", "counters", "counter_rows"),
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
                followings[user_id, event.followee_id] = following_row(event)
            case BarrierChanged(user_id=user_id):
                touched[user_id] = None
                set_barrier(state, event)
                barriers[user_id, event.other_id] = barrier_row(event)
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
    was = state.get(key) == FOLLOWING
    if event.state is FollowState.NONE:
        state.delete(key)
    else:
        state.put(key, FOLLOWING if event.state is FollowState.FOLLOWING else REQUESTED)
    return (event.state is FollowState.FOLLOWING) - was


def following_row(event: FollowingChanged) -> FollowingRow:
    since = 0 if event.state is FollowState.NONE else event.since
    return FollowingRow(event.follower_id, event.followee_id, event.state.value, since)


def set_barrier(state: State, event: BarrierChanged) -> None:
    key = key_of(BARRED, event.user_id, event.other_id)
    blocking, muting = event.blocking_since is not None, event.muting_since is not None
    if blocking or event.blocked_by or muting:
        state.put(key, BARRIER.pack(blocking, event.blocked_by, muting, event.muted_until or 0))
    else:
        state.delete(key)


def barrier_row(event: BarrierChanged) -> BarrierRow:
    return BarrierRow(
        event.user_id, event.other_id, event.blocking_since, event.blocked_by, event.muting_since, event.muted_until
    )


def viewer_rows(state: State, user_ids: Iterable[int]) -> Iterator[ViewerRow]:
    """Yield one row for each reader as they stand now; lazily, since one row is as large as a reader's relations."""
    for user_id in user_ids:
        yield viewer_row(state, user_id)


def viewer_row(state: State, user_id: int) -> ViewerRow:
    followed = [(ids_in(key)[1], value) for key, value in state.scan(key_of(FOLLOWED, user_id))]
    barred = [(ids_in(key)[1], BARRIER.unpack(value)) for key, value in state.scan(key_of(BARRED, user_id))]
    return ViewerRow(
        user_id=user_id,
        following=tuple(other for other, value in followed if value == FOLLOWING),
        requested=tuple(other for other, value in followed if value == REQUESTED),
        blocking=tuple(other for other, (blocking, _, _, _) in barred if blocking),
        blocked_by=tuple(other for other, (_, blocked_by, _, _) in barred if blocked_by),
        mutes=tuple((other, until) for other, (_, _, muting, until) in barred if muting),
    )
