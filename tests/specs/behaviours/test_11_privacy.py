"""Behaviour 11: private flip."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town

TEN_MINUTES = 600


def image(town: Town, who: str | None, photo: int) -> str:
    """Return the path of a photo's smallest image as a reader is told."""
    return town.photo(who, photo)["images"]["150"].removeprefix("http://town")


@clause("11.1", "11.2")
def test_a_private_flip_hides_old_photos_from_strangers_tags_and_places_and_flipping_back_restores_them():
    town = Town("ann", "bob", "cy")
    town.follow("bob", "ann")
    photos = [town.post("ann", "#dawn", "Rome") for _ in range(2)][::-1]
    town.hide("ann")
    assert (town.tagged("bob", "dawn"), town.placed("bob", "rome"), town.tagged("ann", "dawn")) == ([], [], [])
    for who in ("cy", None):
        for path in (f"users/{town.ids['ann']}/photos", f"photos/{photos[0]}", f"photos/{photos[0]}/likes"):
            assert town.status(who, f"/v1/{path}") == 404
        assert town.person(who, "ann")["private"] is True
    assert town.feed("bob") == town.photos_of("bob", "ann") == photos
    town.show("ann")
    assert (town.tagged(None, "dawn"), town.placed(None, "rome"), town.photos_of("cy", "ann")) == (photos,) * 3


@clause("11.1", "11.2")
def test_a_private_flip_hides_photos_from_trends_and_flipping_back_restores_them():
    town = Town("ann", "bob")
    photos = [town.post(who, "#dawn", "Rome") for who in ("ann", "bob")]
    town.hide("ann")
    assert (town.trending("hashtags")["dawn"], town.trending("places")["rome"]) == ((1, {photos[1]}),) * 2
    town.show("ann")
    assert (town.trending("hashtags")["dawn"], town.trending("places")["rome"]) == ((2, set(photos)),) * 2


@clause("11.1")
def test_photos_of_a_private_account_stand_on_no_page_of_a_tag_even_for_followers():
    town = Town("ann", "bob", private=["ann"])
    town.follow("bob", "ann")
    town.accept("ann", "bob")
    photo = town.post("ann", "#dawn")
    assert (town.feed("bob"), town.tagged("bob", "dawn")) == ([photo], [])


@clause("11.1")
def test_a_flip_hides_photos_from_tags_places_and_trends_before_those_have_heard_of_it():
    town = Town("ann", "bob")
    photos = [town.post(who, "#dawn", "Rome") for who in ("bob", "ann")]
    assert town.tagged(None, "dawn") == photos[::-1]
    town.held.update(("trend_preprocess", "terms"))
    town.hide("ann")
    assert (town.tagged(None, "dawn"), town.placed("bob", "rome")) == (photos[:1], photos[:1])
    assert town.trending("hashtags")["dawn"][1] == set(photos[:1])


@clause("11.5")
def test_lists_comments_and_likers_of_a_private_account_are_for_accepted_followers():
    town = Town("ann", "bob", "cy", private=["ann"])
    photo = town.post("ann")
    comment = town.comment("ann", photo)
    for who in ("bob", "cy"):
        town.follow(who, "ann")
    town.accept("ann", "bob")
    assert [town.person(who, "ann")["counts"]["photos"] for who in ("bob", "cy", None)] == [1, 1, 1]
    paths = [f"users/{town.ids['ann']}/{name}" for name in ("photos", "followers", "following")]
    paths += [f"photos/{photo}", f"photos/{photo}/likes", f"photos/{photo}/comments"]
    for who, status in (("bob", 200), ("cy", 404), (None, 404)):
        assert [town.status(who, f"/v1/{path}") for path in paths] == [status] * 6
    assert town.status("cy", f"/v1/comments/{comment}/like", "PUT") == 404


@clause("11.3")
@pytest.mark.parametrize("deed", ["hide", "delete", "deactivate"])
def test_old_image_links_stop_being_served_after_a_flip_a_delete_and_a_deactivation(deed):
    town = Town("ann")
    photo = town.post("ann")
    link = image(town, None, photo)
    assert town.ask(None, "GET", link).headers["Cache-Control"].startswith("public")
    if deed == "deactivate":
        town.do("ann", "POST", "/v1/me/deactivate")
    else:
        town.hide("ann") if deed == "hide" else town.delete("ann", photo)
    seen = town.ask(None, "GET", link)
    assert (seen.status, seen.headers["Cache-Control"]) == (404, "no-store")


@clause("11.3")
@pytest.mark.parametrize("deed", ["delete", "deactivate", "leave"])
def test_old_signed_links_stop_being_served_after_a_delete_a_deactivation_and_a_deletion_of_the_account(deed):
    town = Town("ann", private=["ann"])
    photo = town.post("ann")
    link = image(town, "ann", photo)
    assert town.status(None, link) == 200
    if deed == "deactivate":
        town.do("ann", "POST", "/v1/me/deactivate")
    else:
        town.leave("ann") if deed == "leave" else town.delete("ann", photo)
    assert town.status(None, link) == 404


@clause("11.2", "11.3")
def test_the_links_of_a_public_account_are_served_again_after_flipping_back():
    town = Town("ann")
    photo = town.post("ann")
    link = image(town, None, photo)
    town.hide("ann")
    town.show("ann")
    assert (town.status(None, link), image(town, None, photo)) == (200, link)


@clause("11.4")
def test_followers_of_a_private_account_see_its_images_under_a_signature_that_expires():
    town = Town("ann", "bob", private=["ann"])
    town.follow("bob", "ann")
    town.accept("ann", "bob")
    photo, other = town.post("ann"), town.post("ann")
    link = image(town, "bob", photo)
    assert link.startswith("/s/") and town.status(None, link.partition("/photos")[1] + link.partition("/photos")[2]) == 404
    seen = town.ask("bob", "GET", link)
    assert (seen.status, seen.headers["Cache-Control"]) == (200, "private, max-age=600")
    assert town.status("bob", link.replace(str(photo), str(other))) == 404
    town.unfollow("bob", "ann")
    assert town.status("bob", link) == 200
    town.later(seconds=TEN_MINUTES)
    assert town.status("bob", link) == 404
