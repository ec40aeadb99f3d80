"""Times each upload from the moment it was due, and holds the times against what Darkroom promises.

An upload that was sent late because others were slow is counted from when it should have been sent.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.demo.client import Client
from infra.demo.world import CELEBRITY_NUMBER, Upload

LOOK_EVERY_SECONDS = 0.05
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


async def watch(client: Client, photo: dict[str, Any], due: float, answered: float, watcher: str, upload: Upload) -> Watched:
    """Look every 50 ms until the watcher's feed shows the photo and its four images are served."""

    async def in_feed() -> bool:
        page = await client.get("/v1/feed", watcher, limit=20)
        return any(item["id"] == photo["id"] for item in page["items"])

    async def served(pixels: str) -> bool:
        path = f"/photos/{photo['id']}/{pixels}.jpg"
        return (await client.send("HEAD", path, accept=(200, 404))).status_code == 200

    async def images() -> tuple[float, float]:
        first = await seconds_until(lambda: served("150"), due)
        return first, max([first] + [await seconds_until(lambda p=pixels: served(p), due) for pixels in PIXELS[1:]])

    visible, (thumbnail, everything) = await asyncio.gather(seconds_until(in_feed, due), images())
    return Watched(photo["id"], answered - due, visible, thumbnail, everything, upload.who == CELEBRITY_NUMBER)


async def seconds_until(look: Callable[[], Awaitable[bool]], due: float) -> float:
    """Look again and again; return when it was so, in seconds since `due`, or inf."""
    loop = asyncio.get_running_loop()
    while loop.time() - due < GIVE_UP_SECONDS:
        began = loop.time()
        if await look():
            return loop.time() - due
        await asyncio.sleep(max(0.0, LOOK_EVERY_SECONDS - (loop.time() - began)))
    return math.inf
