"""Pages of lists that are thinned by filters: filled to their limit while there is more, and never empty with a `next`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from api.cursors import make_cursor
from api.routes import Answer

Row = TypeVar("Row")

# A list of which most is hidden is read in growing steps, so that a page costs few questions.
_LARGEST_STEP = 500


async def fill_page(
    fetch: Callable[[tuple | None, int], Awaitable[Sequence[Row]]],
    show: Callable[[Sequence[Row]], Awaitable[Sequence[bytes | None]]],
    key: Callable[[Row], tuple],
    limit: int,
    after: tuple | None,
) -> tuple[list[bytes], tuple | None]:
    """Return up to `limit` items as JSON, and the key of the last one when another visible one follows it.

    `fetch` gives rows after a key, in order, at most so many; `show` gives the JSON of each, None for what is not visible.
    """
    items: list[bytes] = []
    of: list[Row] = []
    step = limit + 1
    while len(items) <= limit:
        rows = await fetch(after, step)
        for row, item in zip(rows, await show(rows) if rows else (), strict=True):
            if item is not None:
                items.append(item)
                of.append(row)
        if len(rows) < step:
            break
        after = key(rows[-1])
        step = min(step * 2, _LARGEST_STEP)
    return items[:limit], key(of[limit - 1]) if len(items) > limit else None


def page_answer(list_name: str, items: Sequence[bytes], next_key: tuple | None) -> Answer:
    """Return a page: `{"items": [...], "next": "<cursor>" | null}`."""
    following = b"null" if next_key is None else b'"' + make_cursor(list_name, *next_key).encode() + b'"'
    return Answer(200, b'{"items":[' + b",".join(items) + b'],"next":' + following + b"}")
