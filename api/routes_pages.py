"""Pages of tags and places, and what trends: photos of public accounts only, for every reader."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from msgspec import UNSET

from api.calls import Call
from api.hydrate import account_of, show_photos
from api.pages import fill_page, page_answer
from api.photo_cards import hydrated
from api.problems import invalid
from api.routes import OPTIONAL, PAGE, PHOTO, WHO_SEES, Answer, Route, as_json
from api.shapes import Photos, Trend, Trends
from api.times import format_ms, read_time
from api.visibility import on_public_page
from projections import term_photos, trends
from projections.away import StoreAway
from projections.rows import BoardRows, TrendRow
from schemas.events import Board
from schemas.text import place_key, text_key


async def list_tag(call: Call) -> Answer:
    """Answer the photos that carry a hashtag, the newest first."""
    return await _term_page(call, Board.HASHTAGS, text_key(_term(call, "tag")))


async def list_place(call: Call) -> Answer:
    """Answer the photos of a place, the newest first."""
    return await _term_page(call, Board.PLACES, place_key(_term(call, "place")))


def _term(call: Call, name: str) -> str:
    text = call.params[name]
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise invalid(name, "must not contain NUL or half a surrogate pair")
    return text


async def _term_page(call: Call, board: Board, term: str) -> Answer:
    page = call.page(f"{board}.{term}"[:80], int)

    async def fetch(after: tuple | None, limit: int) -> Sequence:
        return await term_photos.page(call.context.stores, board, term, after[0] if after else None, limit)

    async def show(rows: Sequence) -> Sequence[bytes | None]:
        return await show_photos(call, [row.photo_id for row in rows], on_public_page)

    items, next_key = await fill_page(fetch, show, lambda row: (row.photo_id,), page.limit, page.after)
    return page_answer(f"{board}.{term}"[:80], items, next_key)


async def list_trending_tags(call: Call) -> Answer:
    """Answer the hashtags that trend, or did at a time."""
    return await _trends(call, Board.HASHTAGS)


async def list_trending_places(call: Call) -> Answer:
    """Answer the places that trend, or did at a time."""
    return await _trends(call, Board.PLACES)


async def _trends(call: Call, board: Board) -> Answer:
    limit = call.limit()
    at = call.query("at")
    rows = await (_latest(call, board) if at is None else trends.at(call.context.stores, board, _time(at)))
    if rows is None:
        return as_json(Trends(None, []))
    ranks = rows.ranks[:limit]
    visible = await _visible(call, ranks)
    # A window that has not ended is counted up to now.
    until = min(rows.window_start + call.context.trend_window_seconds * 1000, call.context.now_ms())
    return as_json(Trends(format_ms(until), [_described(board, rank, visible) for rank in ranks]))


async def _latest(call: Call, board: Board) -> BoardRows | None:
    """Return the newest board; exact for whoever names a position, since the cache may be two seconds old."""
    # What is read from rows that are being restored is not kept for others.
    if call.header(b"darkroom-after") is None and call.context.trust.complete(("trends",)):
        with contextlib.suppress(StoreAway), call.context.trust.redis():
            return await trends.latest(call.context.stores, board)
    return await trends.at(call.context.stores, board, call.context.now_ms())


def _time(text: str) -> int:
    try:
        time_ms = read_time(text.replace(" ", "+"))
    except (ValueError, OverflowError) as cause:
        raise invalid("at", "wanted a time like 2030-01-31T12:00:00.000Z") from cause
    if time_ms < 0:
        raise invalid("at", "wanted a time after 1970")
    return time_ms


async def _visible(call: Call, ranks: Sequence[TrendRow]) -> set[int]:
    viewer = await call.viewer()
    wanted = list({photo_id for rank in ranks for photo_id in rank.photos})
    photos = await hydrated(call, wanted) if wanted else {}
    return {id_ for id_, photo in photos.items() if on_public_page(viewer, account_of(photo), photo.state)}


def _described(board: Board, rank: TrendRow, visible: set[int]) -> Trend:
    return Trend(
        rank=rank.rank,
        score=rank.score,
        observed=rank.observed,
        expected=rank.expected,
        novelty=rank.novelty,
        people=rank.people,
        peak_at=format_ms(rank.peak_at),
        photos=[str(photo_id) for photo_id in rank.photos if photo_id in visible],
        tag=rank.shown if board == Board.HASHTAGS else UNSET,
        place=rank.shown if board == Board.PLACES else UNSET,
    )


_PAGE = ("term_photos", *PHOTO)
_TRENDS = ("trends", "photo_cards", *WHO_SEES)

ROUTES = (
    Route("GET", "/v1/tags/{tag}/photos", list_tag, "Photos that carry a hashtag", "pages", OPTIONAL, _PAGE, query=PAGE,
          answers={200: Photos}),
    Route("GET", "/v1/places/{place}/photos", list_place, "Photos of a place", "pages", OPTIONAL, _PAGE, query=PAGE,
          answers={200: Photos}),
    Route("GET", "/v1/trends/hashtags", list_trending_tags, "Hashtags that trend", "pages", OPTIONAL, _TRENDS,
          query=("at", "limit"), answers={200: Trends}),
    Route("GET", "/v1/trends/places", list_trending_places, "Places that trend", "pages", OPTIONAL, _TRENDS,
          query=("at", "limit"), answers={200: Trends}),
)  # fmt: skip
