"""The demo's world: decided by its seed alone, skewed, with one celebrity, and with plans that add up."""

from collections import Counter

import pytest

from infra.demo.album import RISING_PLACE, RISING_TAG, exif_of, plan_album
from infra.demo.measure import PROMISES, Watched, judge, percentile
from infra.demo.world import CELEBRITY_NUMBER, MOST_FOLLOWERS_OF_OTHERS, Size, make_world

CELEBRITY_UP = 120


@pytest.fixture(scope="module")
def world():
    return make_world(7)


def test_the_same_seed_makes_the_same_world(world):
    assert make_world(7) == world
    assert make_world(8).follows != world.follows


def test_a_second_run_is_the_same_world_under_other_names(world):
    again = make_world(7, run=2)
    assert not {p.username for p in again.people} & {p.username for p in world.people}
    assert again.follows == world.follows
    assert [u.shot for u in again.uploads] == [u.shot for u in world.uploads]


def test_user_names_are_valid_and_unique_without_case(world):
    names = [person.username for person in make_world(7, run=123).people]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(1 <= len(name) <= 30 and all(c.isascii() and (c.isalnum() or c in "_.") for c in name) for name in names)


def test_only_the_celebrity_is_above_the_lowered_threshold(world):
    followers = {number: len(who) for number, who in world.followers.items()}
    assert followers.pop(CELEBRITY_NUMBER) > CELEBRITY_UP
    assert max(followers.values()) <= MOST_FOLLOWERS_OF_OTHERS < CELEBRITY_UP * 9 // 10


def test_the_graph_is_skewed(world):
    followers = sorted((len(who) for who in world.followers.values()), reverse=True)
    assert sum(followers[: len(followers) // 5]) > 0.4 * sum(followers)


def test_nobody_follows_themselves_and_everybody_is_asked_once(world):
    pairs = [(deed.who, deed.target) for deed in world.follows]
    assert len(set(pairs)) == len(pairs) == Size.follows
    assert all(who != whom for who, whom in pairs)


def test_every_request_to_a_private_person_is_accepted_by_that_person(world):
    asked = {(d.who, d.target) for d in world.follows if world.people[d.target].private}
    assert asked
    assert {(d.target, d.who) for d in world.acceptances} == asked


def test_the_plan_of_likes_is_what_remains_of_them(world):
    given = {(d.who, d.target) for d in world.reactions if d.kind == "like"}
    taken = {(d.who, d.target) for d in world.second_thoughts if d.kind == "unlike"}
    assert taken
    assert taken < given
    assert given - taken == {(who, upload) for upload, likers in world.likers.items() for who in likers}


def test_the_plan_of_followers_is_what_remains_of_them(world):
    given = {(d.who, d.target) for d in world.follows}
    taken = {(d.who, d.target) for d in world.second_thoughts if d.kind == "unfollow"}
    assert taken
    assert given - taken == {(who, whom) for whom, followers in world.followers.items() for who in followers}


def test_comments_have_hot_spots_and_numbers_of_their_own(world):
    said = [deed for deed in world.reactions if deed.kind == "comment"]
    assert sorted(said, key=lambda deed: deed.number) == list(world.comments)
    assert [deed.number for deed in world.comments] == list(range(len(world.comments)))
    on_each = Counter(deed.target for deed in said)
    assert on_each.most_common(1)[0][1] > 5 * len(said) / len(world.uploads)
    assert sum(world.comments_on(upload.number) for upload in world.uploads) == len(said)
    assert all(0 < len(deed.text) <= 2200 for deed in said)


def test_one_hashtag_and_one_place_take_off(world):
    third = len(world.uploads) // 3
    early, late = world.uploads[:third], world.uploads[-third:]
    assert 5 * sum(f"#{RISING_TAG}" in u.caption for u in early) < 2 * sum(f"#{RISING_TAG}" in u.caption for u in late)
    places = Counter(upload.place for upload in world.uploads if upload.place)
    assert places.most_common(1)[0][0] == RISING_PLACE
    authors = {upload.who for upload in world.uploads if f"#{RISING_TAG}" in upload.caption}
    assert len(authors) > 10


def test_each_watcher_follows_the_author_to_the_end(world):
    assert all(upload.watcher in world.followers[upload.who] for upload in world.uploads)
    assert not any(world.people[upload.who].private for upload in world.uploads)


def test_the_album_has_every_orientation_and_stays_between_three_and_thirteen_megapixels():
    album = plan_album(7, 30)
    assert {shot.orientation for shot in album} == set(range(1, 9))
    assert all(3_000_000 <= shot.width * shot.height <= 13_000_000 for shot in album)
    assert {shot.width > shot.height for shot in album} == {True, False}
    assert len({shot.file_name for shot in album}) == len(album)


def test_exif_says_where_and_when_with_which_camera():
    fields = exif_of(plan_album(7, 1)[0])
    assert fields["exif-ifd0-Make"]
    assert fields["exif-ifd2-DateTimeOriginal"].startswith("2026:")
    assert fields["exif-ifd3-GPSLatitudeRef"] == "N"
    degrees, minutes, seconds = (int(a) / int(b) for a, b in (f.split("/") for f in fields["exif-ifd3-GPSLatitude"].split()))
    assert 68 <= degrees + minutes / 60 + seconds / 3600 < 70


def test_a_small_world_can_be_made_too():
    small = make_world(3, size=Size(people=20, follows=90, uploads=12, shots=6, likes=60, comments=20, comment_likes=10))
    assert len(small.uploads) == 12
    assert len(small.comments) == 20


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([1.0, 2.0], 0.99) == 2.0
    assert percentile([], 0.5) == float("inf")


def test_a_promise_is_broken_by_its_99th_percentile_and_by_what_never_came():
    good = Watched("1", answered=0.1, visible=0.5, thumbnail=0.3, all_variants=0.9, by_celebrity=False)
    never = Watched("2", answered=0.1, visible=float("inf"), thumbnail=0.3, all_variants=0.9, by_celebrity=False)
    assert all(kept.held for kept in judge([good] * 50))
    broken = {kept.promise.name for kept in judge([good] * 50 + [never]) if not kept.held}
    assert broken == {"visible in a follower's feed"}
    assert len(PROMISES) == 4
