"""What people are told: each deed once, to whom it concerns, and no more of it once it is taken back or hidden."""

import pytest

from tests.behaviours import clause

pytestmark = pytest.mark.stack
PATH = "/v1/notifications"


async def told(who) -> list[tuple]:
    """Kind, actor, photo, comment and whether it was read, of each notification, the newest first."""
    items = (await who.get(PATH, limit=100))["items"]
    return [(one["kind"], one["actor"]["id"], one["photo"], one["comment"], one["read"]) for one in items]


async def told_ids(who) -> list[str]:
    return await who.ids(PATH)


@clause("17.1", "17.2", "3.2")
async def test_each_deed_is_told_to_whom_it_concerns_and_read_up_to_one(story):
    ann, bob, cy, dan = await story.people(4)
    photo = await ann.upload(f"with @{cy.name.upper()}")
    await bob.like(photo)
    comment = await bob.comment(photo, f"look @{cy.name}, not me@{dan.name}")
    await ann.like_comment(comment)
    await ann.like(photo)
    await ann.comment(photo, f"I, @{ann.name}")
    await bob.follow(ann)
    anns = [("follow", bob.id, None, None), ("comment", bob.id, photo, comment), ("like", bob.id, photo, None)]
    assert await told(ann) == [(*one, False) for one in anns]
    assert await told(bob) == [("like", ann.id, photo, comment, False)]
    assert await told(cy) == [("mention", bob.id, photo, comment, False), ("mention", ann.id, photo, None, False)]
    assert await told(dan) == []
    whole = await told_ids(ann)
    assert whole == sorted(whole, key=int, reverse=True)
    for up_to in (whole[1], whole[-1]):
        await ann.put(f"{PATH}/read", json={"up_to": up_to})
        assert [read for *_, read in await told(ann)] == [False] + [True] * (len(whole) - 1)
    assert await ann.walk(PATH, limit=2) == await ann.walk(PATH, limit=1) == whole
    assert [read for *_, read in await told(bob)] == [False]


@clause("2.3", "2.4")
async def test_an_unlike_takes_the_notification_back_and_liking_again_is_neither_new_nor_unread(story):
    ann, bob, cy = await story.people(3)
    photo = await ann.upload()
    await bob.like(photo)
    [first] = (await ann.get(PATH))["items"]
    await cy.like(photo)
    await cy.unlike(photo)
    assert (await ann.get(PATH))["items"] == [first]
    await ann.put(f"{PATH}/read", json={"up_to": first["id"]})
    for _ in range(2):
        await bob.unlike(photo)
        assert await told(ann) == []
        await bob.like(photo)
        assert (await ann.get(PATH))["items"] == [first | {"read": True}]


@clause("17.3", "6.3")
async def test_a_request_becomes_a_follow_when_it_is_accepted_and_goes_with_it(story):
    ann = await story.person(private=True)
    bob, cy, dan = await story.people(3)
    for asker in (bob, cy, dan):
        await asker.follow(ann)
    dans, cys, bobs = (await ann.get(PATH))["items"]
    assert [one["kind"] for one in (dans, cys, bobs)] == ["request"] * 3
    await ann.accept(bob)
    await ann.delete(f"/v1/follow-requests/{cy.id}")
    assert (await ann.get(PATH))["items"] == [dans, bobs | {"kind": "follow"}]
    await dan.unfollow(ann)
    assert (await ann.get(PATH))["items"] == [bobs | {"kind": "follow"}]


@clause("8.3", "9.2", "9.4", "10.1", "10.3")
async def test_what_one_may_not_see_or_does_not_want_to_is_not_told(story):
    ann, bob, cy = await story.people(3)
    photo, other = await ann.uploads(2)
    await bob.like(photo)
    await cy.like(photo)
    await cy.like(other)
    comment = await cy.comment(photo)
    bobs, cys = ("like", bob.id, photo, None, False), ("like", cy.id, photo, None, False)
    cys_other, cys_comment = ("like", cy.id, other, None, False), ("comment", cy.id, photo, comment, False)
    assert await told(ann) == [cys_comment, cys_other, cys, bobs]
    await ann.mute(cy)
    assert await told(ann) == [bobs]
    assert await ann.walk(PATH) == await told_ids(ann)
    await ann.unmute(cy)
    await ann.block(bob)
    assert await told(ann) == [cys_comment, cys_other, cys]
    await ann.unblock(bob)
    await ann.delete(f"/v1/photos/{other}")
    await cy.delete(f"/v1/comments/{comment}")
    assert await told(ann) == [cys, bobs]


@clause("14.3", "14.5")
async def test_who_leaves_is_told_of_no_more(story):
    ann, bob, cy = await story.people(3)
    photo = await ann.upload()
    for who in (bob, cy):
        await who.like(photo)
        await who.follow(ann)
    whole = await told(ann)
    await bob.post("/v1/me/deactivate", 204)
    await cy.delete("/v1/me")
    assert await told(ann) == []
    await bob.post("/v1/me/reactivate", 204)
    assert await told(ann) == [one for one in whole if one[1] == bob.id]


@clause("16.1")
async def test_an_edited_caption_notifies_nobody(story):
    ann, bob, cy = await story.people(3)
    photo = await ann.upload(f"@{bob.name}")
    await ann.patch(f"/v1/photos/{photo}", caption=f"@{bob.name} and @{cy.name}")
    assert len(await told(bob)) == 1
    assert await told(cy) == []
