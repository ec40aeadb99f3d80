"""Deactivating and deleting an account: what was theirs goes, and other people's counts fall by exactly that."""

import asyncio

import pytest

from schemas.events import LikeKind, RelationKind
from schemas.object_keys import ORIGINALS, VARIANTS, original_key, variant_key
from streams.edge import Picture
from tests.behaviours import clause
from tests.integration.behaviours.person import until
from tests.integration.behaviours.test_deletes import is_gone
from tests.integration.conftest import png

pytestmark = pytest.mark.stack


class Town:
    """Ann, who leaves, and Bob and Paul, who stay; Paul is private. Each of them has done something to each other."""

    def __init__(self, story) -> None:
        self.story = story
        self.tag = f"town{story.word}"

    async def settle(self) -> "Town":
        story = self.story
        self.ann, self.bob, self.carl = await story.people(3)
        self.paul = await story.person(private=True)
        self.photo = {who: await who.upload(f"#{self.tag}") for who in (self.ann, self.bob)}
        for one, other in ((self.ann, self.bob), (self.bob, self.ann), (self.carl, self.ann), (self.carl, self.bob)):
            await one.follow(other)
        assert await self.ann.follow(self.paul) == "requested"
        self.comment = {}
        for who in (self.ann, self.bob):
            for photo in self.photo.values():
                await who.like(photo)
            self.comment[who] = await who.comment(self.photo[self.bob], f"by {who.name}")
        for liker in (self.ann, self.carl):
            await liker.like_comment(self.comment[self.bob])
        return self

    async def with_ann(self) -> None:
        """Check what is seen while she is there."""
        bobs = self.photo[self.bob]
        for reader in (self.bob, self.carl):
            assert (await reader.photo(bobs))["counts"] == {"likes": 2, "comments": 2}
            assert await reader.likes(bobs) == await reader.likes(self.photo[self.ann]) == 2
            assert await reader.comments(bobs, sort="top") == [self.comment[self.bob], self.comment[self.ann]]
            assert await self.likes_of_comment(reader) == 2
            assert await reader.counts(self.bob) == {"photos": 1, "followers": 2, "following": 1}
            assert await reader.counts(self.ann) == {"photos": 1, "followers": 2, "following": 1}
            assert await reader.ids(f"/v1/users/{self.bob.id}/followers") == [self.carl.id, self.ann.id]
            assert await reader.ids(f"/v1/tags/{self.tag}/photos") == [bobs, self.photo[self.ann]]
        assert await self.paul.ids("/v1/follow-requests") == [self.ann.id]
        assert await self.carl.feed() == [bobs, self.photo[self.ann]]
        assert await self.bob.feed() == [bobs, self.photo[self.ann]]

    async def without_ann(self) -> None:
        """Check that nothing of hers is seen or counted anywhere."""
        bobs, anns = self.photo[self.bob], self.photo[self.ann]
        for reader in (self.bob, self.carl, self.story.anyone):
            assert (await reader.photo(bobs))["counts"] == {"likes": 1, "comments": 1}
            assert await reader.ids(f"/v1/photos/{bobs}/likes") == [self.bob.id]
            for sort in ("newest", "oldest", "top"):
                assert await reader.comments(bobs, sort=sort) == [self.comment[self.bob]]
            assert await self.likes_of_comment(reader) == 1
            assert await reader.counts(self.bob) == {"photos": 1, "followers": 1, "following": 0}
            assert await reader.counts(self.carl) == {"photos": 0, "followers": 0, "following": 1}
            assert await reader.ids(f"/v1/users/{self.bob.id}/followers") == [self.carl.id]
            assert await reader.ids(f"/v1/users/{self.bob.id}/following") == []
            assert await reader.ids(f"/v1/tags/{self.tag}/photos") == [bobs]
            await reader.missing(
                f"/v1/users/{self.ann.id}", f"/v1/users/@{self.ann.name}", f"/v1/users/{self.ann.id}/photos",
                *(f"/v1/photos/{anns}{more}" for more in ("", "/likes", "/comments")),
            )  # fmt: skip
        assert await self.paul.ids("/v1/follow-requests") == []
        for reader in (self.bob, self.carl):
            assert await reader.feed() == [bobs]
            await reader.like(anns, 404)
            await reader.like_comment(self.comment[self.ann], 404)
            await reader.put(f"/v1/users/{self.ann.id}/follow", 404)

    async def likes_of_comment(self, reader) -> int:
        shown = (await reader.get(f"/v1/photos/{self.photo[self.bob]}/comments", sort="oldest"))["items"]
        [counts] = [item["counts"] for item in shown if item["id"] == self.comment[self.bob]]
        return counts["likes"]


