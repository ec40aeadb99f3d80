"""What trends, and which photos stand on the pages of tags and places (decision 22, behaviours 8, 11 and 14)."""

from math import log, log2

from schemas.ids import time_of
from schemas.text import hashtags, place_key
from tests.oracle.content import Photo
from tests.oracle.people import Town

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
HALF_LIFE_MS = 120 * MINUTE_MS
# From how many people a term that was never seen is expected.
UNSEEN = 0.5
MOST_RANKS, MOST_PHOTOS = 50, 10

Term = tuple[str, str]


def mentions_of(photos: dict[int, Photo], town: Town) -> dict[tuple[str, str, int], tuple[str, int]]:
    """Return what stands on pages: by board, compared term and photo, the term as typed and the owner.

    Ready photos of public accounts only (behaviour 11); what was edited away does not stand.
    """
    found = {}
    for photo in photos.values():
        if not photo.is_ready() or not town.is_public(photo.owner_id):
            continue
        for shown, term in hashtags(photo.caption):
            found["HASHTAGS", term, photo.photo_id] = (shown, photo.owner_id)
        if photo.place and place_key(photo.place):
            found["PLACES", place_key(photo.place), photo.photo_id] = (photo.place, photo.owner_id)
    return found


def boards_of(mentions: dict[tuple[str, str, int], tuple[str, int]], window_ms: int) -> dict[str, list[tuple]]:
    """Return the ranks of each board: (term, shown, people, expected, start of the peak, newest photos), best first."""
    by_term: dict[Term, dict[int, tuple[str, int]]] = {}
    for (board, term, photo_id), said in mentions.items():
        by_term.setdefault((board, term), {})[photo_id] = said
    ranked: dict[str, list[tuple]] = {}
    for (board, term), standing in by_term.items():
        peak = peak_of(standing, window_ms)
        if peak is not None:
            left, start, people, expected = peak
            newest = sorted(standing, reverse=True)[:MOST_PHOTOS]
            # Terms of equal standing are ranked by their text.
            rank = (-left, term.encode(), (term, standing[newest[0]][0], people, expected, start, tuple(newest)))
            ranked.setdefault(board, []).append(rank)
    return {board: [row for _, _, row in sorted(rows)[:MOST_RANKS]] for board, rows in ranked.items()}


def peak_of(standing: dict[int, tuple[str, int]], window_ms: int) -> tuple[float, int, int, float] | None:
    """Return a term's peak: when it will have faded to 1, the start of its window, people and expected people.

    A person counts once in a window. S = P ln(P / P'), P' the most people in a window of the week before; of the windows of
    the last day that one counts whose score has most left, the later one of equals. None without a score above 0.
    """
    using: dict[int, set[int]] = {}
    for photo_id, (_, owner) in standing.items():
        using.setdefault(time_of(photo_id) // window_ms * window_ms, set()).add(owner)
    best = None
    for start in sorted(using):
        if start < max(using) - DAY_MS:
            continue
        people = len(using[start])
        expected = max([UNSEEN, *(len(using[w]) for w in using if start - 7 * DAY_MS <= w < start)])
        score = people * log(people / expected)
        if score > 0:
            left = start + HALF_LIFE_MS * log2(score)
            if best is None or left >= best[0]:
                best = (left, start, people, float(expected))
    return best
