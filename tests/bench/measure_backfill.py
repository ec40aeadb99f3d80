"""A follow of an author with 5,000 photos, an unfollow and a follow again: when the reader's feed is right, and that it is.

Photos are appended as the edge and the resizing would append them, with no bytes behind them, so the worker that resizes is
stopped meanwhile. Everything else is the real stack, written to and read through HTTP.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.settings import Settings
from infra.supervision import Supervisor
from schemas.events import Event, PhotoUploaded, VariantReady
from schemas.ids import compose_id, shard_of, time_of
from streams.decoding import RawRecord
from tests.bench.asking import LARGEST_PAGE, Answer, Asker, ids_of
from tests.bench.crowd import append, deeds, openings, people, said_now
from tests.bench.figures import Figure, Say
from tests.bench.settling import settle
from tests.chaos.testimony import KeptLog
from tests.oracle.wanted import World, feed_for

PHOTOS = 5_000
# Of somebody who is followed all the while, more than a timeline holds; and the reader's own.
FRIENDS_PHOTOS = 700
OWN_PHOTOS = 30
# Photos of each are spread over this span, so that they alternate; in ms.
SPAN_MS = 30 * 24 * 3600 * 1000
DEEDS = ("PUT", "DELETE", "PUT") * 3
ALLOWED_SECONDS = 2.0
GIVE_UP_SECONDS = 30.0
RESIZING = "media-0"


class StandingLog(KeptLog):
    """A log of which only relations go on: everything else is read from the brokers once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._read: dict[tuple[str, int], list[RawRecord]] = {}

    def read(self, topic: str, partition: int) -> list[RawRecord]:
        """Return the records of a partition."""
        place = topic, partition
        if place not in self._read or topic == "relations":
            self._read[place] = super().read(topic, partition)
        return self._read[place]


@dataclass
class Reader:
    """Who follows and unfollows; in seconds, from an answer until a page that is not stale, and of walking to the end."""

    settings: Settings
    log: StandingLog
    asker: Asker
    me: int
    author: int
    visible: list[float] = field(default_factory=list)
    walked: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def do(self, method: str) -> None:
        """Follow or unfollow, look until the first page claims to be exact, walk all pages, and compare both."""
        answer = self.asker.ask(self.me, method, f"/v1/users/{self.author}/follow", wanted=202)
        began = time.monotonic()
        first = self.look(answer.headers["Darkroom-Position"], began + GIVE_UP_SECONDS)
        seen_at = time.monotonic()
        pages = self.asker.walk(self.me, "/v1/feed")
        self.walked.append(time.monotonic() - seen_at)
        self.visible.append(seen_at - began)
        wanted = self.feed_by_the_oracle()
        if "Darkroom-Stale" in first.headers:
            self.wrong.append(f"{method}: still stale after {GIVE_UP_SECONDS:.0f} s")
        if ids_of(first.json) != wanted[:LARGEST_PAGE]:
            self.wrong.append(f"{method}: the first page is another one than the oracle's")
        if pages != wanted:
            self.wrong.append(f"{method}: {len(pages)} photos on all pages, the oracle says {len(wanted)}")

    def look(self, position: str, deadline: float) -> Answer:
        """Ask for the first page until it covers a position, or until it is too late."""
        while True:
            page = self.asker.ask(self.me, "GET", f"/v1/feed?limit={LARGEST_PAGE}", after=position)
            if "Darkroom-Stale" not in page.headers or time.monotonic() > deadline:
                return page

    def feed_by_the_oracle(self) -> list[int]:
        """Return the reader's feed by what the log says now."""
        settings = self.settings
        world = World(self.log, time.time_ns() // 1_000_000, settings.celebrity_up, settings.celebrity_down)
        return list(feed_for(world, self.me))


def backfill(settings: Settings, say: Say) -> Figure:
    """Follow, unfollow and follow again, and compare every page each time."""
    with resizing_stopped(settings):
        reader = begin(settings, say)
        for method in DEEDS:
            reader.do(method)
            say(f"{method}: right after {reader.visible[-1] * 1e3:.0f} ms, all pages in {reader.walked[-1]:.2f} s more")
    for one in reader.wrong:
        say(f"WRONG: {one}")
    return Figure(
        name="backfill",
        value=max(reader.visible),
        unit=f"s until the first page is right, the longest of {len(DEEDS)}",
        baseline=ALLOWED_SECONDS,
        against="the time allowed",
        note=f"{PHOTOS:,} photos; walking all pages {max(reader.walked):.2f} s more at the longest",
        exact=not reader.wrong,
    )


@contextmanager
def resizing_stopped(settings: Settings) -> Iterator[None]:
    """Stop the worker that resizes: there is nothing to resize."""
    supervisor = Supervisor(settings.data)
    supervisor.rpc.stopProcess(RESIZING)
    try:
        yield
    finally:
        supervisor.rpc.startProcess(RESIZING, False)


def begin(settings: Settings, say: Say) -> Reader:
    """Open three accounts and append their photos; the reader follows the friend."""
    named = people("backfill", 3, settings.shards)
    me, author, friend = named.values()
    append(settings, [*openings(named), *deeds([me], "FOLLOW_WANTED", friend)])
    many = {me: OWN_PHOTOS, author: PHOTOS, friend: FRIENDS_PHOTOS}
    append(settings, (event for owner, photos in many.items() for event in photos_of(owner, photos)))
    took = settle(settings, say, agents_but=("resize",))
    say(f"{sum(many.values()):,} photos: folded in {took:.1f} s")
    return Reader(settings, StandingLog(settings), Asker(settings), me, author)


def photos_of(owner: int, many: int) -> Iterator[Event]:
    """Yield somebody's photos, each uploaded and made ready, evenly over the span that ended a minute ago."""
    until = time.time_ns() // 1_000_000 - 60_000
    for number in range(many):
        photo_id = compose_id(until - SPAN_MS * (many - number) // many, shard_of(owner), number % 7)
        said = said_now(owner) | {"occurred_at": time_of(photo_id)}
        yield PhotoUploaded(
            **said,
            photo_id=photo_id,
            owner_id=owner,
            original_key=f"bench/{photo_id}",
            content_type="image/png",
            size_bytes=1,
            sha256="00",
        )
        yield VariantReady(
            **said | {"actor_id": 0, "source": "resize"},
            photo_id=photo_id,
            owner_id=owner,
            pixels=150,
            width=4,
            height=3,
            size_bytes=1,
            original_width=4,
            original_height=3,
        )
