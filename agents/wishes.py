"""What the agent `follows` keeps of wishes and of privacy, and scans of the pairs that a record may concern."""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from agents.keys import LARGEST_ID, ids_in, key_of
from agents.printing import items_of
from agents.privacy import Privacy, Wish
from schemas.events import WishState
from streams.fold import State

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
