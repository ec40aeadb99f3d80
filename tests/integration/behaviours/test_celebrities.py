"""Authors who become pulled and pushed again: whoever reads cannot tell. Six followers make a celebrity on the test stack."""

import asyncio

import pytest

from projections import celebrities
from projections.stores import open_stores
from tests.behaviours import clause

pytestmark = pytest.mark.stack


async def spans_of(story, author) -> list[tuple[int, int]]:
    """When an author was pulled, from and to in ms (0: still so); HTTP does not tell, so a feed is waited for first."""
    await author.look("/v1/feed")
    settings = story.settings
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        return list((await celebrities.among(stores, [int(author.id)])).get(int(author.id), ()))


async def followed_by(author, crowd) -> None:
    await asyncio.gather(*(fan.follow(author) for fan in crowd))


async def left_by(author, crowd) -> None:
    await asyncio.gather(*(fan.unfollow(author) for fan in crowd))


@clause("12.1", "12.2", "6.6", "13.2")
async def test_photos_from_before_while_and_after_being_pulled_stand_in_one_feed_each_once(story):
    up, down = story.settings.celebrity_up, story.settings.celebrity_down
    star, ann, *crowd = await story.people(up + 1)
    await ann.follow(star)
    photos = await star.uploads(1)
    await followed_by(star, crowd)
    assert (await ann.counts(star))["followers"] == up
    [(_, end)] = await spans_of(story, star)
    assert end == 0
    photos += await star.uploads(2)
    own = await ann.upload()
    assert await crowd[0].feed() == photos[::-1]
    # Between the two thresholds nothing changes: it is at the lower one that the star is pushed again.
    fewer = crowd[: up - down]
    await left_by(star, fewer[:-1])
    assert [span[1] for span in await spans_of(story, star)] == [0]
    await left_by(star, fewer[-1:])
    [(_, end)] = await spans_of(story, star)
    assert end > 0
    photos += await star.uploads(1)
    await followed_by(star, fewer)
    assert [span[1] > 0 for span in await spans_of(story, star)] == [True, False]
    photos += await star.uploads(1)
    everything = sorted([*photos, own], key=int, reverse=True)
    for limit in (1, 2, 4, 100):
        assert await ann.walk("/v1/feed", limit=limit) == everything
    for fan in crowd:
        assert await fan.walk("/v1/feed", limit=2) == photos[::-1]


@clause("12.3", "7.1", "7.3", "8.1", "9.2", "10.1")
async def test_follow_unfollow_block_mute_and_delete_act_the_same_on_who_is_pulled(story):
    star, ann, bob, *crowd = await story.people(story.settings.celebrity_up + 2)
    before = await star.upload()
    await followed_by(star, [ann, bob, *crowd])
    pulled, gone = await star.uploads(2)
    assert await ann.feed() == [gone, pulled, before]
    await star.delete(f"/v1/photos/{gone}")
    assert await ann.feed() == [pulled, before]
    await ann.unfollow(star)
    assert await ann.feed() == []
    await ann.follow(star)
    assert await ann.feed() == [pulled, before]
    await ann.mute(star)
    assert await ann.feed() == []
    await ann.unmute(star)
    assert await ann.walk("/v1/feed") == [pulled, before]
    await star.block(bob)
    assert await bob.feed() == []
    await star.unblock(bob)
    assert await bob.feed() == []
    late = await story.person()
    await late.follow(star)
    assert await late.feed() == await crowd[0].feed() == [pulled, before]
    assert await bob.feed() == []
    assert [span[1] for span in await spans_of(story, star)] == [0]


@clause("12.3", "14.1", "14.2", "14.5")
async def test_a_celebrity_and_a_fan_who_leave_take_with_them_what_was_theirs(story):
    up = story.settings.celebrity_up
    star, ann, *crowd = await story.people(up + 2)
    before = await star.upload()
    await followed_by(star, [ann, *crowd])
    pulled, own = await star.upload(), await ann.upload()
    await crowd[0].delete("/v1/me")
    await crowd[1].post("/v1/me/deactivate", 204)
    assert (await ann.counts(star))["followers"] == up - 1
    assert await ann.ids(f"/v1/users/{star.id}/followers") == await crowd[2].ids(f"/v1/users/{star.id}/followers")
    assert await ann.walk("/v1/feed") == [own, pulled, before]
    await star.post("/v1/me/deactivate", 204)
    assert (await ann.feed(), await crowd[2].feed()) == ([own], [])
    await star.post("/v1/me/reactivate", 204)
    assert (await ann.feed(), await crowd[2].feed()) == ([own, pulled, before], [pulled, before])
    await star.delete("/v1/me")
    assert (await ann.feed(), await crowd[2].feed()) == ([own], [])
    assert (await crowd[2].counts(ann))["following"] == 0
    await ann.missing(f"/v1/users/{star.id}", f"/v1/photos/{pulled}", f"/v1/photos/{before}")


@clause("12.4")
async def test_a_bulk_loss_of_followers_does_not_flap(story):
    star, *crowd = await story.people(story.settings.celebrity_up + 3)
    first = await star.upload()
    await followed_by(star, crowd)
    second = await star.upload()
    [(since, end)] = await spans_of(story, star)
    assert end == 0
    stay = crowd[0]
    await left_by(star, crowd[1:])
    [(still_since, end)] = await spans_of(story, star)
    assert (still_since, end > 0) == (since, True)
    third = await star.upload()
    assert await stay.walk("/v1/feed") == [third, second, first]
    assert (await stay.counts(star))["followers"] == 1
    assert await crowd[1].feed() == []
