"""Specification of the agent `likes`."""

import pytest

from agents import likes
from tests.specs.builders import ANN, BOB, CY, Play, comment, liked, photo, unliked

SHOT = photo(ANN)


@pytest.fixture
def play():
    return Play(likes.fold)


def test_two_people_like_a_photo(play):
    play.given(liked(BOB, SHOT), liked(CY, SHOT))
    assert play.count("likes", SHOT) == 2


def test_liking_twice_counts_once(play):
    play.given(liked(BOB, SHOT), liked(BOB, SHOT)).given(liked(BOB, SHOT))
    assert play.count("likes", SHOT) == 1


def test_unliking_without_a_like_counts_nothing(play):
    play.given(unliked(BOB, SHOT))
    assert play.count("likes", SHOT) == 0


def test_unlike_takes_the_like_back(play):
    play.given(liked(BOB, SHOT), liked(CY, SHOT)).given(unliked(BOB, SHOT))
    assert play.count("likes", SHOT) == 1


def test_the_last_word_within_a_batch_stands(play):
    play.given(liked(BOB, SHOT), unliked(BOB, SHOT), liked(CY, SHOT), unliked(CY, SHOT), liked(CY, SHOT))
    assert play.count("likes", SHOT) == 1


def test_a_self_like_counts(play):
    play.given(liked(ANN, SHOT))
    assert play.count("likes", SHOT) == 1


def test_likes_of_comments_are_not_likes_of_the_photo(play):
    play.given(liked(BOB, SHOT, comment(SHOT)))
    assert play.row("counters", "likes", SHOT) is None


def test_one_row_for_each_photo_that_a_batch_touches(play):
    changes = play.when(liked(BOB, SHOT), liked(CY, SHOT), liked(BOB, photo(ANN, 2)))
    assert sorted(row.entity_id for row in changes.rows["counters"]) == sorted([SHOT, photo(ANN, 2)])


def test_an_unknown_kind_is_refused_with_what_was_wanted(play):
    changes = play.when(liked(BOB, SHOT), liked(CY, SHOT, kind="UNKNOWN"))
    assert [(r.offset, r.reason) for r in changes.refused] == [(1, "kind 'UNKNOWN': wanted LIKED or UNLIKED")]
    assert play.count("likes", SHOT) == 1


def test_flush_tells_each_changed_count_once(play):
    play.given(liked(BOB, SHOT)).given(liked(CY, SHOT))
    flush = likes.agent().flush
    assert [tuple(row) for row in flush(play.state).rows["counter_rows"]] == [("likes", SHOT, 2)]
    assert list(flush(play.state).rows["counter_rows"]) == []
    play.given(unliked(CY, SHOT))
    assert [tuple(row) for row in flush(play.state).rows["counter_rows"]] == [("likes", SHOT, 1)]


def test_flush_tells_everything_that_waits(play):
    play.given(*(liked(BOB, photo(ANN, number)) for number in range(2_500)))
    rows = list(likes.agent().flush(play.state).rows["counter_rows"])
    assert [row.entity_id for row in rows] == [photo(ANN, number) for number in range(2_500)]
