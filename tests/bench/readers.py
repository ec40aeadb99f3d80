"""A thousand readers with full timelines, written through the projections as the agents would write them."""

import time
from collections.abc import Iterable
from random import Random
from typing import Any

from agents.catalog import catalog
from agents.rules import Rules
from infra.settings import Settings
from projections.rows import (
    AccountRow,
    AccountState,
    Backfill,
    CounterKind,
    CounterRow,
    PhotoRow,
    PhotoState,
    ViewerRow,
)
from projections.writers import Writers, open_writers
from schemas.ids import compose_id, shard_of
from streams.fold import Guard, Progress

READERS = 1_000
AUTHORS = 500
FOLLOWED = 100
PHOTOS = 20_000
BEGAN_MS = 1_770_000_000_000


async def write_readers(settings: Settings) -> list[int]:
    """Write accounts, photos, counts, relations, timelines and the agents' progress; return the readers' ids."""
    random = Random(3)
    people = [compose_id(BEGAN_MS + n, n % settings.shards, 1) for n in range(READERS + AUTHORS)]
    readers, authors = people[:READERS], people[READERS:]
    photos = [photo_row(n, authors[n % AUTHORS]) for n in range(PHOTOS)]
    followed = {reader: random.sample(authors, FOLLOWED) for reader in readers}
    newest_first = sorted(photos, key=lambda row: -row.photo_id)
    rows = {
        "account_cards": [account_row(n, user) for n, user in enumerate(people)],
        "photo_cards": photos,
        "counters": [
            CounterRow(kind, row.photo_id, random.randrange(1, 5_000))
            for row in photos
            for kind in (CounterKind.PHOTO_LIKES, CounterKind.PHOTO_COMMENTS)
        ],
        "viewers": [ViewerRow(reader, tuple(sorted(authors)), (), (), (), ()) for reader, authors in followed.items()],
        "timelines": timelines_of(followed, newest_first, settings.feed_depth),
    }
    writers = await open_writers(settings.postgres_dsns, settings.redis_url, settings.shards, settings.feed_depth)
    try:
        await writers.commit(Guard("bench.feed", 0, 0, 1, {}), rows)
        await vouch_for_all(writers, settings.partitions)
    finally:
        await writers.close()
    return readers


async def vouch_for_all(writers: Writers, partitions: int) -> None:
    """Publish progress of every agent, as if each had folded all there is."""
    now = int(time.time() * 1000)
    for agent in catalog(Rules()):
        for partition in range(partitions):
            ends = dict.fromkeys(agent.sources, 1_000_000 + partition)
            until = dict.fromkeys(agent.sources, now)
            await writers.publish(Progress(agent.name, partition, ends, ends, until, {name: {} for name in agent.emits}))


def timelines_of(followed: dict[int, list[int]], newest_first: list[PhotoRow], depth: int) -> Iterable[Any]:
    """Yield full timelines of those whom each reader follows."""
    for reader, authors in followed.items():
        wanted = set(authors)
        ids = [row.photo_id for row in newest_first if row.owner_id in wanted]
        yield Backfill(reader, tuple(ids[: depth + 1]))


def account_row(number: int, user_id: int) -> AccountRow:
    name = f"person.{number}"
    return AccountRow(user_id, name, name, f"Person {number}", False, AccountState.ACTIVE, BEGAN_MS)


def photo_row(number: int, owner_id: int) -> PhotoRow:
    photo_id = compose_id(BEGAN_MS + 1_000_000 + number * 1_000, shard_of(owner_id), 1)
    return PhotoRow(
        photo_id=photo_id,
        owner_id=owner_id,
        state=PhotoState.READY,
        reason=None,
        caption=f"Evening {number} by the water #sunset #sea",
        tags=("sunset", "sea"),
        tag_keys=("sunset", "sea"),
        place="Lisbon",
        place_key="lisbon",
        width=4032,
        height=3024,
        variants=(150, 320, 640, 1080),
        original_key=f"{photo_id}",
    )
