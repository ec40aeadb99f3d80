"""A mute: nobody is told, nothing but the feed (and notifications) changes, and all of it comes back."""

import time

import pytest

from api.times import format_ms
from tests.behaviours import clause

pytestmark = pytest.mark.stack


@clause("10.1", "10.3")
async def test_a_mute_takes_photos_out_of_the_feed_and_nothing_else_and_an_unmute_brings_them_back(story):
    ann, bob, carl = await story.people(3)
    for muted in (ann, carl):
        await bob.follow(muted)
    photos = {who: await who.upload() for who in (ann, carl)}
    comment = await ann.comment(photos[carl])
    await ann.like(photos[carl])
    for muted in (ann, carl):
        await bob.mute(muted)
    assert await bob.feed() == []
    await bob.unmute(carl)
    later = await ann.upload()
    assert await bob.feed() == [photos[carl]]
    assert await bob.ids("/v1/me/mutes") == [ann.id]
    assert await bob.relation(ann) == {"following", "muting"}
    assert await ann.relation(bob) == {"followed_by"}
    assert await bob.ids(f"/v1/users/{ann.id}/photos") == [later, photos[ann]]
    assert await bob.comments(photos[carl]) == [comment]
    assert await bob.ids(f"/v1/photos/{photos[carl]}/likes") == [ann.id]
    assert (await bob.photo(photos[ann]))["id"] == photos[ann]
    await bob.unmute(ann)
    assert await bob.feed() == [later, photos[carl], photos[ann]]
    assert await bob.ids("/v1/me/mutes") == []


@clause("10.2")
async def test_a_mute_expires(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    photo = await ann.upload()
    # A mute that ended before anybody could look says nothing; then a longer one is made, which replaces it.
    for seconds in (2, 10, 40):
        until = time.time() + seconds
        await bob.mute(ann, until=format_ms(round(until * 1000)))
        seen = await bob.feed()
        if time.time() < until:
            break
    assert seen == []
    await bob.until("/v1/feed", lambda answer: [item["id"] for item in answer.json()["items"]] == [photo])
    assert await bob.feed() == [photo]
    assert await bob.ids("/v1/me/mutes") == []
    assert await bob.relation(ann) == {"following"}
