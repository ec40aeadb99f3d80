"""Events that come in another order than they happened: before their photo, or after its delete."""

import asyncio

import pytest

from schemas.events import LikeKind, VariantReady
from schemas.ids import time_of
from streams.edge import Picture
from tests.behaviours import clause
from tests.integration.conftest import png

pytestmark = pytest.mark.stack


def upload(photo: int, owner):
    """A deed: send a picture in under an id that was minted before."""
    return lambda edge: edge.upload_photo(photo, int(owner.id), Picture(png(), "image/png"), None, None)


@clause("5.1")
async def test_a_like_and_a_comment_before_their_photo_count_once_it_is_there(story):
    ann, bob = await story.people(2)
    photo, [other] = story.log.edge.new_id_beside(int(ann.id)), await ann.uploads(1)
    comment = story.log.edge.new_id_beside(photo)
    await story.write(lambda edge: edge.change_like(int(bob.id), LikeKind.LIKED, photo, comment))
    await story.write(lambda edge: edge.change_like(int(bob.id), LikeKind.LIKED, photo))
    await story.write(lambda edge: edge.add_comment(comment, int(bob.id), photo, "early"))
    for reader in (ann, bob):
        await reader.missing(f"/v1/photos/{photo}")
    await story.write(upload(photo, ann))
    await ann.until_ready(str(photo))
    assert await bob.likes(str(photo)) == 1
    assert (await bob.photo(str(photo)))["liked"] is True
    [shown] = (await ann.get(f"/v1/photos/{photo}/comments"))["items"]
    assert (shown["id"], shown["counts"]["likes"]) == (str(comment), 1)
    assert (await ann.photo(str(photo)))["counts"] == {"likes": 1, "comments": 1}
    assert await bob.ids(f"/v1/users/{ann.id}/photos") == [other, str(photo)]


@clause("5.2")
async def test_a_like_and_a_comment_after_the_delete_of_their_photo_have_no_visible_effect(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    photo = await ann.upload()
    early = await bob.comment(photo)
    await ann.delete(f"/v1/photos/{photo}")
    comment = story.log.edge.new_id_beside(int(photo))
    await story.write(lambda edge: edge.change_like(int(bob.id), LikeKind.LIKED, int(photo)))
    await story.write(lambda edge: edge.add_comment(comment, int(bob.id), int(photo), "late"))
    for reader in (ann, bob, story.anyone):
        await reader.missing(*(f"/v1/photos/{photo}{more}" for more in ("", "/likes", "/comments")))
        assert await reader.ids(f"/v1/users/{ann.id}/photos") == []
    for one in (early, str(comment)):
        await ann.like_comment(one, 404)
    assert await bob.feed() == []
    assert (await bob.counts(ann))["photos"] == 0


@clause("5.3", "7.2", "8.4")
async def test_a_tombstone_wins_over_a_late_resize_fan_out_and_upload(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    never, resized = (story.log.edge.new_id_beside(int(ann.id)) for _ in range(2))
    # One is deleted before it was uploaded, one before its variants are told, one while they are being made.
    await story.write(lambda edge: edge.delete_photo(never, int(ann.id)))
    await story.write(upload(never, ann))
    await story.write(lambda edge: edge.delete_photo(resized, int(ann.id)))
    for pixels in (150, 1080):
        await story.append(made(resized, int(ann.id), pixels))
    in_the_middle = await ann.send()
    await ann.delete(f"/v1/photos/{in_the_middle}")
    # Its fan-out comes after theirs, so what was to be delivered was delivered.
    marker = await ann.upload()
    for reader in (ann, bob):
        assert await reader.feed() == await reader.ids(f"/v1/users/{ann.id}/photos") == [marker]
        for photo in (never, resized, in_the_middle):
            await reader.missing(f"/v1/photos/{photo}", f"/photos/{photo}/150.jpg")
    assert (await bob.counts(ann))["photos"] == 1


def made(photo: int, owner: int, pixels: int) -> VariantReady:
    return VariantReady(
        event_id=f"{photo}.{pixels}", occurred_at=time_of(photo), actor_id=0, source="resize", photo_id=photo, owner_id=owner,
        pixels=pixels, width=40, height=30, size_bytes=700, original_width=40, original_height=30,
    )  # fmt: skip


@clause("5.1")
async def test_likes_and_unlikes_end_as_their_own_order_says_whoever_reads_them_when(story):
    ann, *likers = await story.people(5)
    photo = await ann.upload()
    # Each person's likes are in order; those of different people come as they come.
    await asyncio.gather(*(back_and_forth(liker, photo, turns) for turns, liker in enumerate(likers)))
    assert await ann.likes(photo) == 2
    assert set(await ann.ids(f"/v1/photos/{photo}/likes")) == {likers[1].id, likers[3].id}


async def back_and_forth(liker, photo: str, turns: int) -> None:
    for turn in range(turns):
        await (liker.unlike(photo) if turn % 2 else liker.like(photo))
