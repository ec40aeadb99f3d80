"""Behaviour 7: unfollow."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("7.1")
@pytest.mark.parametrize("up", [99, 1])
def test_an_unfollow_takes_exactly_that_authors_photos_out_of_the_feed(up):
    town = Town("ann", "bob", "cy", up=up, down=0)
    town.follow("bob", "ann", "cy")
    photos = [town.post(who) for who in ("ann", "cy", "bob", "ann", "cy")]
    assert town.feed("bob") == photos[::-1]
    town.unfollow("bob", "ann")
    assert town.feed("bob") == [photos[4], photos[2], photos[1]]
    assert (town.counted("ann"), town.following("bob", "bob")) == ((2, 0, 0), ["cy"])


@clause("7.1")
def test_the_public_photos_of_who_is_not_followed_any_more_stay_to_be_seen():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    photo = town.post("ann")
    town.unfollow("bob", "ann")
    assert (town.photos_of("bob", "ann"), town.feed("bob")) == ([photo], [])


@clause("7.2")
def test_a_delivery_in_flight_cannot_put_them_back():
    town = Town("ann", "bob", "cy")
    town.follow("bob", "ann", "cy")
    town.held.add("fanout")
    town.post("ann")
    kept = town.post("cy")
    town.unfollow("bob", "ann")
    assert town.person("bob", "ann")["relation"]["following"] is False
    town.held.clear()
    assert town.feed("bob") == [kept]


@clause("7.3")
@pytest.mark.parametrize("up", [99, 1])
def test_following_again_restores_them_with_what_was_posted_meanwhile(up):
    town = Town("ann", "bob", "cy", up=up, down=0)
    town.follow("bob", "ann", "cy")
    photos = [town.post("ann"), town.post("cy")]
    town.unfollow("bob", "ann")
    photos += [town.post("ann"), town.post("cy")]
    town.follow("bob", "ann")
    photos.append(town.post("ann"))
    assert town.feed("bob") == photos[::-1]


@clause("7.3")
def test_who_unfollows_a_private_account_must_ask_again():
    town = Town("ann", "bob", private=["ann"])
    photo = town.post("ann")
    town.follow("bob", "ann")
    town.accept("ann", "bob")
    town.unfollow("bob", "ann")
    assert (town.feed("bob"), town.status("bob", f"/v1/photos/{photo}")) == ([], 404)
    assert (town.follow("bob", "ann"), town.feed("bob")) == ("requested", [])
