"""How long a photo of an author of 100,000 followers holds up those of small authors in the same batch of the fan-out."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agents import fanout
from agents.deliveries import CHUNK, FOLLOWER
from agents.keys import key_of
from agents.rules import Rules
from infra.settings import Settings
from projections.rows import Delivery
from projections.writers import open_writers
from schemas.events import VariantReady
from schemas.ids import compose_id, shard_of, time_of
from streams.fold import Batch, Guard, Record, State
from streams.state import Budget, StateStore
from tests.bench.crowd import said_now
from tests.bench.figures import Figure, Say

LARGE = 100_000
# One of the small ones has so many followers, in turns; none needs a second chunk.
SMALL = (10, 100, 400, CHUNK - 1)
AUTHORS = 200
BEGAN_MS = 1_770_000_000_000


def turns(settings: Settings, say: Say) -> list[Figure]:
    """Deliver a batch with the large author's photo first, and the same batch without it."""
    authors = [compose_id(BEGAN_MS + n, n % settings.shards, 0) for n in range(AUTHORS + 1)]
    large, small = authors[0], authors[1:]
    followers = {large: crowd(LARGE, settings.shards)}
    followers |= {author: followers[large][: SMALL[n % len(SMALL)]] for n, author in enumerate(small)}
    with tempfile.TemporaryDirectory() as directory:
        state = StateStore.open(Path(directory) / "fanout", Budget())
        state.put_many((key_of(FOLLOWER, author, who), b"") for author, those in followers.items() for who in those)
        state.commit()
        say(f"{LARGE:,} followers of one author, {sum(len(followers[author]) for author in small):,} of {AUTHORS} others")
        with_large, without = delivered(state, authors), delivered(state, small)
        times = asyncio.run(written(settings, state, authors)), asyncio.run(written(settings, state, small))
        state.close()
    late = [with_large[author][0] - without[author][0] for author in small]
    later = max((times[0][author] - times[1][author]) * 1e3 for author in small)
    exact = all(with_large[author][1] == len(followers[author]) + 1 for author in authors)
    return [
        Figure(
            name="turns",
            value=max(late) / CHUNK,
            unit=f"chunks of {CHUNK:,} deliveries that a small author waits longer",
            baseline=LARGE / CHUNK,
            against=f"the chunks of an author of {LARGE:,}",
            note=f"in Redis at most {later:.0f} ms later, of {max(times[0].values()) * 1e3:.0f} ms for all",
            exact=exact,
        )
    ]


def crowd(many: int, shards: int) -> list[int]:
    """Return so many people, over all shards."""
    return [compose_id(BEGAN_MS - 1_000_000_000 + n, n % shards, 1) for n in range(many)]


def batch_of(authors: Sequence[int]) -> Batch:
    """Return a batch in which one photo of each author becomes ready, in their order."""
    records = []
    for number, author in enumerate(authors):
        photo_id = compose_id(BEGAN_MS + 1_000_000 + number, shard_of(author), 0)
        event = VariantReady(
            **said_now(0),
            photo_id=photo_id,
            owner_id=author,
            pixels=150,
            width=150,
            height=113,
            size_bytes=6_000,
            original_width=4032,
            original_height=3024,
        )
        records.append(Record(number, time_of(photo_id), event))
    return Batch("photos", 0, 0, len(records), records)


def delivered(state: State, authors: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return, by author, how many deliveries were made when the photo had reached all, and how many of them were its own."""
    before, own = 0, Counter()
    done: dict[int, int] = {}
    for author, row in deliveries(state, authors):
        before += len(row.user_ids)
        own[author] += len(row.user_ids)
        done[author] = before
    return {author: (done[author], own[author]) for author in authors}


def deliveries(state: State, authors: Sequence[int]) -> Iterator[tuple[int, Delivery]]:
    """Yield what the fold gives for the timelines, each with its author, and forget it all afterwards."""
    batch = batch_of(authors)
    author_of = {record.event.photo_id: record.event.owner_id for record in batch.records}
    try:
        for row in fanout.fold_of(Rules())(batch, state).rows["timelines"]:
            yield author_of[row.photo_id], row
    finally:
        state.forget()


async def written(settings: Settings, state: State, authors: Sequence[int]) -> dict[int, float]:
    """Write the same rows to Redis; return the seconds until each author's last row was taken, with its place in the queue."""
    taken: dict[int, float] = {}
    writers = await open_writers(settings.postgres_dsns, settings.redis_url, settings.shards, settings.feed_depth)
    try:
        began = time.perf_counter()

        def watched() -> Iterable[Delivery]:
            for author, row in deliveries(state, authors):
                yield row
                taken[author] = time.perf_counter() - began

        await writers.commit(Guard("bench.turns", 0, 0, time.time_ns() // 1_000, {}), {"timelines": watched()})
    finally:
        await writers.close()
    return taken
