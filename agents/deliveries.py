"""Photos into the timelines of their authors' followers, scanned from the state of `fanout` as they are written."""

from collections.abc import Iterator
from struct import Struct

from agents.keys import key_of
from projections.rows import Delivery
from streams.fold import State

# Author, follower.
FOLLOWER = b"F"
# A Delivery holds at most 1,000 people, of whom the first one's may be the owner.
CHUNK = 1_000
# So many photos take turns. A timeline takes an id above its newest for the least work, so that photos should come in the order
# in which they were taken; but the largest audience of a few photos is not to hold up all that are younger.
IN_TURNS = 4

# In a chunk of joined keys, the follower stands behind the family and the author.
_FOLLOWERS = {n: Struct(">" + "9xQ" * n) for n in (CHUNK - 1, CHUNK)}


def deliveries(state: State, pushes: dict[int, tuple[int, ...]]) -> Iterator[Delivery]:
    """Yield photos into timelines by at most 1,000 people: oldest first, a few at a time taking turns."""
    photos = sorted((photo_id, author_id) for author_id, photo_ids in pushes.items() for photo_id in photo_ids)
    for first in range(0, len(photos), IN_TURNS):
        yield from in_turns(state, photos[first : first + IN_TURNS])


def in_turns(state: State, photos: list[tuple[int, int]]) -> Iterator[Delivery]:
    """Yield the first chunk of each of these (photo, author), then the second ones; each owner is in their first chunk."""
    after: dict[int, bytes | None] = dict.fromkeys(author_id for _, author_id in photos)
    while after:
        chunks: dict[int, tuple[int, ...]] = {}
        following: dict[int, bytes | None] = {}
        for photo_id, author_id in photos:
            if author_id not in after:
                continue
            if author_id not in chunks:
                chunks[author_id], last = chunk_of(state, author_id, after[author_id])
                if last is not None:
                    following[author_id] = last
            if chunks[author_id]:
                yield Delivery(photo_id, chunks[author_id])
        after = following


def chunk_of(state: State, author_id: int, after: bytes | None) -> tuple[tuple[int, ...], bytes | None]:
    """Return who comes after a key, the author before all others, and the key to go on after; None at the end."""
    first = (author_id,) if after is None else ()
    wanted = CHUNK - len(first)
    keys = [key for key, _ in state.scan(key_of(FOLLOWER, author_id), after, wanted)]
    return first + followers_in(keys), keys[-1] if len(keys) == wanted else None


def followers_in(keys: list[bytes]) -> tuple[int, ...]:
    """Return the followers that keys of the family FOLLOWER name."""
    whole = _FOLLOWERS.get(len(keys)) or Struct(">" + "9xQ" * len(keys))
    return whole.unpack(b"".join(keys))
