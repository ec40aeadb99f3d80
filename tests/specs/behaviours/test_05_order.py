"""Behaviour 5: order across topics is not given."""

import pytest

from schemas.ids import shard_of
from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town


def beside(town: Town, id_: int) -> int:
    """Return an id for what comes to the log later than what is said of it."""
    return town.mint(shard_of(id_))


@clause("5.1")
def test_a_like_and_a_comment_that_come_before_their_photo_count_once_the_photo_is_there():
    town = Town("ann", "bob")
    ann, bob = town.ids["ann"], town.ids["bob"]
    photo = beside(town, ann)
    comment = beside(town, photo)
    town.says(b.liked(bob, photo, at=town.later()), b.commented(bob, comment, photo, at=town.later()))
    town.says(b.liked(ann, photo, comment, at=town.later()))
    assert town.status("ann", f"/v1/photos/{photo}") == 404
    town.says(b.uploaded(photo, ann, town.later()))
    assert (town.counts("ann", photo), town.likers(None, photo), town.comments(None, photo)) == ((1, 1), ["bob"], [comment])
    assert town.comment_likes("ann", photo) == {comment: (1, True)}


@clause("5.1")
def test_a_comment_that_is_liked_before_it_is_read_has_its_like():
    town = Town("ann", "bob")
    photo = town.post("ann")
    comment = beside(town, photo)
    town.says(b.liked(town.ids["bob"], photo, comment, at=town.later()))
    assert town.comments(None, photo) == []
    town.says(b.commented(town.ids["ann"], comment, photo, at=town.later()))
    assert town.comment_likes("bob", photo) == {comment: (1, True)}


@clause("5.2")
@pytest.mark.parametrize("before", [True, False])
def test_a_like_and_a_comment_after_the_photo_was_deleted_have_no_visible_effect(before):
    town = Town("ann", "bob")
    photo, bob = town.post("ann"), town.ids["bob"]
    comment = beside(town, photo)
    late = [b.liked(bob, photo, at=town.later()), b.commented(bob, comment, photo, "@ann", at=town.later())]
    if before:
        # Their topics are read first, though they were said last.
        town.says(*late)
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    if not before:
        town.says(*late)
    for path in ("", "/likes", "/comments"):
        assert town.status("ann", f"/v1/photos/{photo}{path}") == 404
    assert (town.counted("ann"), town.told("ann")) == ((0, 0, 0), [])


@clause("5.2")
def test_a_like_of_a_deleted_comment_has_no_visible_effect():
    town = Town("ann", "bob")
    photo = town.post("ann")
    comment = town.comment("ann", photo)
    town.do("ann", "DELETE", f"/v1/comments/{comment}")
    town.says(b.liked(town.ids["bob"], photo, comment, at=town.later()))
    assert (town.counts(None, photo), town.comments(None, photo), town.told("ann")) == ((0, 0), [], [])


@clause("5.3")
def test_a_tombstone_wins_over_a_late_resize():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    town.held.add("resize")
    photo = town.post("ann", "#dawn")
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    town.says(b.variant(photo, town.ids["ann"], 150, town.later()))
    town.held.clear()
    assert (town.feed("bob"), town.tagged(None, "dawn"), town.counted("ann")) == ([], [], (0, 1, 0))
    assert town.status("ann", f"/v1/photos/{photo}") == 404


@clause("5.3")
def test_a_tombstone_wins_over_a_late_fan_out():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    kept = town.post("ann")
    assert town.feed("bob") == [kept]
    town.held.add("fanout")
    photo = town.post("ann")
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    assert town.feed("bob") == [kept]
    town.held.clear()
    assert town.feed("bob") == [kept]


@clause("5.3")
def test_a_tombstone_wins_over_a_late_upload():
    town = Town("ann", "bob")
    ann = town.ids["ann"]
    town.follow("bob", "ann")
    photo = town.post("ann", "#dawn")
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    town.says(b.uploaded(photo, ann, town.later(), caption="#dawn"), b.variant(photo, ann, 150, town.later()))
    assert (town.feed("bob"), town.tagged(None, "dawn"), town.counted("ann")) == ([], [], (0, 1, 0))
    assert town.status("ann", f"/v1/photos/{photo}") == 404
