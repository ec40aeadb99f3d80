"""What two people do to each other, decided in the one order that the pair's own topic gives.

Whether a wish to follow becomes a follow depends on privacy, which is not known here: `follows` joins it. How many follow is
not counted here. Who is gone for ever parts from everybody: that comes by another topic, so whatever is done to or by them and
read later is answered by saying that there is nothing (I7). Who hides for a time keeps what they have.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from agents.keys import ids_in, key_of
from agents.presence import UNKNOWN_PRESENCE, absent_among, presence_of, set_presence
from agents.printing import items_of
from schemas.events import (
    BarrierChanged,
    Event,
    FollowerChanged,
    Presence,
    PresenceChanged,
    RelationChanged,
    RelationKind,
    WishState,
)
from streams.fold import Agent, Batch, Caused, Changes, Record, Refused, State

# Smaller id, larger id: both sides.
PAIR = b"p"
# Larger id, smaller id: so that all pairs of a person are found by their own id.
MIRROR = b"q"


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


@dataclass
class Parting:
    """Somebody is gone: those with whom there was something, and by their place which of the four words (`WORDS`) that takes.

    Nine bytes for each of the others, however many; the events are made when they are taken.
    """

    record: Record
    others: array = field(default_factory=lambda: array("q"))
    words: bytearray = field(default_factory=bytearray)

    def events(self) -> Iterator[Caused]:
        for other_id, marks in zip(self.others, self.words, strict=True):
            wanted = [word for word in WORDS if marks & 1 << word]
            for event in said(self.record.event, (self.record.event.user_id, other_id), NOTHING, wanted):
                yield Caused(self.record.offset, event)


@dataclass
class Turn:
    """One batch being folded: the state, who of its pairs is gone, and what was decided in the order of its records."""

    state: State
    gone: Collection[int]
    said: list[Caused | Parting] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def ended(self) -> Changes:
        """Return what was decided; lazily when somebody parted from however many."""
        lazy = any(isinstance(one, Parting) for one in self.said)
        return Changes(events=self._events() if lazy else self.said, refused=self.refused)

    def _events(self) -> Iterator[Caused]:
        for one in self.said:
            yield from one.events() if isinstance(one, Parting) else (one,)


def agent() -> Agent:
    """Return the agent `relations`."""
    return Agent(
        name="relations",
        role="people",
        sources=("relations", "presences"),
        fold=fold,
        emits=("followers", "barriers"),
        # 2: also who is gone, and the pairs by either person.
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold RelationChanged and PresenceChanged into FollowerChanged and BarrierChanged, one for each side that changed."""
    pairs = [record.event for record in batch.records if isinstance(record.event, RelationChanged)]
    # Who hides is not kept here, so that who is absent is gone.
    turn = Turn(state, gone=absent_among(state, (user_id for pair in pairs for user_id in (pair.actor_id, pair.other_id))))
    for record in batch.records:
        if isinstance(record.event, PresenceChanged):
            fold_presence(turn, record)
        else:
            fold_relation(turn, record)
    return turn.ended()


def fold_relation(turn: Turn, record: Record) -> None:
    """Decide what one person did to another, and say what changed."""
    event: RelationChanged = record.event
    reason = why_senseless(event)
    if reason is not None:
        turn.refused.append(Refused(record.offset, reason))
        return
    pair = (event.actor_id, event.other_id)
    if event.actor_id in turn.gone or event.other_id in turn.gone:
        # A worker that died may have read this before it read that somebody is gone: what it said is taken back.
        turn.said += [Caused(record.offset, word) for word in said(event, pair, NOTHING, WORDS)]
        return
    before = read(turn.state, *pair)
    after = decided(event, *before)
    if after != before:
        write(turn.state, *pair, after)
        facts = facts_of(*after)
        changed = differences(facts_of(*before), facts)
        turn.said += [Caused(record.offset, word) for word in said(event, pair, facts, changed)]


