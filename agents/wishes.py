"""What the agent `follows` keeps of wishes and of privacy, and scans of the pairs that a record may concern."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import msgspec

from agents.keys import LARGEST_ID, ids_in, key_of
from agents.presence import absent_among
from agents.printing import items_of
from agents.privacy import Outcome, Privacy, Wish, lasting_of, outcome_of
from schemas.events import Presence, WishState
from streams.fold import Record, State

PRIVACY = b"a"
WISH = b"f"
# Followee, when wanted, follower: so that a change of privacy visits only those whom it may concern.
WANTED = b"w"
# Pairs of a scan that are read from the state at once.
SCAN_CHUNK = 1_000

# Followee, follower.
Pair = tuple[int, int]


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


def pairs_wanted(state: State, followee_id: int, since: int) -> Iterator[Pair]:
    """Yield the pairs of who wished to follow a person at that time (ms) or later, in the order of their wishes."""
    after = key_of(WANTED, followee_id, since - 1, LARGEST_ID) if since > 0 else None
    for key, _ in items_of(state, key_of(WANTED, followee_id), after):
        yield followee_id, ids_in(key)[2]


def pairs_wished_by(state: State, follower_id: int) -> Iterator[Pair]:
    """Yield the pairs of all whom a person wishes to follow."""
    for key, _ in items_of(state, key_of(WISH, follower_id)):
        yield ids_in(key)[1], follower_id


def wishes_of(state: State, pairs: Sequence[Pair]) -> list[Wish]:
    """Return the wishes of pairs, in their order."""
    found = state.get_many([key_of(WISH, follower_id, followee_id) for followee_id, follower_id in pairs])
    return [Wish() if value is None else msgspec.msgpack.decode(value, type=Wish) for value in found]


def in_chunks(pairs: Iterator[Pair]) -> Iterator[list[Pair]]:
    while chunk := list(islice(pairs, SCAN_CHUNK)):
        yield chunk


def privacies_of(state: State, user_ids: Sequence[int]) -> dict[int, Privacy]:
    asked = list(dict.fromkeys(user_ids))
    found = state.get_many([key_of(PRIVACY, user_id) for user_id in asked])
    decoded = (Privacy() if value is None else msgspec.msgpack.decode(value, type=Privacy) for value in found)
    return dict(zip(asked, decoded, strict=True))


class Judged(NamedTuple):
    """What became of a wish: as it is shown and counted, and as it lasts whoever hides."""

    followee_id: int
    follower_id: int
    outcome: Outcome
    lasting: Outcome


@dataclass(frozen=True)
class FollowersOf:
    """The wishes to follow a person that a record concerns, those wanted at `since` (ms) or later, with the privacy after it.

    `whole`: the record may concern also what lasts whoever hides.
    """

    record: Record
    user_id: int
    whole: bool
    privacy: Privacy
    since: int

    def judged(self, state: State) -> Iterator[Judged]:
        """Yield what became of each wish, in chunks read as they are taken."""
        for chunk in in_chunks(pairs_wanted(state, self.user_id, self.since)):
            absent = absent_among(state, [follower_id for _, follower_id in chunk])
            for pair, wish in zip(chunk, wishes_of(state, chunk), strict=True):
                follower = absent.get(pair[1], Presence.HERE)
                yield Judged(*pair, outcome_of(self.privacy, wish, follower), lasting_of(self.privacy, wish, follower))


@dataclass(frozen=True)
class FollowedBy:
    """All wishes of a person to follow others, with what the person was after a record that concerns them."""

    record: Record
    user_id: int
    whole: bool
    presence: Presence
    since: int = 0

    def judged(self, state: State) -> Iterator[Judged]:
        """Yield what became of each wish, in chunks read as they are taken."""
        for chunk in in_chunks(pairs_wished_by(state, self.user_id)):
            privacies = privacies_of(state, [followee_id for followee_id, _ in chunk])
            for pair, wish in zip(chunk, wishes_of(state, chunk), strict=True):
                privacy = privacies[pair[0]]
                yield Judged(*pair, outcome_of(privacy, wish, self.presence), lasting_of(privacy, wish, self.presence))


Scan = FollowersOf | FollowedBy
