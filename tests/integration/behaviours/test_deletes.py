"""Deleting a photo or a comment: gone wherever it stood, and with it all that hung on it."""

import asyncio
import contextlib

import pytest

from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from streams.objects import ObjectMissing
from tests.behaviours import clause
from tests.integration.behaviours.person import until
from tests.integration.conftest import png

pytestmark = pytest.mark.stack


@clause("8.1", "8.2", "8.3")
async def test_a_deleted_photo_is_gone_from_every_list_and_count(story):
    ann, bob, *others = await story.people(5)
    await bob.follow(ann)
    tag, place = f"gone{story.word}", f"Gone Bay {story.word}"
    kept, gone = [await ann.upload(f"#{tag} {n}", place) for n in range(2)]
    # A term trends when different people use it.
    theirs = await asyncio.gather(*(other.upload(f"#{tag}", place) for other in others))
    await bob.like(gone)
    comment = await bob.comment(gone)
    lists = [f"/v1/users/{ann.id}/photos", f"/v1/tags/{tag}/photos", f"/v1/places/{place}/photos"]
    for reader in (bob, story.anyone):
        assert all([gone in await reader.ids(path) for path in lists])
    assert gone in await bob.feed()
    for board in ("hashtags", "places"):
        assert gone in await trending(story.anyone, board, tag if board == "hashtags" else place)
    await ann.delete(f"/v1/photos/{gone}")
    await ann.delete(f"/v1/photos/{gone}")
    for board in ("hashtags", "places"):
        trend = await trending(story.anyone, board, tag if board == "hashtags" else place)
        assert (gone in trend, kept in trend) == (False, True)
    await bob.like(gone, 404)
    await bob.post(f"/v1/photos/{gone}/comments", 404, json={"text": "late"})
    await bob.like_comment(comment, 404)
    for reader in (ann, bob, story.anyone):
        assert await reader.ids(lists[0]) == [kept]
        for path in lists[1:]:
            assert await reader.ids(path) == sorted([kept, *theirs], key=int, reverse=True)
        await reader.missing(*(f"/v1/photos/{gone}{more}" for more in ("", "/likes", "/comments")))
    assert await bob.feed() == [kept]
    assert await ann.counts(ann) == {"photos": 1, "followers": 1, "following": 0}


async def trending(reader, board: str, term: str) -> list[str]:
    """The photos of a term that trends; not remembered, since ranks move on with the clock."""
    items = (await reader.look(f"/v1/trends/{board}", limit=100)).json()["items"]
    [photos] = [item["photos"] for item in items if item.get("tag", item.get("place")) == term]
    return photos


@clause("8.4", "11.3")
async def test_the_images_and_the_original_of_a_deleted_photo_are_deleted(story):
    [ann] = await story.people(1)
    photo = await ann.upload(picture=png(1100, 40))
    images = [f"/photos/{photo}/{pixels}.jpg" for pixels in PIXELS]
    for image in images:
        await story.anyone.until(image, lambda answer: answer.status_code == 200)
    await ann.delete(f"/v1/photos/{photo}")
    await story.anyone.until_missing(*images)
    keys = [(ORIGINALS, original_key(int(photo))), *((VARIANTS, variant_key(int(photo), pixels)) for pixels in PIXELS)]
    await asyncio.gather(*(until(lambda at=key: is_gone(story.log.objects, *at)) for key in keys))
    await story.anyone.missing(*images)


async def is_gone(objects, bucket: str, key: str) -> bool:
    with contextlib.suppress(ObjectMissing):
        return not await objects.stat(bucket, key)
    return True


@clause("8.5", "8.6")
async def test_a_comment_is_deleted_by_its_author_or_the_owner_of_the_photo_and_by_nobody_else(story):
    ann, bob, eve = await story.people(3)
    photo = await ann.upload()
    by_author, by_owner, kept = [await bob.comment(photo, text) for text in ("mine", "yours", "ours")]
    await eve.like_comment(by_owner)
    await eve.delete(f"/v1/comments/{by_author}", 403)
    assert (await ann.photo(photo))["counts"]["comments"] == 3
    for _ in range(2):
        await bob.delete(f"/v1/comments/{by_author}")
    await ann.delete(f"/v1/comments/{by_owner}")
    await eve.like_comment(by_owner, 404)
    for reader in (ann, bob, eve):
        assert (await reader.photo(photo))["counts"]["comments"] == 1
        for sort in ("newest", "oldest", "top"):
            assert await reader.comments(photo, sort=sort) == [kept]
