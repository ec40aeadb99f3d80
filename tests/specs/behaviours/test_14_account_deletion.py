"""Behaviour 14: account deletion, and deactivation."""

import pytest

from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town
from tests.specs.behaviours.world import RUNNER

DAY = 24 * 3600


def a_life() -> tuple[Town, int, int]:
    """Return a town where ann has lived, with a photo of ann's and one of bob's on which ann was; cy lives beside."""
    town = Town("ann", "bob", "cy", "dee", private=["dee"])
    mine, theirs = town.post("ann", "#dawn", "Rome"), town.post("bob", "#dawn @ann", "Rome")
    for who, whom in (("ann", "bob"), ("bob", "ann"), ("cy", "ann"), ("cy", "bob"), ("ann", "dee")):
        town.follow(who, whom)
    for who in ("ann", "bob", "cy"):
        town.like(who, mine)
        town.like(who, theirs)
    for who in ("ann", "cy"):
        town.comment(who, theirs, "for @cy and @bob")
    town.comment("bob", mine, "for @cy")
    return town, mine, theirs


def away(town: Town, deed: str) -> None:
    town.leave("ann") if deed == "leave" else town.do("ann", "POST", "/v1/me/deactivate")


def seen_of(town: Town, mine: int, theirs: int) -> list:
    """Return what everybody sees of everything that ann had a part in, in the eyes of those who stay."""
    found = [town.counted("bob"), town.counted("cy"), town.counts(None, theirs), town.likers(None, theirs)]
    found += [len(town.comments(None, theirs)), town.comment_likes("cy", theirs), town.feed("bob"), town.feed("cy")]
    found += [town.followers(None, "bob"), town.following(None, "bob"), town.following(None, "cy"), town.requests("dee")]
    found += [town.tagged(None, "dawn"), town.placed(None, "rome"), town.trending("hashtags"), town.trending("places")]
    return [*found, town.status("cy", f"/v1/photos/{mine}"), town.status(None, "/v1/users/@ann")]


@clause("14.1", "14.2", "14.5")
@pytest.mark.parametrize("deed", ["leave", "deactivate"])
def test_of_who_leaves_nothing_is_seen_and_other_peoples_counts_fall_by_exactly_what_was_theirs(deed):
    town, mine, theirs = a_life()
    before = seen_of(town, mine, theirs)
    assert before[:4] == [(1, 2, 1), (0, 0, 2), (3, 2), ["cy", "bob", "ann"]]
    away(town, deed)
    after = seen_of(town, mine, theirs)
    assert after[:6] == [(1, 1, 0), (0, 0, 1), (2, 1), ["cy", "bob"], 1, after[5]]
    assert after[6:12] == [[theirs], [theirs], ["cy"], [], ["bob"], []]
    trend = (1, {theirs})
    assert after[12:] == [[theirs], [theirs], {"dawn": trend}, {"rome": trend}, 404, 404]


@clause("14.1")
def test_who_is_deleted_can_do_nothing_any_more():
    town, _mine, theirs = a_life()
    token = town.context.tokens.make(town.ids["ann"])
    town.leave("ann")
    assert town.context.tokens.user_of(token) == town.ids["ann"]
    for method, path in (("GET", "/v1/me"), ("GET", "/v1/feed"), ("PUT", f"/v1/photos/{theirs}/like")):
        assert town.status("ann", path, method) == 401


@clause("14.1")
def test_the_images_and_originals_of_who_is_deleted_are_deleted():
    town, mine, theirs = a_life()
    town.leave("ann")
    assert [town.status(None, f"/photos/{mine}/{pixels}.jpg") for pixels in PIXELS] == [404] * 4
    stored = [(ORIGINALS, original_key(mine)), *((VARIANTS, variant_key(mine, pixels)) for pixels in PIXELS)]
    assert [RUNNER.run(town.objects.exists(*place)) for place in stored] == [False] * 5
    assert RUNNER.run(town.objects.exists(ORIGINALS, original_key(theirs)))


