"""Behaviour 9: block."""

import pytest

from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town


@clause("9.1", "9.5")
@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_block_cuts_follows_both_ways_whoever_blocks(who):
    town = Town("ann", "bob", "cy")
    town.follow("ann", "bob")
    town.follow("bob", "ann")
    town.follow("cy", "ann")
    town.block(who, "bob" if who == "ann" else "ann")
    assert (town.counted("ann"), town.counted("bob")) == ((0, 1, 0), (0, 0, 0))
    assert (town.followers(None, "ann"), town.following(None, "ann"), town.followers(None, "bob")) == (["cy"], [], [])


@clause("9.1")
@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_block_cuts_requests(who):
    town = Town("ann", "bob", private=["ann"])
    town.follow("bob", "ann")
    town.block(who, "bob" if who == "ann" else "ann")
    town.unblock(who, "bob" if who == "ann" else "ann")
    assert town.requests("ann") == []
    assert town.status("ann", f"/v1/follow-requests/{town.ids['bob']}", "PUT") == 404


@clause("9.2")
@pytest.mark.parametrize(("who", "whom"), [("ann", "bob"), ("bob", "ann")])
def test_a_block_hides_each_from_the_other_in_feeds_comments_likers_and_lists(who, whom):
    town = Town("ann", "bob", "cy")
    town.follow("cy", "ann", "bob")
    town.follow("bob", "ann")
    photo, shot = town.post("ann", "#dawn", "Rome"), town.post("cy")
    town.like("ann", shot)
    town.like("bob", shot)
    comments = [town.comment(one, shot) for one in ("ann", "bob")]
    town.block(who, whom)
    assert (town.feed("bob"), town.tagged("bob", "dawn"), town.placed("bob", "rome")) == ([], [], [])
    assert (town.likers("ann", shot), town.likers("bob", shot)) == (["ann"], ["bob"])
    assert (town.comments("ann", shot), town.comments("bob", shot)) == ([comments[0]], [comments[1]])
    assert (town.following("ann", "cy"), town.following("bob", "cy")) == (["ann"], ["bob"])
    for path in (f"/v1/photos/{photo}", f"/v1/photos/{photo}/likes", f"/v1/users/{town.ids['ann']}/photos"):
        assert town.status("bob", path) == 404


@clause("9.2")
def test_the_blocked_one_sees_no_profile_and_the_blocker_sees_whom_to_unblock():
    town = Town("ann", "bob")
    town.block("ann", "bob")
    assert town.status("bob", f"/v1/users/{town.ids['ann']}") == town.status("bob", "/v1/users/@ann") == 404
    assert town.person("ann", "bob")["relation"]["blocking"] is True
    assert (town.people("ann", "/v1/me/blocks"), town.people("bob", "/v1/me/blocks")) == (["bob"], [])
    assert town.status("ann", f"/v1/users/{town.ids['bob']}/photos") == 404


@clause("9.2")
def test_a_block_hides_the_blocker_among_those_whom_one_mutes_and_not_whom_one_blocks_oneself():
    town = Town("ann", "bob")
    town.mute("bob", "ann")
    town.block("bob", "ann")
    town.block("ann", "bob")
    assert (town.people("bob", "/v1/me/mutes"), town.people("bob", "/v1/me/blocks")) == ([], ["ann"])
    town.unblock("ann", "bob")
    assert town.people("bob", "/v1/me/mutes") == ["ann"]


@clause("9.2", "9.4")
def test_a_block_hides_notifications_of_each_other_and_an_unblock_shows_them_again():
    town = Town("ann", "bob", "cy")
    photo, shot = town.post("ann"), town.post("bob")
    town.like("bob", photo)
    town.like("cy", photo)
    town.like("ann", shot)
    town.block("ann", "bob")
    assert (town.told("ann"), town.told("bob")) == ([("like", "cy", photo)], [])
    town.unblock("ann", "bob")
    assert (town.told("ann"), town.told("bob")) == ([("like", "cy", photo), ("like", "bob", photo)], [("like", "ann", shot)])


