"""Behaviour 12: celebrity crossing."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town

FANS = ("bob", "cy", "dee")


def crossing(*more: str, depth: int = 50) -> tuple[Town, list[int]]:
    """Return a town where ann was pushed, pulled and pushed again, bob following all along, and her photos of those times."""
    town = Town("ann", *FANS, *more, up=3, down=1, depth=depth)
    town.follow("bob", "ann")
    photos = [town.post("ann")]
    for fan in FANS[1:]:
        town.follow(fan, "ann")
    photos.append(town.post("ann"))
    for fan in FANS[1:]:
        town.unfollow(fan, "ann")
    photos.append(town.post("ann"))
    return town, photos


def timeline(town: Town, who: str) -> tuple[int, ...]:
    return town.sink.ring("timelines", town.ids[who]).content().ids


@clause("12.1")
def test_an_author_becomes_pulled_at_one_threshold_and_pushed_again_at_a_lower_one_in_the_authors_order():
    town, photos = crossing()
    assert town.feed("bob") == photos[::-1]
    assert timeline(town, "bob") == (photos[2], photos[0])


@clause("12.1")
def test_between_the_thresholds_an_author_stays_as_they_were():
    town = Town("ann", *FANS, up=3, down=1)
    for fan in FANS[:2]:
        town.follow(fan, "ann")
    pushed = town.post("ann")
    town.follow("dee", "ann")
    town.unfollow("dee", "ann")
    pulled = town.post("ann")
    assert (town.feed("bob"), timeline(town, "bob")) == ([pulled, pushed], (pushed,))


@clause("12.1")
def test_a_replay_switches_at_the_same_photo():
    town, photos = crossing()
    before = timeline(town, "bob"), dict(town.sink.rows["celebrities"])
    town.forget()
    assert town.feed("bob") == photos[::-1]
    assert town.sink.rows["celebrities"] == before[1]
    assert set(before[0]) <= set(timeline(town, "bob"))


@clause("12.2")
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_photos_of_both_times_stand_in_one_feed_each_once_in_one_order_across_page_borders(limit):
    town = Town("ann", *FANS, "eve", up=3, down=1)
    town.follow("bob", "ann", "eve")
    photos = []
    for fan in (*FANS[1:], None):
        photos += [town.post(who) for who in ("ann", "eve", "ann", "bob")]
        if fan:
            town.follow(fan, "ann")
    pages = town.pages("bob", "/v1/feed", limit=limit)
    assert [int(item["id"]) for page in pages for item in page] == photos[::-1]


@clause("12.2")
def test_a_delivery_that_comes_though_its_photo_is_pulled_shows_it_once():
    town = Town("ann", *FANS, up=3, down=1)
    town.follow("bob", "ann")
    town.held.add("fanout")
    town.follow("cy", "ann")
    photo = town.post("ann")
    town.follow("dee", "ann")
    assert town.feed("bob") == []
    town.held.clear()
    assert town.feed("bob") == [photo]


@clause("12.2", "13.4")
def test_the_pulled_span_stays_pullable_below_the_depth_of_rings():
    town, photos = crossing(depth=1)
    assert town.feed("bob") == photos[::-1]


@clause("12.3")
def test_unfollow_and_follow_act_the_same_on_pulled_authors():
    town, photos = crossing("eve")
    town.follow("eve", "ann")
    assert town.feed("eve") == photos[::-1]
    town.unfollow("bob", "ann")
    assert town.feed("bob") == []
    town.follow("bob", "ann")
    assert town.feed("bob") == photos[::-1]


@clause("12.3")
def test_block_mute_and_delete_act_the_same_on_pulled_authors():
    town, photos = crossing()
    town.delete("ann", photos[1])
    assert town.feed("bob") == [photos[2], photos[0]]
    town.mute("bob", "ann")
    assert town.feed("bob") == []
    town.unmute("bob", "ann")
    town.block("bob", "ann")
    assert town.feed("bob") == []


@clause("12.3")
def test_a_private_flip_acts_the_same_on_pulled_authors():
    town = Town("ann", *FANS, "eve", up=3, down=1)
    for fan in FANS:
        town.follow(fan, "ann")
    photo = town.post("ann")
    town.hide("ann")
    assert (town.feed("bob"), town.follow("eve", "ann"), town.feed("eve")) == ([photo], "requested", [])


@clause("12.3")
def test_the_deletion_of_a_pulled_author_takes_all_of_theirs_out_of_feeds():
    town, _ = crossing()
    mine = town.post("bob")
    town.leave("ann")
    assert (town.feed("bob"), town.counted("bob")) == ([mine], (1, 0, 0))


@clause("12.4")
def test_a_bulk_loss_of_followers_crosses_once_and_does_not_flap():
    fans = [f"fan{number}" for number in range(6)]
    town = Town("ann", "bob", *fans, up=4, down=2)
    town.follow("bob", "ann")
    for fan in fans:
        town.follow(fan, "ann")
    photos = [town.post("ann")]
    for fan in fans[1:]:
        town.block("ann", fan)
        photos.append(town.post("ann"))
    [row] = town.sink.rows["celebrities"].values()
    assert len(row.spans) == 1 and row.spans[0][1] > 0
    assert town.feed("bob") == photos[::-1]
