"""Becoming private hides what was public before, and becoming public again shows it; so it is with images."""

import asyncio
import time

import pytest

from api.signing import LIFETIME_SECONDS, Signer
from tests.behaviours import clause

pytestmark = pytest.mark.stack

# The contract: a permission is believed for no longer.
GONE_SECONDS = 10.0


@clause("1.4", "11.1", "11.2", "11.5")
async def test_a_private_flip_hides_old_photos_from_strangers_and_pages_and_flipping_back_restores_them(story):
    ann, bob, eve, *others = await story.people(6)
    await bob.follow(ann)
    tag, place = f"flip{story.word}", f"Flip Bay {story.word}"
    photo = await ann.upload(f"#{tag}", place)
    theirs = await asyncio.gather(*(other.upload(f"#{tag}", place) for other in others))
    everything = sorted([photo, *theirs], key=int, reverse=True)
    await bob.like(photo)
    await bob.comment(photo)
    lists = [f"/v1/users/{ann.id}/{what}" for what in ("photos", "followers", "following")]
    own = [f"/v1/photos/{photo}{more}" for more in ("", "/likes", "/comments")]
    pages = [f"/v1/tags/{tag}/photos", f"/v1/places/{place}/photos"]
    for reader in (eve, bob, story.anyone):
        assert [await reader.ids(page) for page in pages] == [everything, everything]
    assert photo in await trending(eve, tag)
    await ann.be_private(True)
    for reader in (ann, bob, eve, story.anyone):
        assert [await reader.ids(page) for page in pages] == [everything[:-1], everything[:-1]]
        assert photo not in await trending(reader, tag)
        assert (await reader.get(f"/v1/users/{ann.id}"))["private"] is True
    for stranger in (eve, story.anyone):
        await stranger.missing(*lists, *own)
    await eve.like(photo, 404)
    await eve.post(f"/v1/photos/{photo}/comments", 404, json={"text": "late"})
    for reader in (ann, bob):
        assert await reader.ids(lists[0]) == [photo]
        assert await reader.likes(photo) == 1
    assert await bob.feed() == [photo]
    await ann.be_private(False)
    assert photo in await trending(eve, tag)
    for reader in (eve, bob, story.anyone):
        assert [await reader.ids(page) for page in pages] == [everything, everything]
        assert await reader.ids(lists[0]) == [photo]
        assert await reader.likes(photo) == 1
    assert await bob.feed() == [photo]


async def trending(reader, tag: str) -> list[str]:
    """The photos of a hashtag that trends; not remembered, since ranks move on with the clock."""
    items = (await reader.look("/v1/trends/hashtags", limit=100)).json()["items"]
    [photos] = [item["photos"] for item in items if item["tag"] == tag]
    return photos


@clause("11.1")
async def test_what_became_private_stays_so(story):
    ann, bob, eve = await story.people(3)
    await bob.follow(ann)
    tag = f"stays{story.word}"
    photo = await ann.upload(f"#{tag}")
    await bob.comment(photo)
    await ann.be_private(True)
    for stranger in (eve, story.anyone):
        await stranger.missing(f"/v1/photos/{photo}", f"/v1/users/{ann.id}/photos", f"/v1/photos/{photo}/comments")
        assert await stranger.ids(f"/v1/tags/{tag}/photos") == []
    await eve.until_missing(f"/photos/{photo}/150.jpg")
    assert await bob.ids(f"/v1/tags/{tag}/photos") == []
    assert await bob.feed() == [photo]
    assert await eve.follow(ann) == "requested"
    await eve.missing(f"/v1/photos/{photo}")
    assert await bob.feed() == [photo]


@clause("11.3")
async def test_old_image_links_stop_being_served_after_a_flip_a_delete_and_a_deactivation(story):
    flipped, deleter, leaver = await story.people(3)
    links = {}
    for who in (flipped, deleter, leaver):
        photo = await who.upload()
        links[who] = f"/photos/{photo}/150.jpg"
        await story.anyone.ask("GET", links[who], 200)
    await flipped.be_private(True)
    await deleter.delete(links[deleter].replace("/photos/", "/v1/photos/").removesuffix("/150.jpg"))
    await leaver.post("/v1/me/deactivate", 204)
    done = time.monotonic()
    await story.anyone.until_missing(*links.values())
    assert time.monotonic() - done < GONE_SECONDS


@clause("11.4")
async def test_followers_see_images_of_a_private_account_under_a_signature_that_expires(story):
    ann = await story.person(private=True)
    bob, eve = await story.people(2)
    photo, other = await ann.uploads(2)
    await bob.follow(ann)
    await ann.accept(bob)
    path = f"/photos/{photo}/150.jpg"
    signed = (await bob.photo(photo))["images"]["150"].removeprefix(story.settings.api_url)
    assert signed.startswith("/s/") and signed.endswith(path)
    served = await story.anyone.look(signed)
    assert served.headers["Cache-Control"].startswith("private")
    signer, now_ms = Signer(story.settings.jwt_secret.get_secret_value()), time.time_ns() // 1_000_000
    assert signer.allows(signed.split("/")[2], int(photo), now_ms)
    await story.anyone.look(signer.prefix(int(photo), now_ms - 1_000 * (LIFETIME_SECONDS + 2)) + path, 404)
    await story.anyone.look(signed.replace(photo, other), 404)
    await bob.unfollow(ann)
    await story.anyone.look(signed)
    await story.anyone.missing(path)
    for stranger in (bob, eve):
        await stranger.missing(f"/v1/photos/{photo}")
    await ann.delete(f"/v1/photos/{photo}")
    await story.anyone.until_missing(signed, path)