@clause("14.1", "14.3")
@pytest.mark.parametrize("up", [99, 1])
def test_neither_rings_nor_rows_hold_anything_of_who_is_deleted(up):
    town = Town("ann", "bob", up=up, down=0)
    town.follow("bob", "ann")
    town.follow("ann", "bob")
    for who in ("ann", "bob"):
        town.like(who, photo := town.post(who, "#dawn", key=f"of-{who}"))
        town.comment("ann", photo, "gone with me, @bob", key=f"on-{who}s")
        town.like("bob", photo)
    town.read("ann")
    town.mute("ann", "bob")
    town.block("bob", "ann")
    town.leave("ann")
    town.feed("bob")
    ann = town.ids["ann"]
    assert town.sink.ring("timelines", ann).content().ids == town.sink.ring("authors", ann).content().ids == ()
    # Of ann stays that there was an account, whose name is held for a while; and of a comment that it was deleted.
    kept = [name for name, rows in town.sink.rows.items() if any(named(ann, row) for row in rows.values())]
    assert sorted(kept) == ["account_cards", "accounts"]
    assert not [row for row in town.sink.rows["comments"].values() if row.author_id or row.text]


def named(who: int, value: object) -> bool:
    """Return whether an id stands anywhere in a row."""
    return value == who or (isinstance(value, tuple) and any(named(who, part) for part in value))


@clause("14.3")
@pytest.mark.parametrize("deed", ["leave", "deactivate"])
def test_notifications_that_who_leaves_caused_go(deed):
    town, _mine, _theirs = a_life()
    assert {one[1] for one in town.told("bob")} == {"ann", "cy"}
    away(town, deed)
    assert {one[1] for one in town.told("bob")} == {"cy"}
    # Bob mentioned cy under a photo of ann's, which is hidden with ann.
    assert {one[1] for one in town.told("cy")} == set()
    assert town.told("dee") == []


@clause("14.4")
def test_the_name_is_held_for_thirty_days_whoever_asks_and_however_it_is_written():
    town = Town("ann", "bob")
    town.leave("ann")
    assert [town.open(name).status for name in ("ann", "ANN")] == [409, 409]
    town.later(seconds=30 * DAY - 60)
    assert town.open("Ann").status == 409
    town.later(seconds=61)
    assert town.open("ann").status == 201


@clause("14.5")
def test_reactivation_brings_back_everything_as_it_was():
    town, mine, theirs = a_life()
    before, told = seen_of(town, mine, theirs), [town.told(who) for who in ("ann", "bob", "cy", "dee")]
    town.do("ann", "POST", "/v1/me/deactivate")
    assert seen_of(town, mine, theirs) != before
    town.do("ann", "POST", "/v1/me/reactivate")
    assert seen_of(town, mine, theirs) == before
    assert [town.told(who) for who in ("ann", "bob", "cy", "dee")] == told
    assert town.feed("ann") == [theirs, mine]


@clause("14.5")
def test_who_is_deactivated_sees_their_own_and_makes_nothing():
    town, mine, theirs = a_life()
    town.do("ann", "POST", "/v1/me/deactivate")
    assert (town.status("ann", f"/v1/photos/{mine}"), town.status("ann", "/v1/me")) == (200, 200)
    assert town.status("ann", f"/v1/photos/{theirs}/like", "PUT") == 403


@clause("14.5")
def test_the_name_of_who_is_deactivated_stays_theirs():
    town = Town("ann")
    town.do("ann", "POST", "/v1/me/deactivate")
    town.later(seconds=31 * DAY)
    assert town.open("ann").status == 409


@clause("14.6")
def test_late_events_of_who_is_deleted_bring_nothing_back():
    town, mine, theirs = a_life()
    town.leave("ann")
    after = seen_of(town, mine, theirs)
    ann, bob, late = town.ids["ann"], town.ids["bob"], town.later()
    town.says(b.reactivated(ann, late), b.made(ann, False, late))
    town.says(b.liked(ann, theirs, at=late), b.commented(ann, town.mint(theirs >> 10 & 8191), theirs, "late @bob", late))
    town.says(b.did(ann, "FOLLOW_WANTED", bob, late), b.did(bob, "FOLLOW_WANTED", ann, late))
    town.says(b.uploaded(mine, ann, late, "#dawn", "Rome"), b.variant(mine, ann, 150, late))
    assert seen_of(town, mine, theirs) == after
    assert {one[1] for one in town.told("bob")} == {"cy"}


@clause("14.6")
def test_a_replay_of_everything_brings_nothing_back():
    town, mine, theirs = a_life()
    town.leave("ann")
    after, told = seen_of(town, mine, theirs), town.told("bob")
    town.forget()
    assert (seen_of(town, mine, theirs), town.told("bob")) == (after, told)
