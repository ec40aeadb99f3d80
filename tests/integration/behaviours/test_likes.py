"""Likes, as people see them: members of a set, which an unlike takes out again with all that they did."""

import asyncio

import pytest

from schemas.events import LikeChanged, LikeKind
from tests.behaviours import clause

pytestmark = pytest.mark.stack


@clause("1.1", "1.4", "4.3")
async def test_liking_twice_counts_once_and_every_count_equals_its_list(story):
    ann, bob, eve = await story.people(3)
    photo = await ann.upload()
    await asyncio.gather(*(bob.like(photo) for _ in range(3)), eve.like(photo))
    comment = await ann.comment(photo)
    for _ in range(2):
        await bob.like_comment(comment)
    assert await ann.likes(photo) == 2
    assert set(await story.anyone.ids(f"/v1/photos/{photo}/likes")) == {bob.id, eve.id}
    assert (await bob.photo(photo))["liked"] is True
    assert (await ann.photo(photo))["liked"] is False
    [shown] = (await bob.get(f"/v1/photos/{photo}/comments"))["items"]
    assert (shown["counts"], shown["liked"]) == ({"likes": 1}, True)


@clause("1.2", "2.1")
async def test_an_unlike_takes_back_what_was_there_and_nothing_else(story):
    ann, bob, eve = await story.people(3)
    photo = await ann.upload()
    await bob.unlike(photo)
    assert await ann.likes(photo) == 0
    await asyncio.gather(bob.like(photo), eve.like(photo))
    assert await ann.likes(photo) == 2
    for _ in range(2):
        await bob.unlike(photo)
    assert await ann.likes(photo) == 1
    assert await ann.ids(f"/v1/photos/{photo}/likes") == [eve.id]
    assert (await bob.photo(photo))["liked"] is False


@clause("1.3", "4.4")
async def test_a_like_that_reaches_the_log_again_changes_nothing(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    said = {"event_id": photo, "actor_id": int(bob.id), "source": "python", "photo_id": int(photo)}
    like = LikeChanged(**said, occurred_at=1_700_000_000_000, kind=LikeKind.LIKED)
    for _ in range(2):
        await story.append(like)
        assert await ann.likes(photo) == 1
    await bob.unlike(photo)
    assert await ann.likes(photo) == 0


@clause("2.2")
async def test_an_unlike_of_a_comment_takes_its_rank_among_the_top_ones_back(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    first, second, third = [await bob.comment(photo, text) for text in ("first", "second", "third")]
    assert await ann.comments(photo, sort="top") == [third, second, first]
    await asyncio.gather(ann.like_comment(first), bob.like_comment(first), ann.like_comment(second))
    assert await ann.comments(photo, sort="top") == [first, second, third]
    await asyncio.gather(*(who.delete(f"/v1/comments/{first}/like") for who in (ann, bob)))
    assert await ann.comments(photo, sort="top") == [second, third, first]
    assert await ann.walk(f"/v1/photos/{photo}/comments", sort="top") == [second, third, first]
    counts = [item["counts"]["likes"] for item in (await ann.get(f"/v1/photos/{photo}/comments", sort="oldest"))["items"]]
    assert counts == [0, 1, 0]


@clause("3.1")
async def test_a_self_like_counts_and_shows(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    await ann.like(photo)
    assert await bob.likes(photo) == 1
    assert await bob.ids(f"/v1/photos/{photo}/likes") == [ann.id]
    assert (await ann.photo(photo))["liked"] is True


@clause("3.3")
async def test_nobody_follows_blocks_or_mutes_themselves(story):
    [ann] = await story.people(1)
    for deed in ("follow", "block", "mute"):
        await ann.put(f"/v1/users/{ann.id}/{deed}", 422)
    assert await ann.counts(ann) == {"photos": 0, "followers": 0, "following": 0}