def fold_presence(turn: Turn, record: Record) -> None:
    """End all that is between somebody who is gone and anybody."""
    event: PresenceChanged = record.event
    if event.presence is Presence.UNKNOWN:
        turn.refused.append(Refused(record.offset, UNKNOWN_PRESENCE))
    if event.presence is not Presence.GONE or presence_of(turn.state, event.user_id) is Presence.GONE:
        return
    set_presence(turn.state, event)
    parting = Parting(record)
    for other_id in others_of(turn.state, event.user_id):
        changed = differences(facts_of(*read(turn.state, event.user_id, other_id)), NOTHING)
        parting.others.append(other_id)
        parting.words.append(sum(1 << word for word in changed))
        write(turn.state, event.user_id, other_id, (Side(), Side()))
    turn.said.append(parting)


def others_of(state: State, user_id: int) -> Iterator[int]:
    """Yield all with whom a person has anything; what was yielded may be removed."""
    for family in (PAIR, MIRROR):
        for key, _ in items_of(state, key_of(family, user_id)):
            yield ids_in(key)[1]


def why_senseless(event: RelationChanged) -> str | None:
    if event.actor_id == event.other_id:
        return f"{event.kind} of user {event.actor_id} towards themselves"
    if event.kind is RelationKind.UNKNOWN:
        return "kind UNKNOWN: a newer producer wrote it; upgrade this agent and replay the dead letter"
    return None


def read(state: State, me: int, you: int) -> tuple[Side, Side]:
    """Return the first person's side of a pair, and the other's."""
    found = state.get(key_of(PAIR, min(me, you), max(me, you)))
    pair = INDIFFERENT if found is None else msgspec.msgpack.decode(found, type=Pair)
    return (pair.low, pair.high) if me < you else (pair.high, pair.low)


def write(state: State, me: int, you: int, sides: tuple[Side, Side]) -> None:
    """Keep the first person's side of a pair and the other's; nothing is kept of people who are nothing to each other."""
    low, high = min(me, you), max(me, you)
    pair = Pair(*(sides if me < you else reversed(sides)))
    if pair == INDIFFERENT:
        state.delete(key_of(PAIR, low, high))
        state.delete(key_of(MIRROR, high, low))
    else:
        state.put(key_of(PAIR, low, high), msgspec.msgpack.encode(pair))
        state.put(key_of(MIRROR, high, low), b"")


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


# Of a pair: the first person's wish, the other's wish, the first person's barrier, the other's barrier.
Facts = tuple[tuple[WishState, int], tuple[WishState, int], dict, dict]
WORDS = range(4)


def facts_of(mine: Side, theirs: Side) -> Facts:
    """Return all that is ever said of a pair."""
    wishes = (mine.wish, mine.wanted_at), (theirs.wish, theirs.wanted_at)
    return *wishes, barrier(mine, theirs), barrier(theirs, mine)


def barrier(mine: Side, theirs: Side) -> dict:
    """What stands between a person and the other, seen from the person's side."""
    return {
        "blocking_since": mine.blocking_since,
        "blocked_by": theirs.blocking_since is not None,
        "muting_since": mine.muting_since,
        "muted_until": mine.muted_until,
    }


NOTHING = facts_of(Side(), Side())


def differences(before: Facts, after: Facts) -> list[int]:
    """Return the words that changed, by their place."""
    return [word for word in WORDS if before[word] != after[word]]


def said(cause: Event, pair: tuple[int, int], facts: Facts, wanted: Iterable[int]) -> Iterator[Event]:
    """Yield the wanted words of a pair, as an event caused them."""
    common = {
        "event_id": "",
        "occurred_at": cause.occurred_at,
        "actor_id": cause.actor_id,
        "source": "relations",
        "trace": cause.trace,
    }
    for word in wanted:
        who, whom = pair if word % 2 == 0 else pair[::-1]
        if word < 2:
            wish, wanted_at = facts[word]
            yield FollowerChanged(**common, followee_id=whom, follower_id=who, wish=wish, wanted_at=wanted_at)
        else:
            yield BarrierChanged(**common, user_id=who, other_id=whom, **facts[word])
