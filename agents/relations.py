"""What two people do to each other, decided in the one order that the pair's own topic gives.

Whether a wish to follow becomes a follow depends on privacy, which is not known here: `follows` joins it. How many follow is
not counted here.
"""

from collections.abc import Iterator

import msgspec

from agents.keys import key_of
from schemas.events import BarrierChanged, Event, FollowerChanged, RelationChanged, RelationKind, WishState
from streams.fold import Agent, Batch, Caused, Changes, Refused, State

PAIR = b"p"


class Side(msgspec.Struct, array_like=True, frozen=True):
    """What one person of a pair wants of, and holds against, the other. Times in ms; None: does not."""

    wish: WishState = WishState.NONE
    wanted_at: int = 0
    blocking_since: int | None = None
    muting_since: int | None = None
    muted_until: int | None = None


class Pair(msgspec.Struct, array_like=True, frozen=True):
    """Both sides, that of the smaller id first."""

    low: Side = Side()
    high: Side = Side()


INDIFFERENT = Pair()


def agent() -> Agent:
    """Return the agent `relations`."""
    return Agent(
        name="relations",
        role="people",
        sources=("relations",),
        fold=fold,
        emits=("followers", "barriers"),
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold RelationChanged into FollowerChanged and BarrierChanged, one for each side that changed, as a whole."""
    changes = Changes()
    for record in batch.records:
        event = record.event
        reason = why_senseless(event)
        if reason is not None:
            changes.refused.append(Refused(record.offset, reason))
            continue
        key = key_of(PAIR, *sorted((event.actor_id, event.other_id)))
        before = seen_by_actor(event, read(state, key))
        after = decided(event, *before)
        if after != before:
            write(state, key, Pair(*(after if event.actor_id < event.other_id else reversed(after))))
            changes.events += [Caused(record.offset, said) for said in differences(event, before, after)]
    return changes


def why_senseless(event: RelationChanged) -> str | None:
    if event.actor_id == event.other_id:
        return f"{event.kind} of user {event.actor_id} towards themselves"
    if event.kind is RelationKind.UNKNOWN:
        return "kind UNKNOWN: a newer producer wrote it; upgrade this agent and replay the dead letter"
    return None


def read(state: State, key: bytes) -> Pair:
    found = state.get(key)
    return INDIFFERENT if found is None else msgspec.msgpack.decode(found, type=Pair)


def write(state: State, key: bytes, pair: Pair) -> None:
    if pair == INDIFFERENT:
        state.delete(key)
    else:
        state.put(key, msgspec.msgpack.encode(pair))


def seen_by_actor(event: RelationChanged, pair: Pair) -> tuple[Side, Side]:
    return (pair.low, pair.high) if event.actor_id < event.other_id else (pair.high, pair.low)


def decided(event: RelationChanged, mine: Side, theirs: Side) -> tuple[Side, Side]:
    """Return the actor's side and the other's after one event."""
    change = msgspec.structs.replace
    at = event.occurred_at
    match event.kind:
        case RelationKind.FOLLOW_WANTED:
            blocked = mine.blocking_since is not None or theirs.blocking_since is not None
            if not blocked and mine.wish is WishState.NONE:
                mine = change(mine, wish=WishState.WANTED, wanted_at=at)
        case RelationKind.FOLLOW_WITHDRAWN:
            mine = without_wish(mine)
        case RelationKind.FOLLOW_ACCEPTED:
            if theirs.wish is WishState.WANTED:
                theirs = change(theirs, wish=WishState.ACCEPTED)
        case RelationKind.FOLLOW_REJECTED:
            theirs = without_wish(theirs)
        case RelationKind.BLOCKED:
            since = at if mine.blocking_since is None else mine.blocking_since
            mine, theirs = change(without_wish(mine), blocking_since=since), without_wish(theirs)
        case RelationKind.UNBLOCKED:
            mine = change(mine, blocking_since=None)
        case RelationKind.MUTED:
            # The same mute once more is a repeat; one with another end replaces it, and is as new as it was made.
            if mine.muting_since is None or mine.muted_until != event.until:
                mine = change(mine, muting_since=at, muted_until=event.until)
        case RelationKind.UNMUTED:
            mine = change(mine, muting_since=None, muted_until=None)
    return mine, theirs


def without_wish(side: Side) -> Side:
    return msgspec.structs.replace(side, wish=WishState.NONE, wanted_at=0)


def differences(event: RelationChanged, before: tuple[Side, Side], after: tuple[Side, Side]) -> Iterator[Event]:
    """Yield what changed: the actor's wish, the other's wish, the actor's barrier, the other's barrier."""
    me, you = event.actor_id, event.other_id
    cause = {
        "event_id": "",
        "occurred_at": event.occurred_at,
        "actor_id": me,
        "source": "relations",
        "trace": event.trace,
    }
    for who, whom, old, new in ((me, you, before[0], after[0]), (you, me, before[1], after[1])):
        if (old.wish, old.wanted_at) != (new.wish, new.wanted_at):
            yield FollowerChanged(**cause, followee_id=whom, follower_id=who, wish=new.wish, wanted_at=new.wanted_at)
    for who, whom, old, new in (
        (me, you, barrier(*before), barrier(*after)),
        (you, me, barrier(*reversed(before)), barrier(*reversed(after))),
    ):
        if old != new:
            yield BarrierChanged(**cause, user_id=who, other_id=whom, **new)


def barrier(mine: Side, theirs: Side) -> dict:
    """What stands between a person and the other, seen from the person's side."""
    return {
        "blocking_since": mine.blocking_since,
        "blocked_by": theirs.blocking_since is not None,
        "muting_since": mine.muting_since,
        "muted_until": mine.muted_until,
    }