@clause("9.2")
def test_a_block_hides_the_trends_photos_of_each_from_the_other_only():
    town = Town("ann", "bob", "cy")
    photos = [town.post(who, "#dawn") for who in ("ann", "cy")]
    town.block("ann", "bob")
    assert town.trending("hashtags", "bob")["dawn"] == (2, {photos[1]})
    assert town.trending("hashtags", "cy")["dawn"] == (2, set(photos))


@clause("9.3")
@pytest.mark.parametrize(("who", "whom", "follow"), [("ann", "bob", 404), ("bob", "ann", 403)])
def test_across_a_block_nobody_likes_comments_or_follows_anew(who, whom, follow):
    town = Town("ann", "bob")
    photo = town.post("ann")
    comment = town.comment("ann", photo)
    town.block(who, whom)
    for method, path in (("PUT", f"/v1/photos/{photo}/like"), ("PUT", f"/v1/comments/{comment}/like")):
        assert town.status("bob", path, method) == 404
    assert town.ask("bob", "POST", f"/v1/photos/{photo}/comments", {"text": "hm"}).status == 404
    assert town.status("bob", f"/v1/users/{town.ids['ann']}/follow", "PUT") == follow
    assert (town.counts(None, photo), town.counted("ann")) == ((0, 1), (1, 0, 0))


@clause("9.3")
def test_a_follow_across_a_block_that_reached_the_log_all_the_same_is_none():
    town = Town("ann", "bob")
    town.block("ann", "bob")
    town.says(b.did(town.ids["bob"], "FOLLOW_WANTED", town.ids["ann"], town.later()))
    town.says(b.did(town.ids["ann"], "FOLLOW_WANTED", town.ids["bob"], town.later()))
    assert (town.counted("ann"), town.counted("bob")) == ((0, 0, 0), (0, 0, 0))
    town.unblock("ann", "bob")
    assert (town.counted("ann"), town.counted("bob")) == ((0, 0, 0), (0, 0, 0))


@clause("9.3")
def test_what_one_liked_can_be_taken_back_across_a_block():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.like("bob", photo)
    town.block("ann", "bob")
    town.unlike("bob", photo)
    assert town.counts(None, photo) == (0, 0)


@clause("9.4")
@pytest.mark.parametrize("up", [99, 1])
def test_an_unblock_shows_content_again_and_restores_no_follow(up):
    town = Town("ann", "bob", up=up, down=0)
    town.follow("bob", "ann")
    photo = town.post("ann")
    town.like("bob", photo)
    town.block("ann", "bob")
    town.unblock("ann", "bob")
    assert (town.photos_of("bob", "ann"), town.likers("ann", photo)) == ([photo], ["bob"])
    assert (town.feed("bob"), town.followers(None, "ann"), town.counted("ann")) == ([], [], (1, 0, 0))
    town.follow("bob", "ann")
    assert town.feed("bob") == [photo]


@clause("9.4")
def test_two_blocks_want_two_unblocks():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.block("ann", "bob")
    town.block("bob", "ann")
    town.unblock("bob", "ann")
    assert town.status("bob", f"/v1/photos/{photo}") == 404
    town.unblock("ann", "bob")
    assert town.status("bob", f"/v1/photos/{photo}") == 200


@clause("9.5")
def test_like_and_comment_counts_do_not_change_with_a_block_and_are_the_same_for_everybody():
    town = Town("ann", "bob", "cy")
    photo = town.post("cy")
    for who in ("ann", "bob"):
        town.like(who, photo)
        town.comment(who, photo)
    town.block("ann", "bob")
    assert [town.counts(who, photo) for who in (None, "ann", "bob", "cy")] == [(2, 2)] * 4
    assert len(town.likers(None, photo)) == len(town.comments(None, photo)) == 2
