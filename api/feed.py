"""The feed: candidates from the timeline and from pulled authors, merged, filtered by the reader's own relations.

Candidates are a superset of what must be visible, down to a floor; below it Postgres continues. What decides is pure
(`complete_part`, `in_spans`); the rest reads.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from api.calls import Call
from api.feed_photos import FeedPhotos
from api.pages import fill_page, page_answer
from api.relations import Spans
from api.routes import Answer
from api.visibility import Viewer
from projections import authors, photos, timelines
from projections.away import StoreAway
from projections.ring import CLOSED
from schemas.ids import time_of

LIST = "feed"


class Ring(Protocol):
    """A page of a ring: ids newest first; `floor` 0 when nothing was ever cut from it."""

    ids: Sequence[int]
    floor: int


class Part(NamedTuple):
    """Candidates that are complete from `down_to` on (0: to the end); `cold` when the rings say nothing about this depth."""

    ids: list[int]
    down_to: int
    cold: bool


def complete_part(rings: Iterable[Ring], below: int | None, wanted: int) -> Part:
    """Merge pages of rings into the part of the feed that all of them know completely, newest first, each id once.

    A closed ring is empty for ever: its owner is gone, so that it has nothing to say of any depth.
    """
    down_to = 0
    found: set[int] = set()
    for ring in rings:
        if ring.floor == CLOSED:
            continue
        found.update(ring.ids)
        if len(ring.ids) >= wanted:
            reach = ring.ids[-1]
        elif ring.floor:
            reach = ring.floor + 1
        else:
            reach = 0
        down_to = max(down_to, reach)
    cold = below is not None and down_to >= below
    return Part(sorted((id_ for id_ in found if id_ >= down_to), reverse=True), down_to, cold)


def in_spans(ids: Sequence[int], spans: Spans) -> tuple[int, ...]:
    """Return the photos, newest first, that were taken while their author was pulled; a span that lasts has 0 as its end.

    A span's photos lie side by side, so that one search finds each border.
    """
    found: list[int] = []
    for start, end in reversed(spans):
        first = bisect_right(ids, -end, key=_minus_time) if end else 0
        found.extend(ids[first : bisect_right(ids, -start, key=_minus_time)])
    return tuple(found)


def _minus_time(photo_id: int) -> int:
    return -time_of(photo_id)


class _Pulled(NamedTuple):
    """An author's ring without what was pushed."""

    ids: tuple[int, ...]
    floor: int


class Candidates:
    """The reader's candidates in order, read in steps: from the rings, and once past a floor from Postgres."""

    def __init__(self, call: Call, viewer: Viewer, pulled: Mapping[int, Spans] | None) -> None:
        self._stores = call.context.stores
        self._trust = call.context.trust
        self._viewer = viewer
        # Without knowing whom one pulls the rings are not all there is; Postgres asks nobody whether they are pushed.
        self._cold = pulled is None
        self._spans = {author: pulled[author] for author in pulled.keys() & viewer.following} if pulled else {}

    async def fetch(self, after: tuple | None, wanted: int) -> list[int]:
        """Return ids older than the last one, newest first; fewer than wanted only at the end."""
        below = after[0] if after else None
        found: list[int] = []
        while not self._cold and len(found) < wanted:
            try:
                # Rings that are being filled again are half empty, and do not know it.
                with self._trust.redis("timelines", "authors"):
                    part = await self._from_rings(below, wanted)
            except StoreAway:
                self._cold = True
                break
            found.extend(part.ids)
            if part.down_to == 0:
                return found[:wanted]
            self._cold = part.cold
            below = part.down_to if below is None else min(below, part.down_to)
        if len(found) < wanted:
            found.extend(await self._from_postgres(found[-1] if found else below, wanted - len(found)))
        # Many pulled authors are many pages of candidates; whoever shows them would read the card of each.
        return found[:wanted]

    async def _from_rings(self, below: int | None, wanted: int) -> Part:
        own = timelines.page(self._stores, self._viewer.user_id, below, wanted)
        if not self._spans:
            ring = await own
            if len(ring.ids) >= wanted:
                # Nearly every page of nearly everybody: one ring, and enough in it.
                return Part(list(ring.ids), ring.ids[-1], False)
            return complete_part([ring], below, wanted)
        home, pulled = await asyncio.gather(own, authors.pages(self._stores, tuple(self._spans), below, wanted))
        rings: list[Ring] = [home]
        for author_id, ring in pulled.items():
            reach = ring.ids[-1] - 1 if len(ring.ids) >= wanted else ring.floor
            rings.append(_Pulled(in_spans(ring.ids, self._spans[author_id]), reach))
        return complete_part(rings, below, wanted)

    async def _from_postgres(self, below: int | None, wanted: int) -> list[int]:
        owners = (*self._viewer.following, self._viewer.user_id)
        return [photo.photo_id for photo in await photos.of_owners(self._stores, owners, below, wanted)]


async def show_feed(call: Call) -> Answer:
    """Answer a page of the reader's feed."""
    page = call.page(LIST, int)
    viewer = await call.viewer()
    candidates = Candidates(call, viewer, await _pulled(call))
    rendering = FeedPhotos(call, viewer)
    items, next_key = await fill_page(candidates.fetch, rendering.show, _key, page.limit, page.after)
    return page_answer(LIST, items, next_key)


async def _pulled(call: Call) -> Mapping[int, Spans] | None:
    try:
        return await call.context.relations.pulled()
    except StoreAway:
        return None


def _key(photo_id: int) -> tuple[int]:
    return (photo_id,)
