"""Behaviour 6: follow."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("6.1")
def test_following_twice_is_following_once():
    town = Town("ann", "bob", "cy")
    town.follow("bob", "ann")
    town.follow("cy", "ann")
    town.follow("bob", "ann")
    # And the second time is no newer follow.
    assert (town.followers(None, "ann"), town.following(None, "bob")) == (["cy", "bob"], ["ann"])
    assert (town.counted("ann"), town.counted("bob")) == ((0, 2, 0), (0, 0, 1))


@clause("6.2")
def test_following_a_private_account_is_a_request_and_no_count_moves():
    town = Town("ann", "bob", private=["ann"])
    photo = town.post("ann")
    assert town.follow("bob", "ann") == "requested"
    assert (town.counted("ann"), town.counted("bob"), town.requests("ann")) == ((1, 0, 0), (0, 0, 0), ["bob"])
    assert (town.feed("bob"), town.status("bob", f"/v1/photos/{photo}")) == ([], 404)
    assert town.person("bob", "ann")["relation"]["requested"] is True


@clause("6.3")
def test_a_request_that_is_accepted_is_a_follow_and_counts():
    town = Town("ann", "bob", private=["ann"])
    photo = town.post("ann")
    town.follow("bob", "ann")
    town.accept("ann", "bob")
    assert (town.counted("ann"), town.counted("bob"), town.requests("ann")) == ((1, 1, 0), (0, 0, 1), [])
    assert (town.feed("bob"), town.followers("bob", "ann")) == ([photo], ["bob"])


@clause("6.3")
@pytest.mark.parametrize("who", ["ann rejects", "bob cancels"])
def test_a_request_that_is_rejected_or_cancelled_is_nothing_and_cannot_be_accepted(who):
    town = Town("ann", "bob", private=["ann"])
    photo = town.post("ann")
    town.follow("bob", "ann")
    if who == "ann rejects":
        town.do("ann", "DELETE", f"/v1/follow-requests/{town.ids['bob']}")
    else:
        town.unfollow("bob", "ann")
    assert (town.requests("ann"), town.counted("ann"), town.feed("bob")) == ([], (1, 0, 0), [])
    assert town.status("ann", f"/v1/follow-requests/{town.ids['bob']}", "PUT") == 404
    assert town.status("bob", f"/v1/photos/{photo}") == 404
    assert town.follow("bob", "ann") == "requested"


@clause("6.3")
def test_who_follows_already_goes_on_following_when_an_old_request_is_rejected():
    town = Town("ann", "bob", private=["ann"])
    town.follow("bob", "ann")
    town.accept("ann", "bob")
    town.do("ann", "DELETE", f"/v1/follow-requests/{town.ids['bob']}")
    assert town.followers("ann", "ann") == ["bob"]
    town.do("ann", "DELETE", f"/v1/me/followers/{town.ids['bob']}")
    assert (town.followers("ann", "ann"), town.counted("ann")) == ([], (0, 0, 0))


@clause("6.4")
def test_pending_requests_become_follows_when_the_account_becomes_public():
    town = Town("ann", "bob", "cy", private=["ann"])
    photo = town.post("ann")
    for who in ("bob", "cy"):
        town.follow(who, "ann")
    town.show("ann")
    assert (sorted(town.followers(None, "ann")), town.requests("ann"), town.counted("ann")) == (["bob", "cy"], [], (1, 2, 0))
    assert town.feed("bob") == town.feed("cy") == [photo]


@clause("6.4")
def test_a_follow_stays_one_when_the_account_becomes_private():
    town = Town("ann", "bob", "cy")
    town.follow("bob", "ann")
    town.hide("ann")
    assert (town.followers("ann", "ann"), town.follow("cy", "ann"), town.counted("ann")) == (["bob"], "requested", (0, 1, 0))


@clause("6.5")
def test_a_follow_brings_the_photos_of_before_into_the_feed_among_those_that_are_there():
    town = Town("ann", "bob", "cy")
    town.follow("bob", "cy")
    photos = [town.post(who) for who in ("ann", "cy", "ann", "bob", "cy", "ann")]
    town.follow("bob", "ann")
    assert town.feed("bob") == photos[::-1]


@clause("6.5", "13.4")
def test_a_follow_evicts_nothing_newer_and_the_feed_goes_on_below_its_depth():
    town = Town("ann", "bob", "cy", depth=3)
    town.follow("bob", "cy")
    old = [town.post("ann") for _ in range(4)]
    new = [town.post("cy") for _ in range(3)]
    town.follow("bob", "ann")
    assert town.feed("bob") == [*new[::-1], *old[::-1]]
    newest = town.post("ann")
    assert town.feed("bob") == [newest, *new[::-1], *old[::-1]]


@clause("6.6")
def test_nothing_is_pushed_for_a_celebrity_who_is_pulled():
    town = Town("ann", "bob", "cy", up=2)
    for who in ("bob", "cy"):
        town.follow(who, "ann")
    photo = town.post("ann")
    assert town.feed("bob") == town.feed("cy") == [photo]
    assert photo not in town.sink.ring("timelines", town.ids["bob"]).content().ids


@clause("6.6")
def test_who_follows_a_celebrity_later_sees_all_of_the_celebrity_too():
    town = Town("ann", "bob", "cy", "dee", up=2)
    before = town.post("ann")
    for who in ("bob", "cy"):
        town.follow(who, "ann")
    pulled = town.post("ann")
    town.follow("dee", "ann")
    assert town.feed("dee") == [pulled, before]
