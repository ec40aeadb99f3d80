"""What people are to each other: wishes to follow, follows, blocks, mutes, and who is pulled."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.events import Event, FollowerChanged, RelationKind, WishState
from tests.oracle.people import Town
from tests.oracle.told import Told

# (who, whom)
Pair = tuple[int, int]


@dataclass
class Ties:
    """The sets that the topic `relations` leaves. Times in ms.

    `wishes`: when a follow was wanted, and when it was accepted, if it was. `blocks`: since when. `mutes`: since when, and
    until when (None: for ever). `walls`: every span in which a block stood, by pair; `to` None while it lasts.
    """

    wishes: dict[Pair, tuple[int, int | None]] = field(default_factory=dict)
    blocks: dict[Pair, int] = field(default_factory=dict)
    mutes: dict[Pair, tuple[int, int | None]] = field(default_factory=dict)
    walls: dict[Pair, list[tuple[int, int | None]]] = field(default_factory=dict)

    def apart(self, one: int, other: int) -> bool:
        """Behaviour 9: a block hides each from the other, whoever made it."""
        return (one, other) in self.blocks or (other, one) in self.blocks

    def were_apart(self, one: int, other: int, at: int) -> bool:
        """Return whether a block stood between two people at a time."""
        spans = [*self.walls.get((one, other), ()), *self.walls.get((other, one), ())]
        return any(start <= at and (end is None or at < end) for start, end in spans)


def ties_of(relations: Iterable[Told], town: Town) -> Ties:
    """Return the ties, from the topic `relations` in the order of each pair (behaviours 3, 6, 7, 9, 10).

    Behaviour 14: of who is deleted none is left, on either side; the walls stay, which say what was refused in their time.
    """
    ties = Ties()
    for _, _, event in relations:
        # Behaviour 3: nobody follows, blocks or mutes themselves.
        if event.actor_id != event.other_id:
            tie(ties, event.kind, (event.actor_id, event.other_id), event.occurred_at, event.until)
    for kept in (ties.wishes, ties.blocks, ties.mutes):
        for pair in [pair for pair in kept if any(map(town.is_gone, pair))]:
            del kept[pair]
    return ties


def tie(ties: Ties, kind: RelationKind, pair: Pair, at: int, until: int | None) -> None:
    """Take in one thing that the first of a pair did to the second."""
    back = (pair[1], pair[0])
    match kind:
        case RelationKind.FOLLOW_WANTED if not ties.apart(*pair):
            ties.wishes.setdefault(pair, (at, None))
        case RelationKind.FOLLOW_WITHDRAWN:
            ties.wishes.pop(pair, None)
        case RelationKind.FOLLOW_ACCEPTED if back in ties.wishes and ties.wishes[back][1] is None:
            ties.wishes[back] = (ties.wishes[back][0], at)
        case RelationKind.FOLLOW_REJECTED:
            ties.wishes.pop(back, None)
        case RelationKind.BLOCKED:
            # Behaviour 9: a block cuts follows and requests both ways, and unblocking restores none.
            ties.wishes.pop(pair, None)
            ties.wishes.pop(back, None)
            if pair not in ties.blocks:
                ties.blocks[pair] = at
                ties.walls.setdefault(pair, []).append((at, None))
        case RelationKind.UNBLOCKED if pair in ties.blocks:
            del ties.blocks[pair]
            start, _ = ties.walls[pair].pop()
            ties.walls[pair].append((start, max(start, at)))
        case RelationKind.MUTED if pair not in ties.mutes or ties.mutes[pair][1] != until:
            # Behaviour 10: the same mute once more is a repeat, one with another end replaces it.
            ties.mutes[pair] = (at, until)
        case RelationKind.UNMUTED:
            ties.mutes.pop(pair, None)


class Follow(NamedTuple):
    """What a wish has become: FOLLOWING or REQUESTED, and since when in ms."""

    state: str
    since: int


def follows_of(ties: Ties, town: Town) -> dict[Pair, Follow]:
    """Return what became of each wish, by (follower, followee).

    Behaviour 6: a follow takes effect when it is accepted, or as soon as the account is public while it is wanted; until
    then it is a request. Behaviour 14: those of people who are gone, on either side, go.
    """
    follows = {}
    for (follower, followee), (wanted_at, accepted_at) in ties.wishes.items():
        if not (town.is_here(follower) and town.is_here(followee)):
            continue
        began = [at for at in (town.people[followee].first_public(wanted_at), accepted_at) if at is not None]
        follows[follower, followee] = Follow("FOLLOWING", min(began)) if began else Follow("REQUESTED", wanted_at)
    return follows


def pulled_spans(followers: list[Event], town: Town, up: int, down: int) -> dict[int, tuple[tuple[int, int], ...]]:
    """Return the spans (from, to) in ms in which each author is pulled, `to` 0 while it lasts (behaviour 12, decision 13).

    The author's own order is that of the topic `followers`: whoever wishes to follow counts. Up at `up`, down at `down`.
    """
    wishing: dict[int, set[int]] = {}
    spans: dict[int, list[tuple[int, int]]] = {}
    for event in followers:
        assert isinstance(event, FollowerChanged)
        fans, pulled = wishing.setdefault(event.followee_id, set()), spans.setdefault(event.followee_id, [])
        size = len(fans)
        (fans.discard if event.wish is WishState.NONE else fans.add)(event.follower_id)
        lasting = bool(pulled) and pulled[-1][1] == 0
        if not lasting and len(fans) > size and len(fans) >= up:
            pulled.append((max(event.occurred_at, pulled[-1][1] if pulled else 0), 0))
        elif lasting and len(fans) < size and len(fans) <= down:
            start, _ = pulled.pop()
            # A span of no time is none.
            pulled.extend([(start, event.occurred_at)] if event.occurred_at > start else [])
    return {author: tuple(found) for author, found in spans.items() if found and not town.is_gone(author)}
