"""Behaviour 13: paging."""

from collections.abc import Callable

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town, done

Between = Callable[[int], None]


def walked(town: Town, who: str | None, path: str, between: Between, limit: int = 2) -> list[int]:
    """Return the ids of a list, read page by page, with something happening after each page; `between` is given its number."""
    found, cursor, number = [], "", 0
    path += f"{'&' if '?' in path else '?'}limit={limit}"
    while cursor is not None:
        page = done(
            town.ask(who, "GET", f"{path}{'&' if '?' in path else '?'}limit={limit}" + (cursor and f"&cursor={cursor}"))
        )
        found += [int(item["id"]) for item in page.body["items"]]
        cursor, number = page.body["next"], number + 1
        between(number)
    return found


def a_feed(count: int, **rules: int) -> tuple[Town, list[int]]:
    """Return a town where bob follows ann and cy, and their photos in turn, newest first."""
    town = Town("ann", "bob", "cy", **rules)
    town.follow("bob", "ann", "cy")
    return town, [town.post(("ann", "cy")[number % 2]) for number in range(count)][::-1]


@clause("13.1")
@pytest.mark.parametrize("rules", [{}, {"up": 1, "down": 0}, {"depth": 2}])
def test_a_cursor_works_when_its_item_is_gone(rules):
    town, photos = a_feed(6, **rules)

    def delete_the_last(number: int) -> None:
        if number < 3:
            last = photos[2 * number - 1]
            town.delete(("ann", "cy")[(5 - photos.index(last)) % 2], last)

    assert walked(town, "bob", "/v1/feed", delete_the_last) == photos


@clause("13.1")
def test_a_cursor_of_comments_and_likers_works_when_its_item_is_gone():
    town = Town("ann", "bob", "cy", "dee")
    photo = town.post("ann")
    comments = [town.comment("ann", photo) for _ in range(4)]
    gone = lambda number: number == 1 and town.do("ann", "DELETE", f"/v1/comments/{comments[2]}")  # noqa: E731
    assert walked(town, None, f"/v1/photos/{photo}/comments", gone) == comments[::-1]
    for who in ("bob", "cy", "dee"):
        town.like(who, photo)
    gone = lambda number: number == 1 and town.unlike("cy", photo)  # noqa: E731
    assert walked(town, None, f"/v1/photos/{photo}/likes", gone) == [town.ids[who] for who in ("dee", "cy", "bob")]


@clause("13.2")
@pytest.mark.parametrize("rules", [{}, {"up": 1, "down": 0}, {"depth": 2}])
def test_new_items_never_shift_a_page(rules):
    town, photos = a_feed(7, **rules)
    assert walked(town, "bob", "/v1/feed", lambda _number: town.post("ann")) == photos


@clause("13.2")
def test_new_items_never_shift_a_page_of_comments_likers_and_followers():
    town = Town("ann", "bob", "cy", "dee", "eve", "fay")
    photo = town.post("ann")
    comments = [town.comment("bob", photo) for _ in range(3)]
    for who in ("bob", "cy", "dee"):
        town.like(who, photo)
        town.follow(who, "ann")

    def more(number: int) -> None:
        if number == 1:
            town.comment("bob", photo)
            town.like("eve", photo)
            town.follow("fay", "ann")

    people = [town.ids[who] for who in ("dee", "cy", "bob")]
    assert walked(town, None, f"/v1/photos/{photo}/comments", more) == comments[::-1]
    assert walked(town, None, f"/v1/photos/{photo}/likes", lambda _number: None) == [town.ids["eve"], *people]
    assert walked(town, None, f"/v1/users/{town.ids['ann']}/followers", lambda _number: None) == [town.ids["fay"], *people]


@clause("13.2")
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_comments_of_equal_likes_are_neither_repeated_nor_skipped(limit):
    town = Town("ann", "bob")
    photo = town.post("ann")
    comments = [town.comment("ann", photo) for _ in range(5)]
    for comment in comments[1::2]:
        town.like_comment("bob", comment)
    found = walked(town, None, f"/v1/photos/{photo}/comments?sort=top", lambda _number: None, limit)
    assert found == [*comments[1::2][::-1], *comments[::2][::-1]]


@clause("13.3")
@pytest.mark.parametrize("rules", [{}, {"up": 1, "down": 0}, {"depth": 2}])
def test_a_page_thinned_by_filters_is_refilled_and_only_null_says_the_end(rules):
    town, photos = a_feed(12, **rules)
    town.mute("bob", "ann")
    for photo in photos[2:8:2]:
        town.delete("cy", photo)
    pages = town.pages("bob", "/v1/feed", limit=2)
    assert [int(item["id"]) for page in pages for item in page] == [photos[0], photos[8], photos[10]]
    # Whole pages have no empty one behind them.
    assert [len(page) for page in pages] == [2, 1]


@clause("13.3")
def test_a_list_of_people_thinned_by_blocks_is_refilled():
    town = Town("ann", *(names := [f"fan{number}" for number in range(6)]))
    photo = town.post("ann")
    for name in names:
        town.like(name, photo)
    for name in names[1:5]:
        town.block("ann", name)
    assert [len(page) for page in town.pages("ann", f"/v1/photos/{photo}/likes")] == [2]


@clause("13.4")
def test_ids_are_strings():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.comment("bob", photo)
    town.like("bob", photo)
    items = [town.photo("ann", photo), *town.items("ann", f"/v1/photos/{photo}/comments"), town.person("ann", "bob")]
    items += [*town.items("ann", f"/v1/photos/{photo}/likes"), *town.items("ann", "/v1/feed")]
    assert {type(item["id"]) for item in items} == {str}
    assert int(items[0]["id"]) > 1 << 53 and type(items[0]["owner"]["id"]) is str


@clause("13.4")
@pytest.mark.parametrize("up", [99, 1])
def test_depth_continues_past_the_cache_into_the_rows(up):
    town, photos = a_feed(9, depth=3, up=up, down=0)
    assert len(town.sink.ring("authors", town.ids["ann"]).content().ids) == 3
    assert town.feed("bob") == photos
