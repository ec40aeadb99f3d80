"""What a remembered answer says beside what was made: up to where it is complete, now and not when it was given first."""

import pytest

from tests.specs.behaviours.town import Town

KEY = "a-key"


@pytest.fixture
def town():
    Town.opened.clear()
    yield Town("ann", "bob")
    for town in Town.opened:
        town.check_rebuilt()


def comment(town, photo):
    return town.ask("ann", "POST", f"/v1/photos/{photo}/comments", {"text": "Nice!"}, KEY)


def places(position):
    """Return the places of a position, by topic and partition."""
    return {place.rpartition(".")[0]: int(place.rpartition(".")[2]) for place in position.split("~") if place != "none"}


def test_a_remembered_answer_covers_what_is_sent_along_with_the_repeat(town):
    """Kills: the position of the first time, with which a client that keeps the last one only forgets what it did since."""
    photo = town.post("bob")
    town.held |= {"comments", "likes"}
    first = comment(town, photo)
    liked = town.ask("ann", "PUT", f"/v1/photos/{photo}/like").headers["Darkroom-Position"]
    sent = {"body": {"text": "Nice!"}, "key": KEY}
    again = town.ask("ann", "POST", f"/v1/photos/{photo}/comments", **sent, after=liked)
    assert (again.status, again.body) == (first.status, first.body)
    assert places(again.headers["Darkroom-Position"]) == places(first.headers["Darkroom-Position"]) | places(liked)
    unreadable = town.ask("ann", "POST", f"/v1/photos/{photo}/comments", **sent, after="yesterday")
    assert (unreadable.status, unreadable.headers) == (first.status, first.headers)


def test_a_remembered_answer_does_not_say_for_ever_that_it_was_stale(town):
    photo = town.post("bob")
    assert town.status("ann", f"/v1/photos/{photo}") == 200
    town.held |= {"photos"}
    town.context.wait_seconds = 0
    edited = town.ask("bob", "PATCH", f"/v1/photos/{photo}", {"caption": "later"}).headers["Darkroom-Position"]
    sent = {"body": {"text": "Nice!"}, "key": KEY, "after": edited}
    first, again = (town.ask("ann", "POST", f"/v1/photos/{photo}/comments", **sent) for _ in range(2))
    assert ("Darkroom-Stale" in first.headers, "Darkroom-Stale" in again.headers) == (True, False)
