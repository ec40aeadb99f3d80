"""Behaviour 15: return after absence, or after the cache is lost."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("15.1")
@pytest.mark.parametrize("rules", [{}, {"up": 2, "down": 1}, {"depth": 3}])
def test_the_feed_after_an_absence_is_what_continuous_presence_would_have_given(rules):
    town = Town("ann", "bob", "cy", "dee", **rules)
    for who in ("bob", "dee"):
        town.follow(who, "ann", "cy")
    photos = [town.post(("ann", "cy")[number % 2]) for number in range(3)]
    town.do("bob", "POST", "/v1/me/deactivate")
    photos += [town.post(("ann", "cy")[number % 2]) for number in range(5)]
    town.do("bob", "POST", "/v1/me/reactivate")
    photos.append(town.post("ann"))
    assert town.feed("bob") == town.feed("dee") == photos[::-1]


@clause("15.1")
def test_a_feed_is_as_it_was_after_everything_was_lost_but_the_log():
    town = Town("ann", "bob", "cy", up=2, down=1, depth=3)
    for who in ("bob", "cy"):
        town.follow(who, "ann")
    photos = [town.post("ann") for _ in range(5)]
    town.unfollow("cy", "ann")
    photos.append(town.post("ann"))
    before = town.feed("bob"), town.feed("cy"), town.feed("ann")
    town.forget()
    assert (town.feed("bob"), town.feed("cy"), town.feed("ann")) == before == (photos[::-1], [], photos[::-1])


@clause("15.1", "15.2")
def test_while_the_cache_is_lost_the_feed_is_whole_and_says_what_it_lacks_and_afterwards_it_is_as_before():
    town = Town("ann", "bob", depth=3)
    town.follow("bob", "ann")
    photos = [town.post("ann") for _ in range(5)][::-1]
    seen = town.ask("bob", "GET", "/v1/feed")
    assert [int(item["id"]) for item in seen.body["items"]] == photos and "Darkroom-Incomplete" not in seen.headers
    town.lose_redis()
    seen = town.ask("bob", "GET", "/v1/feed")
    assert [int(item["id"]) for item in seen.body["items"]] == photos and seen.headers["Darkroom-Incomplete"] == "true"
    town.restart()
    seen = town.ask("bob", "GET", "/v1/feed")
    assert [int(item["id"]) for item in seen.body["items"]] == photos and "Darkroom-Incomplete" not in seen.headers
