"""Specification of cursors and pages."""

import asyncio
import json

import pytest

from api.calls import MAX_ID
from api.cursors import ForeignCursor, make_cursor, read_cursor
from api.pages import fill_page, page_answer
from tests.behaviours import clause


def test_a_cursor_gives_its_keys_back():
    assert read_cursor(make_cursor("top", 5, 1 << 62), "top", int, int) == (5, 1 << 62)


def test_the_longest_cursor_that_is_made_is_read():
    name = "\N{GRINNING FACE}" * 80
    assert read_cursor(make_cursor(name, MAX_ID, MAX_ID), name, int, int) == (MAX_ID, MAX_ID)


@pytest.mark.parametrize("text", ["", "x", "====", "ä", "AAAA" * 200, make_cursor("newest", 5), make_cursor("top", "5")])
def test_a_foreign_cursor_is_told(text):
    with pytest.raises(ForeignCursor):
        read_cursor(text, "top", int)


def test_a_cursor_beyond_any_id_is_told():
    with pytest.raises(ForeignCursor):
        read_cursor(make_cursor("top", (1 << 64) - 1), "top", int)


def page(rows, visible, limit, after=None):
    async def fetch(key, wanted):
        return [row for row in rows if key is None or row < key[0]][:wanted]

    async def show(found):
        return [str(row).encode() if visible(row) else None for row in found]

    return asyncio.run(fill_page(fetch, show, lambda row: (row,), limit, after))


def walk(rows, visible, limit):
    after, pages = None, []
    while True:
        items, after = page(rows, visible, limit, after)
        pages.append([int(item) for item in items])
        if after is None:
            return pages


def test_a_page_thinned_by_filters_is_filled():
    assert page(range(100, 0, -1), lambda row: row % 10 == 0, 3)[0] == [b"100", b"90", b"80"]


@clause("13.3")
def test_a_walk_gives_every_visible_item_once_and_never_an_empty_page_with_a_next():
    pages = walk(range(100, 0, -1), lambda row: row % 7 == 0, 4)
    assert [item for items in pages for item in items] == list(range(98, 0, -7))
    assert all(pages)


@clause("13.3")
def test_a_page_that_ends_exactly_has_no_next():
    assert walk(range(10, 0, -1), lambda row: True, 5) == [[10, 9, 8, 7, 6], [5, 4, 3, 2, 1]]


def test_a_list_of_which_nothing_is_visible_is_one_empty_page():
    assert page(range(1000, 0, -1), lambda row: False, 5) == ([], None)


def test_the_end_is_said_by_null_alone():
    assert json.loads(page_answer("feed", [b"1", b"2"], None).body) == {"items": [1, 2], "next": None}
    assert json.loads(page_answer("feed", [], (5,)).body)["next"] == make_cursor("feed", 5)
