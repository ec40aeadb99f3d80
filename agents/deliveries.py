"""Photos into the timelines of their authors' followers, scanned from the state of `fanout` as they are written."""

from collections.abc import Container, Generator, Iterator
from struct import Struct

from agents.keys import key_of
from projections.rows import Delivery
from streams.fold import State

# Author, follower.
FOLLOWER = b"F"
# A Delivery holds at most 1,000 people, of whom the first one's may be the owner.
CHUNK = 1_000
# So many photos take turns. A timeline takes an id above its newest for the least work, so that photos should come in the order
# in which they were taken.
IN_TURNS = 4
# An audience of more people than these, behind those of its first chunk, is large: nobody waits for it.
MODERATE = 3 * CHUNK

# In a chunk of joined keys, the follower stands behind the family and the author.
_FOLLOWERS = {n: Struct(">" + "9xQ" * n) for n in (CHUNK - 1, CHUNK)}


# A photo and its author.
Photo = tuple[int, int]
# The key of the last follower that was taken, by author; None before the first.
After = dict[int, bytes | None]


def deliveries(state: State, pushes: dict[int, tuple[int, ...]]) -> Iterator[Delivery]:
    """Yield photos into timelines by at most 1,000 people: oldest first, a few at a time taking turns.

    Of a large audience only the first chunk comes so. The others come when all photos have had their turns: so a large author
    delays the others by one chunk. Those of large authors take turns chunk by chunk, all of them.
    """
    photos = sorted((photo_id, author_id) for author_id, photo_ids in pushes.items() for photo_id in photo_ids)
    large: list[Photo] = []
    after: After = {}
    for some in few(photos):
        going_on = yield from next_chunks(state, some, dict.fromkeys(author_id for _, author_id in some))
        held = {author_id: last for author_id, last in going_on.items() if is_large(state, author_id, last)}
        large += of_authors(some, held)
        after |= held
        some = of_authors(some, going_on.keys() - held.keys())
        while some:
            going_on = yield from next_chunks(state, some, going_on)
            some = of_authors(some, going_on)
    while large:
        following: After = {}
        for some in few(large):
            following |= yield from next_chunks(state, some, after)
        large, after = of_authors(large, following), following


def few(photos: list[Photo]) -> Iterator[list[Photo]]:
    for first in range(0, len(photos), IN_TURNS):
        yield photos[first : first + IN_TURNS]


def of_authors(photos: list[Photo], author_ids: Container[int]) -> list[Photo]:
    return [photo for photo in photos if photo[1] in author_ids]


def is_large(state: State, author_id: int, after: bytes) -> bool:
    """Return whether so many followers come after a key that the other photos are not to wait for them."""
    return sum(1 for _ in state.scan(key_of(FOLLOWER, author_id), after, MODERATE + 1)) > MODERATE


def next_chunks(state: State, photos: list[Photo], after: After) -> Generator[Delivery, None, After]:
    """Yield one chunk of each of these photos; return the key that each author goes on after, of those who do."""
    chunks: dict[int, tuple[int, ...]] = {}
    following: After = {}
    for photo_id, author_id in photos:
        if author_id not in chunks:
            chunks[author_id], last = chunk_of(state, author_id, after[author_id])
            if last is not None:
                following[author_id] = last
        if chunks[author_id]:
            yield Delivery(photo_id, chunks[author_id])
    return following


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
