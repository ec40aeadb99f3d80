"""Behaviour 4: a duplicate submit."""

import pytest

from api.remembered import Remembered
from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town
from tests.specs.test_api_remembered import OneRedis


def lose_memory(town: Town) -> None:
    """Lose what the API remembers of keys: another process on a Redis that was lost."""
    town.context.remembered = Remembered(OneRedis())


@clause("4.1")
def test_an_upload_submitted_twice_is_one_photo_with_one_id():
    town = Town("ann")
    photo = town.post("ann", "first", key="k")
    assert town.post("ann", "first", key="k") == photo
    assert (town.photos_of("ann", "ann"), town.feed("ann"), town.counted("ann")) == ([photo], [photo], (1, 0, 0))


@clause("4.1", "4.4")
def test_an_upload_whose_key_nobody_remembers_is_one_photo_all_the_same():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    first = town.post("ann", "first #dawn", key="k")
    lose_memory(town)
    assert town.post("ann", "first #dawn", key="k") == first
    assert (town.photos_of("bob", "ann"), town.feed("bob"), town.tagged(None, "dawn")) == ([first], [first], [first])
    assert town.counted("ann") == (1, 1, 0)


@clause("4.2")
def test_a_comment_submitted_twice_is_one_comment_with_one_id():
    town = Town("ann", "bob")
    photo = town.post("ann")
    comment = town.comment("bob", photo, key="k")
    assert town.comment("bob", photo, key="k") == comment
    assert (town.comments(None, photo), town.counts(None, photo)) == ([comment], (0, 1))


@clause("4.2", "4.4")
def test_a_comment_whose_key_nobody_remembers_is_one_comment_all_the_same():
    town = Town("ann", "bob")
    photo = town.post("ann")
    first = town.comment("bob", photo, key="k")
    lose_memory(town)
    assert town.comment("bob", photo, key="k") == first
    assert (town.comments(None, photo), town.counts(None, photo)) == ([first], (0, 1))


@clause("4.1", "4.2")
def test_the_same_key_of_another_person_is_another_submit():
    town = Town("ann", "bob")
    photo = town.post("ann")
    first, second = (town.comment(who, photo, key="k") for who in ("ann", "bob"))
    assert town.comments(None, photo, "oldest") == [first, second]
    assert town.post("bob", key="k2") != town.post("ann", key="k2")


@clause("4.1")
def test_a_submit_is_answered_again_after_the_photo_was_deleted_and_brings_nothing_back():
    town = Town("ann")
    photo = town.post("ann", key="k")
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    assert town.post("ann", key="k") == photo
    assert (town.photos_of("ann", "ann"), town.counted("ann")) == ([], (0, 0, 0))


@clause("4.3")
def test_a_follow_said_twice_has_one_effect():
    town = Town("ann", "bob")
    for _ in range(2):
        assert town.follow("bob", "ann") == "following"
    assert (town.followers(None, "ann"), town.counted("ann"), town.counted("bob")) == (["bob"], (0, 1, 0), (0, 0, 1))


@clause("4.4")
@pytest.mark.parametrize("folded_before", [True, False])
def test_an_upload_and_a_comment_that_reached_the_log_twice_have_one_effect(folded_before):
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    photo = town.post("ann", "#dawn")
    if folded_before:
        assert town.feed("bob") == [photo]
    # The second record of the same upload stands behind the variants that were made of the first.
    town.says(b.uploaded(photo, town.ids["ann"], town.later(), caption="#dawn"))
    comment = town.comment("bob", photo)
    town.again("comments")
    assert (town.feed("bob"), town.tagged(None, "dawn"), town.counted("ann")) == ([photo], [photo], (1, 1, 0))
    assert (town.comments(None, photo), town.counts(None, photo)) == ([comment], (0, 1))


@clause("4.4")
def test_a_follow_and_an_unfollow_that_reached_the_log_twice_have_one_effect():
    town = Town("ann", "bob")
    town.follow("bob", "ann")
    town.again("relations")
    assert (town.followers(None, "ann"), town.counted("ann")) == (["bob"], (0, 1, 0))
    town.unfollow("bob", "ann")
    town.again("relations")
    assert (town.followers(None, "ann"), town.counted("ann")) == ([], (0, 0, 0))


@clause("4.5")
def test_the_same_key_with_other_content_is_refused():
    town = Town("ann")
    photo = town.post("ann", "first", key="k")
    seen = town.ask("ann", "POST", f"/v1/photos/{photo}/comments", {"text": "hm"}, key="k")
    assert (seen.status, town.comments(None, photo)) == (422, [])
    town.comment("ann", photo, "one", key="c")
    assert town.ask("ann", "POST", f"/v1/photos/{photo}/comments", {"text": "two"}, key="c").status == 422


@clause("4.6")
@pytest.mark.parametrize("known", [True, False])
def test_taking_back_what_never_was_is_done(known):
    town = Town("ann", "bob")
    photo = town.post("ann") if known else b.photo(b.user("nobody"))
    comment = town.comment("ann", photo) if known else b.comment(photo)
    person = town.ids["ann"] if known else b.user("nobody")
    paths = [f"/v1/photos/{photo}/like", f"/v1/comments/{comment}/like", f"/v1/follow-requests/{person}"]
    paths += [f"/v1/users/{person}/{relation}" for relation in ("block", "mute")] + [f"/v1/me/followers/{person}"]
    assert [town.status("bob", path, "DELETE") for path in paths] == [204] * 6
    assert town.ask("bob", "DELETE", f"/v1/users/{person}/follow").body == {"state": "none"}
    if known:
        assert (town.counts(None, photo), town.counted("ann"), town.counted("bob")) == ((0, 1), (1, 0, 0), (0, 0, 0))
