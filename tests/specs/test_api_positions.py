"""Specification of positions, and of the walk that says when projections have passed one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest

from api.positions import (
    NOWHERE,
    Snapshot,
    Unreadable,
    Walk,
    complete_until,
    format_position,
    merge_into,
    read_position,
    seen_position,
    without_passed,
)

NOTHING: Mapping = MappingProxyType({})
DERIVED = frozenset({"followers", "followings", "audience", "barriers"})


class Said(NamedTuple):
    """What one agent published."""

    agent: str
    partition: int
    sources: dict
    complete_until: Mapping = NOTHING
    emitted: Mapping = NOTHING


def seen(*said):
    return Snapshot({(each.agent, each.partition): each for each in said}, DERIVED)


def test_a_position_reads_as_it_was_written():
    position = {("likes", 3): 1043, ("photos", 1): 17}
    assert format_position(position) == "likes.3.1043~photos.1.17"
    assert read_position("likes.3.1043~photos.1.17") == position


def test_several_positions_in_one_header_keep_the_furthest_of_each_place():
    assert read_position("likes.3.10~photos.1.17, likes.3.12") == {("likes", 3): 12, ("photos", 1): 17}


def test_a_position_of_nowhere_waits_for_nothing():
    assert format_position({}) == NOWHERE
    assert read_position(NOWHERE) == {}


@pytest.mark.parametrize("text", ["", "likes", "likes.3", "likes.3.x", "likes.-1.4", "LIKES.1.2", "likes.١.2", "a.1.2~~b.1.2"])
def test_what_is_no_position_is_told(text):
    with pytest.raises(Unreadable):
        read_position(text)


def test_merging_never_goes_back():
    assert merge_into({("likes", 1): 9}, {("likes", 1): 4, ("likes", 2): 1}) == {("likes", 1): 9, ("likes", 2): 1}


def test_a_projection_passes_when_its_writer_has_read_that_far():
    walk = Walk({("likes", 3): 10}, ["likes"])
    assert not walk.passed(seen(Said("likes", 3, {"likes": 9})))
    assert walk.passed(seen(Said("likes", 3, {"likes": 10})))


def test_another_partition_or_topic_does_not_hold_anybody_up():
    assert Walk({("comments", 3): 10}, ["likes"]).passed(seen(Said("likes", 3, {"likes": 0})))
    assert not Walk({("likes", 4): 10}, ["likes"]).passed(seen(Said("likes", 3, {"likes": 50})))


def test_a_writer_that_was_never_heard_of_has_passed_nothing():
    assert not Walk({("likes", 3): 1}, ["likes", "likers"]).passed(seen(Said("likes", 3, {"likes": 5})))


def follow_chain(relations=10, follows=0, viewers=0, emitted=(7, 4)):
    """The way of a follow: relations[0] -> followers[2] -> followings[5]."""
    return seen(
        Said("relations", 0, {"relations": relations}, emitted={"followers": {2: emitted[0]}}),
        Said("follows", 2, {"followers": follows, "accounts": 0}, emitted={"followings": {5: emitted[1]}}),
        Said("viewers", 5, {"followings": viewers, "barriers": 0}),
    )


def test_the_walk_goes_through_what_agents_before_emitted():
    walk = Walk({("relations", 0): 10}, ["viewers"])
    assert not walk.passed(follow_chain(relations=9, follows=7, viewers=4))
    assert not walk.passed(follow_chain(follows=6, viewers=4))
    assert not walk.passed(follow_chain(follows=7, viewers=3))
    assert walk.passed(follow_chain(follows=7, viewers=4))


def test_one_snapshot_may_pay_the_whole_chain():
    assert Walk({("relations", 0): 10}, ["viewers"]).passed(follow_chain(follows=7, viewers=4))


def test_a_busy_log_does_not_move_the_goal():
    walk = Walk({("relations", 0): 10}, ["viewers"])
    assert not walk.passed(follow_chain(relations=10, follows=0, emitted=(7, 0)))
    # Meanwhile relations went on to emit more, of which this position knows nothing.
    assert walk.passed(follow_chain(relations=99, follows=7, viewers=4, emitted=(90, 4)))


def test_an_effect_that_appends_to_a_topic_of_the_edge_is_not_waited_for():
    snapshot = seen(
        Said("photos", 1, {"photos": 20}),
        Said("resize", 1, {"photos": 3}, emitted={"photos": {1: 90}}),
    )
    assert Walk({("photos", 1): 20}, ["photos"]).passed(snapshot)


def test_places_that_everybody_has_passed_are_left_out():
    snapshot = seen(Said("likes", 1, {"likes": 10}), Said("likers", 1, {"likes": 4}))
    position = {("likes", 1): 4, ("likes", 2): 1}
    snapshot = seen(*snapshot.progress.values(), Said("likes", 2, {"likes": 0}), Said("likers", 2, {"likes": 5}))
    assert without_passed(position, snapshot, ["likes", "likers"]) == {("likes", 2): 1}


def test_what_was_seen_names_topics_of_the_edge_only():
    assert seen_position(follow_chain(), ["viewers"]) == {("relations", 0): 10}


def test_an_answer_is_complete_up_to_the_slowest_of_those_who_make_it():
    snapshot = seen(Said("likes", 1, {"likes": 1}, {"likes": 500}), Said("likers", 1, {"likes": 1}, {"likes": 300}))
    assert complete_until(snapshot, ["likes"]) == 500
    assert complete_until(snapshot, ["likes", "likers"]) == 300
    assert complete_until(snapshot, ["likes", "photos"]) is None
