"""Behaviour 8: delete a photo, delete a comment."""

import pytest

from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town
from tests.specs.behaviours.world import RUNNER


@clause("8.1")
@pytest.mark.parametrize("up", [99, 1])
def test_a_deleted_photo_is_gone_from_feeds_profiles_tags_and_places(up):
    town = Town("ann", "bob", up=up, down=0)
    town.follow("bob", "ann")
    kept, photo = (town.post("ann", "#dawn", "Rome") for _ in range(2))
    lists = [lambda: town.feed("bob"), lambda: town.feed("ann"), lambda: town.photos_of(None, "ann")]
    lists += [lambda: town.tagged(None, "dawn"), lambda: town.placed("bob", "rome")]
    assert [read() for read in lists] == [[photo, kept]] * 5
    town.delete("ann", photo)
    assert [read() for read in lists] == [[kept]] * 5
    assert town.status("ann", f"/v1/photos/{photo}") == town.status("bob", f"/v1/photos/{photo}") == 404


@clause("8.1")
def test_a_deleted_photo_is_gone_from_trends_and_its_person_counts_no_more():
    town = Town("ann", "bob", "cy", "dee")
    photos = {who: town.post(who, "#dawn", "Rome") for who in ("ann", "bob", "cy", "dee")}
    assert town.trending("hashtags")["dawn"] == (4, set(photos.values()))
    town.delete("ann", photos.pop("ann"))
    assert town.trending("hashtags")["dawn"] == (3, set(photos.values()))
    assert town.trending("places")["rome"] == (3, set(photos.values()))


@clause("8.2")
def test_the_authors_count_of_photos_falls_with_it_once():
    town = Town("ann")
    photos = [town.post("ann") for _ in range(2)]
    town.delete("ann", photos[0])
    town.delete("ann", photos[0])
    assert town.counted("ann") == (1, 0, 0)


@clause("8.3")
def test_its_comments_and_likers_are_hidden_and_its_notifications_go():
    town = Town("ann", "bob", "cy")
    kept, photo = town.post("ann"), town.post("ann", "for @cy")
    for shot in (kept, photo):
        town.like("bob", shot)
    comment = town.comment("bob", photo, "hello @cy")
    town.like_comment("ann", comment)
    assert (len(town.told("ann")), len(town.told("bob")), len(town.told("cy"))) == (3, 1, 2)
    town.delete("ann", photo)
    assert (town.told("ann"), town.told("bob"), town.told("cy")) == ([("like", "bob", kept)], [], [])
    for path in ("/likes", "/comments"):
        assert town.status("bob", f"/v1/photos/{photo}{path}") == 404
    assert town.status("ann", f"/v1/comments/{comment}/like", "PUT") == 404


@clause("8.4")
def test_its_images_and_its_original_are_deleted():
    town = Town("ann")
    photo = town.post("ann")
    assert [town.status(None, f"/photos/{photo}/{pixels}.jpg") for pixels in PIXELS] == [200] * 4
    town.delete("ann", photo)
    assert [town.status(None, f"/photos/{photo}/{pixels}.jpg") for pixels in PIXELS] == [404] * 4
    stored = [(ORIGINALS, original_key(photo)), *((VARIANTS, variant_key(photo, pixels)) for pixels in PIXELS)]
    assert [RUNNER.run(town.objects.exists(*place)) for place in stored] == [False] * 5


@clause("8.5")
def test_a_deleted_comment_is_uncounted_once_and_in_no_list():
    town = Town("ann", "bob")
    photo = town.post("ann")
    kept, comment = (town.comment("bob", photo, "for @ann") for _ in range(2))
    town.like_comment("ann", comment)
    for _ in range(2):
        town.do("bob", "DELETE", f"/v1/comments/{comment}")
    assert (town.counts(None, photo), [town.comments(None, photo, sort) for sort in ("newest", "oldest", "top")]) == (
        (0, 1),
        [[kept]] * 3,
    )
    assert {one[-1] for one in town.told("ann")} == {kept}
    assert town.told("bob") == []


@clause("8.6")
@pytest.mark.parametrize(("who", "status"), [("ann", 204), ("bob", 204), ("cy", 403)])
def test_the_author_of_a_comment_and_the_owner_of_the_photo_may_delete_it_and_others_may_not(who, status):
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    comment = town.comment("bob", photo)
    assert town.status(who, f"/v1/comments/{comment}", "DELETE") == status
    assert town.comments(None, photo) == ([] if status == 204 else [comment])


@clause("8.6")
def test_a_photo_is_its_owners_to_delete_also_when_a_deletion_by_another_reached_the_log():
    town = Town("ann", "cy")
    photo = town.post("ann")
    assert town.status("cy", f"/v1/photos/{photo}", "DELETE") == 403
    town.says(b.erased(photo, town.ids["ann"], town.ids["cy"], town.later()))
    assert (town.photos_of(None, "ann"), town.counted("ann")) == ([photo], (1, 0, 0))
