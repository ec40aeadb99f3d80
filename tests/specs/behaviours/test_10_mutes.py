"""Behaviour 10: mute."""

import pytest

from api.times import format_ms
from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("10.1", "10.3")
@pytest.mark.parametrize("up", [99, 1])
def test_a_mute_takes_photos_out_of_the_feed_and_an_unmute_brings_them_back(up):
    town = Town("ann", "bob", "cy", up=up, down=0)
    town.follow("bob", "ann", "cy")
    photos = [town.post(who) for who in ("ann", "cy", "ann")]
    town.mute("bob", "ann")
    photos.append(town.post("ann"))
    assert town.feed("bob") == [photos[1]]
    town.unmute("bob", "ann")
    assert town.feed("bob") == photos[::-1]


@clause("10.1")
def test_a_mute_hides_nothing_else_and_tells_nobody():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    photo = town.post("ann", "#dawn", "Rome")
    comment = town.comment("ann", photo)
    town.like("ann", photo)
    town.mute("bob", "ann")
    assert (town.photos_of("bob", "ann"), town.tagged("bob", "dawn"), town.placed("bob", "rome")) == ([photo],) * 3
    assert (town.likers("bob", photo), town.comments("bob", photo), town.followers("bob", "ann")) == (
        ["ann"],
        [comment],
        ["bob"],
    )
    assert (town.person("bob", "ann")["relation"]["muting"], town.people("bob", "/v1/me/mutes")) == (True, ["ann"])
    assert (town.told("ann"), town.people("ann", "/v1/me/mutes")) == ([("follow", "bob")], [])


@clause("10.1", "10.3")
def test_a_mute_takes_deeds_out_of_notifications_and_an_unmute_brings_them_back():
    town = Town("ann", "bob", "cy")
    photo = town.post("bob")
    town.like("ann", photo)
    town.like("cy", photo)
    town.mute("bob", "ann")
    comment = town.comment("ann", photo)
    assert town.told("bob") == [("like", "cy", photo)]
    town.unmute("bob", "ann")
    assert town.told("bob") == [("comment", "ann", photo, comment), ("like", "cy", photo), ("like", "ann", photo)]


@clause("10.2")
def test_a_mute_expires():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    photo = town.post("ann")
    town.mute("bob", "ann", until=format_ms(town.now + 60_000))
    town.like("ann", shot := town.post("bob"))
    assert (town.feed("bob"), town.told("bob")) == ([shot], [])
    town.later(seconds=61)
    assert (town.feed("bob"), town.told("bob")) == ([shot, photo], [("like", "ann", shot)])
    assert (town.person("bob", "ann")["relation"]["muting"], town.people("bob", "/v1/me/mutes")) == (False, [])


@clause("10.2")
def test_a_second_mute_replaces_the_first_and_one_into_the_past_is_refused():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    photo = town.post("ann")
    town.mute("bob", "ann")
    town.mute("bob", "ann", until=format_ms(town.now + 60_000))
    past = {"until": format_ms(town.now - 1)}
    assert town.ask("bob", "PUT", f"/v1/users/{town.ids['ann']}/mute", past).status == 422
    assert town.feed("bob") == []
    town.later(seconds=61)
    assert town.feed("bob") == [photo]
