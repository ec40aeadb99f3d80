"""GET /v1/feed of readers of 50 celebrities, whom it must pull and merge, beside readers of 50 authors who are pushed.

Both kinds of author post the same number of photos at the same times, so that both kinds of reader get pages of the same length
and depth. Rows are written through the projections as agents would write them; the API process is the real one.
"""

import asyncio
from statistics import median

from api.auth import Tokens
from infra.settings import Settings
from projections.rows import AuthorRow, Backfill, CelebrityRow, PhotoRow, ViewerRow
from projections.writers import open_writers
from schemas.ids import compose_id
from streams.fold import Guard
from tests.bench.asking import Asker, ids_of
from tests.bench.figures import Figure, Say
from tests.bench.measure_feed import drive, request, server
from tests.bench.readers import BEGAN_MS, account_row, photo_row, vouch_for_all

AUTHORS = 50
PHOTOS_EACH = 100
READERS = 300
# A reader alone, and as many at once as keep a process busy, so that each waits for the others.
AT_ONCE = (1, 8)
ROUNDS = 3
SECONDS = 3.0
PAGES, PAGE = 4, 20
LOOKED_AT = 10


class Side:
    """One kind of author, their photos, and their readers; the other kind is another `number`."""

    def __init__(self, number: int, shards: int) -> None:
        first = number * (AUTHORS + READERS)
        everybody = [compose_id(BEGAN_MS + first + n, n % shards, 1) for n in range(AUTHORS + READERS)]
        self.accounts = [account_row(first + n, user) for n, user in enumerate(everybody)]
        self.authors, self.readers = everybody[:AUTHORS], everybody[AUTHORS:]
        self.photos = [photo_row(2 * n + number, self.authors[n % AUTHORS]) for n in range(AUTHORS * PHOTOS_EACH)]
        self.newest_first = tuple(sorted((row.photo_id for row in self.photos), reverse=True))

    def viewers(self) -> list[ViewerRow]:
        """Return what filters need: every reader follows every author."""
        return [ViewerRow(reader, tuple(sorted(self.authors)), (), (), (), ()) for reader in self.readers]


def merge(settings: Settings, say: Say) -> Figure:
    """Measure both kinds of reader in turns on one process, and compare some of their pages with a sorted list."""
    pulled, pushed = Side(0, settings.shards), Side(1, settings.shards)
    asyncio.run(write(settings, pulled, pushed))
    tokens = Tokens(settings.jwt_secret.get_secret_value())
    asked = {
        name: [request("/v1/feed", settings.api_port, tokens.make(reader)) for reader in side.readers]
        for name, side in (("pulled", pulled), ("pushed", pushed))
    }
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    with server(["-m", "api", "serve"], settings.api_port, settings.log_dir / "bench-api.log"):
        exact = pages_are_right(settings, pulled) and pages_are_right(settings, pushed)
        say("a few pages of each read and compared")
        for _ in range(ROUNDS):
            for at_once in AT_ONCE:
                for name, requests in asked.items():
                    found.setdefault((name, at_once), []).append(drive(settings.api_port, SECONDS, requests, at_once))
    for (name, at_once), rounds in found.items():
        say(f"{name}, {at_once} at once: {in_ms(rounds)}")
    alone = AT_ONCE[0]
    return Figure(
        name="merge",
        value=of(found["pulled", alone], "p99_ms"),
        unit=f"ms at p99 for a reader of {AUTHORS} celebrities",
        baseline=of(found["pushed", alone], "p99_ms"),
        against=f"a reader of {AUTHORS} authors who are pushed",
        note="; ".join(
            f"{at_once} at once: pulled {in_ms(found['pulled', at_once])}, pushed {in_ms(found['pushed', at_once])}"
            for at_once in AT_ONCE
        ),
        exact=exact and not any(one["refused"] for rounds in found.values() for one in rounds),
    )


def in_ms(rounds: list[dict[str, float]]) -> str:
    return f"p50 {of(rounds, 'p50_ms'):.1f} ms, p99 {of(rounds, 'p99_ms'):.1f} ms"


def of(rounds: list[dict[str, float]], what: str) -> float:
    """Return the median of the rounds."""
    return median(one[what] for one in rounds)


async def write(settings: Settings, pulled: Side, pushed: Side) -> None:
    """Write both sides' rows, and vouch for them as the agents would."""
    photos: list[PhotoRow] = [*pulled.photos, *pushed.photos]
    rows = {
        "account_cards": [*pulled.accounts, *pushed.accounts],
        "photo_cards": photos,
        "viewers": [*pulled.viewers(), *pushed.viewers()],
        "celebrities": [CelebrityRow(author, ((BEGAN_MS, 0),)) for author in pulled.authors],
        "authors": [AuthorRow(row.owner_id, row.photo_id) for row in photos],
        "timelines": [Backfill(reader, pushed.newest_first[: settings.feed_depth + 1]) for reader in pushed.readers],
    }
    writers = await open_writers(settings.postgres_dsns, settings.redis_url, settings.shards, settings.feed_depth)
    try:
        await writers.commit(Guard("bench.merge", 0, 0, 1, {}), rows)
        await vouch_for_all(writers, settings.partitions)
    finally:
        await writers.close()


def pages_are_right(settings: Settings, side: Side) -> bool:
    """Return whether the first pages of some readers are the authors' photos, newest first, each once."""
    asker = Asker(settings)
    return all(first_pages(asker, reader) == side.newest_first[: PAGES * PAGE] for reader in side.readers[:LOOKED_AT])


def first_pages(asker: Asker, reader: int) -> tuple[int, ...]:
    """Return the photos of a reader's first pages."""
    found: list[int] = []
    cursor = ""
    for _ in range(PAGES):
        page = asker.ask(reader, "GET", f"/v1/feed?limit={PAGE}{cursor}").json
        found += ids_of(page)
        cursor = f"&cursor={page['next']}"
    return tuple(found)
