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
# So many photos share the chunks that are scanned for them: those of one author often lie side by side.
TOGETHER = 4

# In a chunk of joined keys, the follower stands behind the family and the author.
_FOLLOWERS = {n: Struct(">" + "9xQ" * n) for n in (CHUNK - 1, CHUNK)}


def deliveries(state: State, pushes: dict[int, tuple[int, ...]]) -> Iterator[Delivery]:
    """Yield photos into timelines: the first chunk of each photo, oldest first, then the second ones, and so on.

    So nobody waits for more of a large audience than for one chunk before each of their own. The order of age is kept as far as
    that allows, since a timeline takes an id above its newest for the least work.
    """
    photos = sorted((photo_id, author_id) for author_id, photo_ids in pushes.items() for photo_id in photo_ids)
    after: dict[int, bytes | None] = dict.fromkeys(author_id for _, author_id in photos)
    while photos:
        following: dict[int, bytes | None] = {}
        for first in range(0, len(photos), TOGETHER):
            yield from next_chunks(state, photos[first : first + TOGETHER], after, following)
        after = {author_id: last for author_id, last in following.items() if last is not None}
        photos = [(photo_id, author_id) for photo_id, author_id in photos if author_id in after]


def next_chunks(
    state: State, photos: list[tuple[int, int]], after: dict[int, bytes | None], following: dict[int, bytes | None]
) -> Iterator[Delivery]:
    """Yield one chunk of each of these (photo, author), and note the key that each author goes on after, None at the end."""
    chunks: dict[int, tuple[int, ...]] = {}
    for photo_id, author_id in photos:
        if author_id not in chunks:
            chunks[author_id], following[author_id] = chunk_of(state, author_id, after[author_id])
        if chunks[author_id]:
            yield Delivery(photo_id, chunks[author_id])


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
