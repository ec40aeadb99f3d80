"""Follows, requests and unfollows, as people see them."""

import asyncio

import pytest

from tests.behaviours import clause

pytestmark = pytest.mark.stack


@clause("6.1", "4.3")
async def test_following_twice_is_following_once(story):
    ann, bob = await story.people(2)
    assert [await bob.follow(ann), await bob.follow(ann)] == ["following", "following"]
    assert (await ann.counts(ann), await ann.counts(bob)) == (
        {"photos": 0, "followers": 1, "following": 0},
        {"photos": 0, "followers": 0, "following": 1},
    )
    assert await ann.ids(f"/v1/users/{ann.id}/followers") == [bob.id]
    assert await ann.ids(f"/v1/users/{bob.id}/following") == [ann.id]
    assert (await bob.relation(ann), await ann.relation(bob)) == ({"following"}, {"followed_by"})


@clause("6.2", "6.3")
async def test_a_request_is_accepted_rejected_or_cancelled_and_only_then_counts_move(story):
    ann = await story.person(private=True)
    bob, carl, dora, eve = await story.people(4)
    photo = await ann.upload()
    for asker in (bob, carl, dora, eve):
        assert [await asker.follow(ann) for _ in range(2)] == ["requested", "requested"]
        assert await asker.relation(ann) == {"requested"}
        await asker.missing(f"/v1/photos/{photo}")
    assert await ann.ids("/v1/follow-requests") == [eve.id, dora.id, carl.id, bob.id]
    assert (await ann.counts(ann))["followers"] == (await ann.counts(bob))["following"] == 0
    await ann.accept(bob)
    await ann.delete(f"/v1/follow-requests/{carl.id}")
    await dora.unfollow(ann)
    await ann.put(f"/v1/follow-requests/{carl.id}", 404)
    await ann.put(f"/v1/follow-requests/{dora.id}", 404)
    assert await ann.ids("/v1/follow-requests") == [eve.id]
    assert (await bob.photo(photo))["id"] == photo
    assert await bob.feed() == [photo]
    for other in (carl, dora, eve):
        await other.missing(f"/v1/photos/{photo}", f"/v1/users/{ann.id}/photos", f"/v1/users/{ann.id}/followers")
        assert await other.feed() == []
    assert (await ann.counts(ann), (await ann.counts(bob))["following"]) == (
        {"photos": 1, "followers": 1, "following": 0},
        1,
    )
    assert [await who.relation(ann) for who in (bob, carl, dora, eve)] == [{"following"}, set(), set(), {"requested"}]


@clause("6.3", "6.1")
async def test_followers_stand_in_the_order_in_which_their_follows_took_effect(story):
    ann = await story.person(private=True)
    bob, carl, dora = await story.people(3)
    for asker in (bob, carl, dora):
        await asker.follow(ann)
    assert await ann.ids("/v1/follow-requests") == [dora.id, carl.id, bob.id]
    for accepted in (carl, bob):
        await ann.accept(accepted)
    assert await ann.walk(f"/v1/users/{ann.id}/followers") == [bob.id, carl.id]
    await ann.accept(dora)
    await ann.accept(carl)
    assert await ann.ids(f"/v1/users/{ann.id}/followers") == [dora.id, bob.id, carl.id]
    assert await bob.walk(f"/v1/users/{ann.id}/followers", limit=2) == [dora.id, bob.id, carl.id]


@clause("6.3")
async def test_a_follower_who_is_removed_asks_anew(story):
    ann = await story.person(private=True)
    bob = await story.person()
    photo = await ann.upload()
    await bob.follow(ann)
    await ann.accept(bob)
    assert await bob.feed() == [photo]
    await ann.delete(f"/v1/me/followers/{bob.id}")
    assert await bob.feed() == []
    await bob.missing(f"/v1/photos/{photo}")
    assert await bob.follow(ann) == "requested"
    assert await ann.ids("/v1/follow-requests") == [bob.id]
    assert (await ann.counts(ann))["followers"] == 0


@clause("6.4")
async def test_pending_requests_become_follows_when_the_account_becomes_public(story):
    ann = await story.person(private=True)
    bob, carl = await story.people(2)
    photo = await ann.upload()
    for asker in (bob, carl):
        assert await asker.follow(ann) == "requested"
    await carl.unfollow(ann)
    await ann.be_private(False)
    assert await ann.ids("/v1/follow-requests") == []
    assert await ann.ids(f"/v1/users/{ann.id}/followers") == [bob.id]
    assert (await ann.counts(ann))["followers"] == 1
    assert (await bob.feed(), await carl.feed()) == ([photo], [])
    assert (await bob.relation(ann), await carl.relation(ann)) == ({"following"}, set())


@clause("6.5", "7.1", "7.3", "13.4")
async def test_a_feed_is_what_it_would_be_had_one_always_followed(story):
    ann, bob, eve = await story.people(3)
    # More than a timeline of the test stack holds (DARKROOM_FEED_DEPTH), by turns of two authors and the reader.
    photos = {ann: [], bob: [], eve: []}
    await eve.follow(ann)
    for _ in range(4):
        for author in (bob, ann, eve):
            photos[author] += await author.uploads(2)
    without = sorted(photos[ann] + photos[eve], key=int, reverse=True)
    whole = sorted(without + photos[bob], key=int, reverse=True)
    assert len(without) < story.settings.feed_depth < len(whole)
    assert await eve.feed() == without
    await eve.follow(bob)
    assert await eve.feed() == whole
    assert await eve.walk("/v1/feed", limit=5) == whole
    await eve.unfollow(bob)
    assert await eve.feed() == without
    await eve.follow(bob)
    assert await eve.feed() == whole
    await eve.unfollow(ann)
    assert await eve.walk("/v1/feed", limit=3) == [photo for photo in whole if photo not in photos[ann]]
    assert {item["id"]: item["why"] for item in (await eve.get("/v1/feed", limit=100))["items"]} == (
        dict.fromkeys(photos[eve], "own") | dict.fromkeys(photos[bob], "follow")
    )


@clause("7.2")
async def test_a_delivery_in_flight_cannot_put_back_what_was_unfollowed(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    sent = await asyncio.gather(*(ann.send() for _ in range(4)))
    await bob.unfollow(ann)
    for photo in sent:
        await ann.until_ready(photo)
    assert await bob.feed() == []
    assert sorted(await bob.ids(f"/v1/users/{ann.id}/photos")) == sorted(sent)
