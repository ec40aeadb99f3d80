"""Walking through lists while they change: nothing comes twice, nothing is left out, and only `null` is the end."""

import pytest

from tests.behaviours import clause

pytestmark = pytest.mark.stack


def ids(page) -> list[str]:
    return [item["id"] for item in page["items"]]


@clause("13.1", "13.2")
async def test_a_walk_goes_on_where_it_was_though_its_last_item_is_gone_and_new_ones_came(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    photos = (await ann.uploads(5))[::-1]
    for path in ("/v1/feed", f"/v1/users/{ann.id}/photos"):
        first = await bob.get(path, limit=2)
        assert ids(first) == photos[:2]
        await ann.delete(f"/v1/photos/{photos[1]}")
        new = await ann.upload()
        rest = await bob.get(path, limit=2, cursor=first["next"])
        assert ids(rest) == photos[2:4]
        assert await bob.ids(path, cursor=rest["next"]) == photos[4:]
        photos = [new, photos[0], *photos[2:]]
    assert await bob.walk("/v1/feed", limit=2) == photos


@clause("13.2", "2.2")
async def test_equal_scores_have_an_order_too(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    comments = [await bob.comment(photo, str(n)) for n in range(6)]
    for liked in comments[1:3]:
        await ann.like_comment(liked)
    top = [comments[2], comments[1], *comments[:2:-1], comments[0]]
    path = f"/v1/photos/{photo}/comments"
    first = await bob.get(path, sort="top", limit=3)
    await bob.comment(photo, "newer")
    await ann.delete(f"/v1/comments/{top[2]}")
    second = await bob.get(path, sort="top", limit=3, cursor=first["next"])
    assert ids(first) + [one for one in ids(second) if one in top] == top
    left = [one for one in comments if one != top[2]]
    assert [one for one in await bob.walk(path, sort="oldest", limit=2) if one in left] == left
    for limit in (1, 2, 3):
        walked = await bob.walk(path, sort="top", limit=limit)
        assert walked == await bob.comments(photo, sort="top")
        assert [one for one in walked if one in left] == [one for one in top if one in left]


@clause("13.3", "10.1", "9.2")
async def test_a_page_that_filters_thin_is_filled_up_and_the_end_is_said(story):
    ann, bob, eve, reader = await story.people(4)
    photos = {ann: [], bob: []}
    for author in (ann, bob):
        await reader.follow(author)
    for _ in range(3):
        for author in (ann, bob):
            photos[author] += await author.uploads(1)
    photo = photos[ann][0]
    comments = {who: [await who.comment(photo, str(n)) for n in range(3)] for who in (eve, bob)}
    await reader.mute(bob)
    await reader.block(eve)
    page = await reader.get("/v1/feed", limit=2)
    assert (ids(page), page["next"] is None) == (photos[ann][:0:-1], False)
    page = await reader.get("/v1/feed", limit=2, cursor=page["next"])
    assert (ids(page), page["next"]) == (photos[ann][:1], None)
    page = await reader.get("/v1/feed", limit=3)
    assert (ids(page), page["next"]) == (photos[ann][::-1], None)
    path = f"/v1/photos/{photo}/comments"
    assert await reader.walk(path, limit=2, sort="oldest") == comments[bob]
    page = await reader.get(path, limit=3)
    assert (ids(page), page["next"]) == (comments[bob][::-1], None)


@clause("13.4")
async def test_ids_are_strings_and_lists_go_on_past_what_is_cached(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    photos = (await ann.uploads(story.settings.feed_depth + 3))[::-1]
    assert all(isinstance(photo, str) and int(photo) > 1 << 53 for photo in photos)
    for reader in (ann, bob):
        assert await reader.walk("/v1/feed", limit=4) == photos
        assert await reader.walk(f"/v1/users/{ann.id}/photos", limit=9) == photos
    await ann.ask("GET", "/v1/feed", 422, params={"cursor": "foreign"})