@clause("14.5", "1.4")
async def test_deactivation_hides_and_uncounts_all_and_reactivation_brings_it_back(story):
    town = await Town(story).settle()
    await town.with_ann()
    await town.ann.post("/v1/me/deactivate", 204)
    await town.without_ann()
    await town.ann.put(f"/v1/users/{town.bob.id}/follow", 403)
    await town.ann.like(town.photo[town.bob], 403)
    await story.anyone.until_missing(f"/photos/{town.photo[town.ann]}/150.jpg")
    await town.ann.post("/v1/me/reactivate", 204)
    await town.with_ann()
    assert await town.ann.feed() == [town.photo[town.bob], town.photo[town.ann]]
    await story.anyone.until(f"/photos/{town.photo[town.ann]}/150.jpg", lambda answer: answer.status_code == 200)


@clause("14.5")
async def test_who_is_deactivated_stays_hidden(story):
    town = await Town(story).settle()
    await town.ann.post("/v1/me/deactivate", 204)
    await town.without_ann()


@clause("14.1", "14.2")
async def test_a_deleted_account_takes_all_that_was_its_own_and_other_peoples_counts_fall_by_just_that(story):
    town = await Town(story).settle()
    await town.with_ann()
    await town.ann.delete("/v1/me")
    await town.without_ann()
    assert (await town.ann.look("/v1/me", 401)).headers["www-authenticate"] == "Bearer"
    photo = int(town.photo[town.ann])
    await story.anyone.until_missing(f"/photos/{photo}/150.jpg")
    keys = [(ORIGINALS, original_key(photo)), *((VARIANTS, variant_key(photo, pixels)) for pixels in (150, 1080))]
    await asyncio.gather(*(until(lambda at=key: is_gone(story.log.objects, *at)) for key in keys))
    await town.without_ann()


@clause("14.4")
async def test_the_name_of_a_deleted_account_is_held(story):
    [ann] = await story.people(1)
    await ann.delete("/v1/me")
    for name in (ann.name, ann.name.upper()):
        await story.anyone.post("/v1/accounts", 409, json={"username": name, "display_name": "Again"})
    await story.anyone.missing(f"/v1/users/@{ann.name}")


@clause("14.6")
async def test_nothing_that_comes_late_brings_somebody_back(story):
    town = await Town(story).settle()
    ann, bobs = int(town.ann.id), int(town.photo[town.bob])
    await town.ann.delete("/v1/me")
    await town.without_ann()
    edge = story.log.edge
    comment, photo = edge.new_id_beside(bobs), edge.new_id_beside(ann)
    await story.write(lambda edge: edge.reactivate(ann))
    await story.write(lambda edge: edge.change_like(ann, LikeKind.LIKED, bobs))
    await story.write(lambda edge: edge.change_like(ann, LikeKind.LIKED, bobs, int(town.comment[town.bob])))
    await story.write(lambda edge: edge.add_comment(comment, ann, bobs, "from beyond"))
    await story.write(lambda edge: edge.upload_photo(photo, ann, Picture(png(), "image/png"), f"#{town.tag}", None))
    await story.write(lambda edge: edge.relate(ann, RelationKind.FOLLOW_WANTED, int(town.bob.id)))
    await story.write(lambda edge: edge.relate(int(town.bob.id), RelationKind.FOLLOW_WANTED, ann))
    await town.without_ann()
    await story.anyone.missing(f"/v1/photos/{photo}", f"/photos/{photo}/150.jpg")


@clause("15.1")
async def test_the_feed_after_an_absence_is_what_continuous_presence_would_have_given(story):
    ann, bob, here, away = await story.people(4)
    for reader in (here, away):
        await reader.follow(ann)
    await ann.upload()
    await away.post("/v1/me/deactivate", 204)
    missed = await ann.uploads(story.settings.feed_depth)
    await ann.delete(f"/v1/photos/{missed[3]}")
    await away.post("/v1/me/reactivate", 204)
    await asyncio.gather(*(reader.follow(bob) for reader in (here, away)))
    await bob.upload()
    whole = await here.walk("/v1/feed", limit=7)
    assert len(whole) == story.settings.feed_depth + 1
    assert await away.walk("/v1/feed", limit=7) == whole
