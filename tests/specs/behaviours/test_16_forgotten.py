"""Behaviour 16: what is also often forgotten."""

import pytest

from schemas.ids import compose_id, shard_of
from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town


@clause("16.1")
def test_an_edited_caption_takes_back_the_old_tags_and_asserts_the_new():
    town = Town("ann")
    photo = town.post("ann", "#dawn and #dusk", "Rome")
    town.do("ann", "PATCH", f"/v1/photos/{photo}", {"caption": "#dusk and #noon"})
    assert [town.tagged(None, tag) for tag in ("dawn", "dusk", "noon")] == [[], [photo], [photo]]
    assert (town.photo(None, photo)["tags"], town.placed(None, "rome")) == (["dusk", "noon"], [photo])
    town.do("ann", "PATCH", f"/v1/photos/{photo}", {"caption": None, "place": "Oslo"})
    assert [town.tagged(None, tag) for tag in ("dusk", "noon")] == [[], []]
    assert [town.placed(None, place) for place in ("rome", "oslo")] == [[], [photo]]


@clause("16.1")
def test_an_edited_caption_takes_its_people_out_of_trends():
    town = Town("ann", "bob")
    photos = [town.post(who, "#dawn") for who in ("ann", "bob")]
    town.do("ann", "PATCH", f"/v1/photos/{photos[0]}", {"caption": "#noon"})
    assert town.trending("hashtags") == {"dawn": (1, {photos[1]}), "noon": (1, {photos[0]})}


@clause("16.1")
def test_an_edit_notifies_nobody():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann", "for @bob")
    town.do("ann", "PATCH", f"/v1/photos/{photo}", {"caption": "for @cy and @bob"})
    assert (town.told("bob"), town.told("cy")) == ([("mention", "ann", photo)], [])


@clause("16.2")
@pytest.mark.parametrize("typed", ["Café", "CAFE", "ｃａｆé", "cafe\u0301"])
def test_tags_compare_without_case_width_and_accents_and_are_shown_as_typed(typed):
    town = Town("ann")
    photos = [town.post("ann", f"#{typed}"), town.post("ann", "#cafe")]
    assert town.tagged(None, typed) == town.tagged(None, "cafe") == photos[::-1]
    assert town.photo(None, photos[0])["tags"] == [typed]


@clause("16.2")
def test_places_compare_the_same_way():
    town = Town("ann")
    photos = [town.post("ann", place=place) for place in ("São Paulo", "SAO PAULO")]
    assert town.placed(None, "sao%20paulo") == photos[::-1]
    assert town.photo(None, photos[0])["place"] == "São Paulo"


@clause("16.3")
def test_a_photo_from_the_future_neither_pins_itself_nor_ranks():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    ann = town.ids["ann"]
    ahead = compose_id(town.now + 3_600_000, shard_of(ann), 5)
    town.says(b.uploaded(ahead, ann, town.later(), caption="#dawn"), b.variant(ahead, ann, 150, town.later()))
    photo = town.post("ann", "#dawn")
    assert (town.feed("bob"), town.photos_of(None, "ann"), town.tagged(None, "dawn")) == ([photo],) * 3
    assert town.trending("hashtags") == {"dawn": (1, {photo})}


@clause("16.6")
def test_of_one_persons_many_photos_one_counts_in_a_trend():
    town = Town("ann", "bob")
    for _ in range(3):
        town.post("ann", "#dawn")
    town.post("bob", "#dawn")
    assert town.trending("hashtags")["dawn"][0] == 2


@clause("16.5")
def test_a_photo_is_its_owners_alone_until_its_smallest_image_is_made():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    town.held.add("resize")
    photo = town.post("ann", "#dawn for @bob", "Rome")
    town.says(b.variant(photo, town.ids["ann"], 320, town.later()))
    lists = [lambda: town.feed("bob"), lambda: town.feed("ann"), lambda: town.photos_of("ann", "ann")]
    lists += [lambda: town.tagged("ann", "dawn"), lambda: town.placed(None, "rome")]
    assert ([read() for read in lists], town.counted("ann")) == ([[]] * 5, (0, 1, 0))
    assert (town.photo("ann", photo)["state"], town.status("bob", f"/v1/photos/{photo}")) == ("processing", 404)
    assert (town.told("bob"), town.trending("hashtags")) == ([], {})
    town.says(b.variant(photo, town.ids["ann"], 150, town.later()))
    assert ([read() for read in lists], town.counted("ann")) == ([[photo]] * 5, (1, 1, 0))
    assert (town.photo("bob", photo)["state"], town.told("bob")) == ("ready", [("mention", "ann", photo)])


@clause("16.5")
def test_a_rejected_photo_is_its_owners_alone_who_is_told_why():
    town = Town("ann", "bob")
    town.held.add("resize")
    photo = town.post("ann", "#dawn")
    town.says(b.rejected(photo, town.ids["ann"], "cut off", town.later()))
    seen = town.photo("ann", photo)
    assert (seen["state"], seen["reason"], town.status("bob", f"/v1/photos/{photo}")) == ("rejected", "cut off", 404)
    assert (town.photos_of("ann", "ann"), town.feed("ann"), town.tagged(None, "dawn"), town.counted("ann")) == (
        [],
        [],
        [],
        (0, 0, 0),
    )
