"""Behaviour 1: a like is a member of a set, not an increment."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("1.1", "4.3")
def test_a_photo_that_is_liked_twice_has_one_like():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.like("bob", photo)
    town.like("bob", photo)
    assert (town.counts("bob", photo), town.likers(None, photo)) == ((1, 0), ["bob"])


@clause("1.1", "4.3")
def test_a_comment_that_is_liked_twice_has_one_like():
    town = Town("ann", "bob")
    comment = town.comment("ann", photo := town.post("ann"))
    town.like_comment("bob", comment)
    town.like_comment("bob", comment)
    assert town.comment_likes("bob", photo) == {comment: (1, True)}


@clause("1.2")
def test_an_unlike_without_a_like_changes_nothing_and_is_no_debt():
    town = Town("ann", "bob")
    comment = town.comment("ann", photo := town.post("ann"))
    town.unlike("bob", photo)
    town.unlike_comment("bob", comment)
    assert (town.counts(None, photo)[0], town.comment_likes("bob", photo)) == (0, {comment: (0, False)})
    town.like("bob", photo)
    town.like_comment("bob", comment)
    assert (town.counts(None, photo)[0], town.comment_likes("bob", photo)) == (1, {comment: (1, True)})


@clause("1.2")
def test_an_unlike_that_is_said_twice_takes_back_one_like_only():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    town.like("bob", photo)
    town.like("cy", photo)
    town.unlike("bob", photo)
    town.unlike("bob", photo)
    assert (town.counts(None, photo)[0], town.likers(None, photo)) == (1, ["cy"])


@clause("1.3", "4.4")
@pytest.mark.parametrize("folded_before", [True, False])
def test_a_like_that_is_delivered_again_changes_nothing(folded_before):
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    town.like("cy", photo)
    town.like("bob", photo)
    if folded_before:
        assert town.counts(None, photo)[0] == 2
    town.again("likes")
    assert (town.counts(None, photo)[0], town.likers(None, photo)) == (2, ["bob", "cy"])


@clause("1.3", "4.4")
def test_an_unlike_that_is_delivered_again_changes_nothing():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    for who in ("bob", "cy"):
        town.like(who, photo)
    town.unlike("bob", photo)
    town.again("likes")
    assert (town.counts(None, photo)[0], town.likers(None, photo)) == (1, ["cy"])


@clause("1.4")
def test_the_count_of_a_photo_equals_the_list_of_those_who_like_it_at_every_moment():
    town = Town("ann", "bob", "cy", "dee")
    photo = town.post("ann")
    for who, verb in (("bob", "like"), ("cy", "like"), ("bob", "unlike"), ("dee", "like"), ("dee", "unlike"), ("bob", "like")):
        getattr(town, verb)(who, photo)
        assert town.counts(None, photo)[0] == len(town.likers(None, photo))
    assert town.likers(None, photo) == ["bob", "cy"]


@clause("1.4")
def test_the_count_of_a_comment_is_that_of_its_likes_and_not_of_its_photos():
    town = Town("ann", "bob", "cy")
    comment = town.comment("ann", photo := town.post("ann"))
    town.like("bob", photo)
    town.like_comment("bob", comment)
    town.like_comment("cy", comment)
    assert (town.counts(None, photo), town.likers(None, photo)) == ((1, 1), ["bob"])
    assert town.comment_likes("cy", photo) == {comment: (2, True)}
