"""A block: each is hidden from the other, wherever they would meet, and nothing else changes for anybody."""

import pytest

from tests.behaviours import clause

pytestmark = pytest.mark.stack


@clause("9.1", "9.5", "9.4")
async def test_a_block_cuts_follows_and_requests_both_ways_and_an_unblock_restores_none(story):
    ann, bob, carl = await story.people(3)
    paul = await story.person(private=True)
    for follower, followed in ((ann, bob), (bob, ann), (carl, ann), (carl, bob)):
        assert await follower.follow(followed) == "following"
    assert await ann.follow(paul) == "requested"
    await paul.follow(ann)
    await ann.block(bob)
    await paul.block(ann)
    assert await paul.ids("/v1/follow-requests") == []
    for reader in (carl, story.anyone):
        assert await reader.counts(ann) == {"photos": 0, "followers": 1, "following": 0}
        assert await reader.counts(bob) == {"photos": 0, "followers": 1, "following": 0}
        assert await reader.counts(paul) == {"photos": 0, "followers": 0, "following": 0}
        assert await reader.ids(f"/v1/users/{ann.id}/followers") == [carl.id]
    await ann.unblock(bob)
    await paul.unblock(ann)
    assert await ann.relation(bob) == await bob.relation(ann) == await ann.relation(paul) == set()
    assert await paul.ids("/v1/follow-requests") == []
    assert await carl.counts(ann) == {"photos": 0, "followers": 1, "following": 0}
    assert await bob.follow(ann) == "following"
    assert await carl.counts(ann) == {"photos": 0, "followers": 2, "following": 0}


@clause("9.2", "9.3", "9.5")
async def test_a_block_hides_each_from_the_other_in_every_list(story):
    ann, bob, carl = await story.people(3)
    for follower, followed in ((ann, bob), (bob, ann), (ann, carl), (bob, carl)):
        await follower.follow(followed)
    tag = f"apart{story.word}"
    photos = {who: await who.upload(f"#{tag}") for who in (ann, bob, carl)}
    said = {}
    for who in (ann, bob):
        for photo in photos.values():
            await who.like(photo)
        said[who] = await who.comment(photos[carl], "from the heart")
    meant = await bob.comment(photos[ann], "before")
    await ann.block(bob)
    for one, other in ((ann, bob), (bob, ann)):
        assert await one.feed() == [photos[carl], photos[one]]
        assert await one.ids(f"/v1/photos/{photos[carl]}/likes") == [one.id]
        assert await one.comments(photos[carl]) == [said[one]]
        assert await one.ids(f"/v1/users/{carl.id}/followers") == [one.id]
        assert set(await one.ids(f"/v1/tags/{tag}/photos")) == {photos[one], photos[carl]}
        await one.missing(
            f"/v1/users/{other.id}/photos", f"/v1/users/{other.id}/followers", f"/v1/users/{other.id}/following",
            *(f"/v1/photos/{photos[other]}{more}" for more in ("", "/likes", "/comments")),
        )  # fmt: skip
        await one.like(photos[other], 404)
        await one.post(f"/v1/photos/{photos[other]}/comments", 404, json={"text": "after"})
        await one.like_comment(said[other], 404)
        assert (await one.photo(photos[carl]))["counts"] == {"likes": 2, "comments": 2}
    await bob.put(f"/v1/users/{ann.id}/follow", 404)
    await ann.put(f"/v1/users/{bob.id}/follow", 403)
    assert await ann.comments(photos[ann]) == []
    assert (await ann.photo(photos[ann]))["counts"] == {"likes": 2, "comments": 1}
    assert await ann.ids("/v1/me/blocks") == [bob.id]
    assert await ann.relation(bob) == {"blocking"}
    await bob.missing(f"/v1/users/{ann.id}", f"/v1/users/@{ann.name}")
    for reader in (carl, story.anyone):
        assert await reader.likes(photos[carl]) == 2
        assert set(await reader.comments(photos[carl])) == set(said.values())
        assert await reader.comments(photos[ann]) == [meant]


@clause("9.4")
async def test_an_unblock_shows_again_what_was_hidden(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    comment = await bob.comment(photo)
    await bob.like(photo)
    await ann.block(bob)
    await bob.missing(f"/v1/photos/{photo}")
    await ann.unblock(bob)
    assert await ann.ids("/v1/me/blocks") == []
    for reader in (ann, bob):
        assert await reader.comments(photo) == [comment]
        assert await reader.likes(photo) == 1
    await bob.like_comment(comment)
    assert await ann.relation(bob) == set()


@clause("9.3", "2.1", "8.5")
async def test_what_was_done_before_a_block_can_be_taken_back_across_it(story):
    ann, bob, carl = await story.people(3)
    photo = await ann.upload()
    await bob.like(photo)
    await carl.like(photo)
    comment, kept = await bob.comment(photo), await carl.comment(photo)
    await carl.like_comment(comment)
    await ann.block(bob)
    await bob.unlike(photo)
    await bob.delete(f"/v1/comments/{comment}")
    await bob.unfollow(ann)
    assert (await ann.photo(photo))["counts"] == {"likes": 1, "comments": 1}
    assert await carl.ids(f"/v1/photos/{photo}/likes") == [carl.id]
    assert await carl.comments(photo) == [kept]
    await bob.delete(f"/v1/comments/{kept}", 404)
