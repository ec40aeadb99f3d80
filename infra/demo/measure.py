"""Times each upload from the moment it was due, and holds the times against what Darkroom promises.

An upload that was sent late because others were slow is counted from when it should have been sent.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from infra.demo.client import Client
from infra.demo.world import CELEBRITY_NUMBER, Upload

LOOK_EVERY_SECONDS = 0.05
# So many are looked after at the full pace; more share it, for looking must not become the load that is measured.
AT_FULL_PACE = 3
GIVE_UP_SECONDS = 30.0
PIXELS = ("150", "320", "640", "1080")


@dataclass(frozen=True)
class Watched:
    """When things happened to one upload, in seconds since it was due; inf is never."""

    photo: str
    answered: float
    visible: float
    thumbnail: float
    all_variants: float
    by_celebrity: bool


@dataclass(frozen=True)
class Promise:
    """A promised time: the 99th percentile of `of` stays below `limit_seconds`."""

    name: str
    limit_seconds: float
    of: Callable[[Watched], float]


@dataclass(frozen=True)
class Kept:
    """A promise with what was measured, in seconds."""

    promise: Promise
    p50: float
    p99: float
    worst: float

    @property
    def held(self) -> bool:
        return self.p99 < self.promise.limit_seconds


PROMISES = (
    Promise("upload answered", 0.5, lambda w: w.answered),
    Promise("thumbnail (150 px) served", 1.0, lambda w: w.thumbnail),
    Promise("visible in a follower's feed", 2.0, lambda w: w.visible),
    Promise("all four variants served", 10.0, lambda w: w.all_variants),
)


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of the values do not exceed; inf for none."""
    if not values:
        return math.inf
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def judge(watched: Sequence[Watched]) -> list[Kept]:
    """Hold what was measured against each promise."""
    found = []
    for promise in PROMISES:
        times = [promise.of(w) for w in watched]
        found.append(Kept(promise, percentile(times, 0.5), percentile(times, 0.99), max(times, default=math.inf)))
    return found


class Lookout:
    """Looks after the uploads that are under way."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._under_way = 0

    async def watch(self, photo: str, due: float, answered: float, watcher: str, upload: Upload) -> Watched:
        """Look every 50 ms until the watcher's feed shows the photo and its four images are served."""
        self._under_way += 1
        try:
            visible, images = await asyncio.gather(self._seen_in_feed(photo, watcher, due), self._images_served(photo, due))
        finally:
            self._under_way -= 1
        return Watched(photo, answered - due, visible, images[0], max(images), upload.who == CELEBRITY_NUMBER)

    async def _seen_in_feed(self, photo: str, watcher: str, due: float) -> float:
        async def look() -> bool:
            page = await self._client.get("/v1/feed", watcher, limit=20)
            return any(item["id"] == photo for item in page["items"])

        return await self._seconds_until(look, due)

    async def _images_served(self, photo: str, due: float) -> list[float]:
        """When each variant was there; they are asked for one after the other, the smallest first."""
        times = []
        for pixels in PIXELS:

            async def look(path: str = f"/photos/{photo}/{pixels}.jpg") -> bool:
                return (await self._client.send("HEAD", path, accept=(200, 404))).status_code == 200

            times.append(await self._seconds_until(look, due))
        return times

    async def _seconds_until(self, look: Callable[[], Awaitable[bool]], due: float) -> float:
        """Look again and again; return when it was so, in seconds since `due`, or inf."""
        loop = asyncio.get_running_loop()
        while loop.time() - due < GIVE_UP_SECONDS:
            began = loop.time()
            if await look():
                return loop.time() - due
            pause = LOOK_EVERY_SECONDS * max(1.0, self._under_way / AT_FULL_PACE)
            await asyncio.sleep(max(0.0, pause - (loop.time() - began)))
        return math.inf
