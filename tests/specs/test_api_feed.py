"""Specification of a feed's candidates: rings merged only as deep as all of them are complete."""

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace

from api import feed
from api.feed import Candidates, complete_part, in_spans
from api.visibility import Viewer
from projections.ring import CLOSED, RingPage
from schemas.ids import compose_id

DAY = 1_700_000_000_000


def test_rings_that_were_never_cut_are_merged_to_their_end():
    part = complete_part([RingPage((9, 5, 1), 0), RingPage((7, 5), 0)], None, 10)
    assert part.ids == [9, 7, 5, 1]
    assert part.down_to == 0


def test_a_full_page_is_complete_down_to_its_last_id_only():
    part = complete_part([RingPage((9, 8), 0), RingPage((3, 2), 0)], None, 2)
    assert part.ids == [9, 8]
    assert part.down_to == 8


def test_below_a_floor_the_rings_know_nothing():
    part = complete_part([RingPage((9, 6), 4), RingPage((7, 2), 0)], None, 10)
    assert part.ids == [9, 7, 6]
    assert part.down_to == 5
    assert not part.cold


def test_a_page_that_begins_at_the_floor_is_cold():
    assert complete_part([RingPage((), 4)], 5, 10).cold
    assert complete_part([RingPage((), 4)], 3, 10).cold


def test_an_exhausted_ring_without_a_floor_is_the_end_and_not_cold():
    part = complete_part([RingPage((), 0)], 5, 10)
    assert (part.ids, part.down_to, part.cold) == ([], 0, False)


def test_the_ring_of_somebody_who_is_gone_says_nothing_of_any_depth():
    """A reader may still believe for a moment that they are pulled: the feed neither ends nor goes cold for that."""
    part = complete_part([RingPage((9, 5, 1), 0), RingPage((), CLOSED)], None, 10)
    assert (part.ids, part.down_to, part.cold) == ([9, 5, 1], 0, False)


def test_photos_are_pulled_from_the_spans_in_which_their_author_was():
    before, within, after = (compose_id(DAY + ms, 1, 0) for ms in (0, 100, 200))
    assert in_spans((after, within, before), ((DAY + 50, DAY + 150),)) == (within,)
    assert in_spans((after, within, before), ((DAY + 50, 0),)) == (after, within)
    assert in_spans((after, within, before), ()) == ()


def test_however_many_authors_are_pulled_no_more_candidates_come_than_were_asked_for(monkeypatch):
    """Kills: handing on a page of each author, of which every card would be read for one page of the feed."""
    photos = {author: tuple(compose_id(DAY + 100 * n + author, 1, 0) for n in range(9, -1, -1)) for author in range(1, 51)}

    async def own(*_args):
        return RingPage((), 0)

    async def pages(_stores, authors, below, limit):
        found = {author: [p for p in photos[author] if below is None or p < below] for author in authors}
        return {author: RingPage(tuple(ids[:limit]), 0) for author, ids in found.items()}

    monkeypatch.setattr(feed.timelines, "page", own)
    monkeypatch.setattr(feed.authors, "pages", pages)
    context = SimpleNamespace(stores=None, trust=SimpleNamespace(redis=lambda *_names: nullcontext()))
    reader = Viewer(7, frozenset(photos), frozenset(), frozenset(), frozenset(), {})
    candidates = Candidates(SimpleNamespace(context=context), reader, dict.fromkeys(photos, ((DAY, 0),)))

    async def walk():
        found, after = [], None
        while page := await candidates.fetch(after, 6):
            assert len(page) <= 6
            found, after = found + page, (page[-1],)
        return found

    assert asyncio.run(walk()) == sorted((p for ids in photos.values() for p in ids), reverse=True)
