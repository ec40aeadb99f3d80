"""Specification of the agent `likes`."""

import pytest

from agents import likes
from agents.printing import CHUNK
from tests.behaviours import clause
from tests.specs.builders import ANN, BOB, CY, Play, comment, liked, photo, present, unliked

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


@clause("14.5")
def test_who_is_away_is_not_counted_until_they_are_back(play):
    play.given(liked(BOB, SHOT), liked(CY, SHOT), present(BOB, "AWAY"))
    assert play.count("likes", SHOT) == 1
    play.given(present(BOB, "HERE"))
    assert play.count("likes", SHOT) == 2


def test_what_is_said_of_who_is_away_counts_when_they_are_back(play):
    play.given(liked(BOB, SHOT), present(BOB, "AWAY"), unliked(BOB, SHOT), liked(BOB, photo(ANN, 2)))
    assert (play.count("likes", SHOT), play.count("likes", photo(ANN, 2))) == (0, 0)
    play.given(present(BOB, "HERE"))
    assert (play.count("likes", SHOT), play.count("likes", photo(ANN, 2))) == (0, 1)


@clause("14.2")
def test_who_is_gone_is_counted_no_more_and_only_their_likes_are_taken_off(play):
    play.given(liked(BOB, SHOT), liked(CY, SHOT), liked(CY, photo(ANN, 2)), present(BOB, "GONE"))
    assert (play.count("likes", SHOT), play.count("likes", photo(ANN, 2))) == (1, 1)


def test_nothing_is_kept_of_what_who_is_gone_liked(play):
    play.given(liked(BOB, SHOT), present(BOB, "AWAY"), present(BOB, "GONE"), liked(BOB, photo(ANN, 2)))
    assert list(play.state.scan(likes.MEMBER)) == []


@clause("14.6")
def test_a_like_of_who_is_gone_that_is_read_later_does_not_count(play):
    play.given(present(BOB, "GONE"), liked(BOB, SHOT), present(BOB, "HERE"))
    assert play.count("likes", SHOT) == 0


def test_a_dropped_like_is_told_all_the_same(play):
    """A worker that died before it heard that the person is gone may have written the count with this like."""
    changes = play.given(present(BOB, "GONE")).when(liked(BOB, SHOT))
    assert [(row.entity_id, row.value) for row in changes.rows["counters"]] == [(SHOT, 0)]


def test_a_person_who_likes_very_much_hides_and_comes_back_whole(play):
    shots = [photo(ANN, number) for number in range(CHUNK + 2)]
    play.given(*(liked(BOB, shot) for shot in shots), batch_of=2_000)
    for presence, expected in (("AWAY", 0), ("HERE", 1), ("GONE", 0)):
        changes = play.when(present(BOB, presence))
        assert {row.entity_id for row in changes.rows["counters"]} == set(shots)
        assert {play.count("likes", shot) for shot in shots} == {expected}


def test_the_count_of_who_left_waits_for_the_flush_as_any_other(play):
    play.given(liked(BOB, SHOT))
    play.keep(likes.agent().flush(play.state))
    play.given(present(BOB, "GONE"))
    assert [tuple(row) for row in likes.agent().flush(play.state).rows["counter_rows"]] == [("likes", SHOT, 0)]
