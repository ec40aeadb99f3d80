"""Specification of the agent `likers`."""

import pytest

from agents import likers
from projections.rows import LikeRow
from tests.behaviours import clause
from tests.specs.builders import ANN, BOB, CY, DAWN, Play, comment, liked, photo, present, unliked

SHOT = photo(ANN)
REMARK = comment(SHOT)


@pytest.fixture
def play():
    return Play(likers.fold)


def test_a_like_stands_with_its_time_and_its_place_in_the_order(play):
    play.given(liked(ANN, SHOT), liked(BOB, SHOT, at=7))
    assert play.row("likes", SHOT, BOB) == LikeRow(SHOT, BOB, True, liked_at=DAWN + 7, order=1)


def test_both_projections_get_the_same_rows(play):
    changes = play.when(liked(BOB, SHOT))
    assert changes.rows["likes"] == changes.rows["liked"] != []


def test_a_repeated_like_keeps_its_first_place(play):
    play.given(liked(BOB, SHOT, at=1), liked(BOB, SHOT, at=2)).given(liked(BOB, SHOT, at=3))
    assert play.row("likes", SHOT, BOB).order == 0


def test_a_like_after_an_unlike_has_a_new_place(play):
    play.given(liked(BOB, SHOT, at=1)).given(unliked(BOB, SHOT, at=2), liked(BOB, SHOT, at=3), liked(BOB, SHOT, at=4))
    assert play.row("likes", SHOT, BOB) == LikeRow(SHOT, BOB, True, liked_at=DAWN + 3, order=2)


def test_an_unlike_removes_the_row(play):
    changes = play.given(liked(BOB, SHOT)).when(unliked(BOB, SHOT))
    assert [row.liked for row in changes.rows["likes"]] == [False]
    assert play.row("likes", SHOT, BOB) is None


def test_what_did_not_change_is_said_all_the_same(play):
    """The store may hold what a worker wrote before it died, and this is the only correction that it gets."""
    assert play.when(unliked(BOB, SHOT)).rows["likes"] == [LikeRow(SHOT, BOB, False, 0, 0)]
    first = play.when(liked(BOB, SHOT, at=1)).rows["likes"]
    assert play.when(liked(BOB, SHOT, at=2)).rows["likes"] == first


def test_a_comment_is_a_target_of_its_own(play):
    play.given(liked(BOB, SHOT, REMARK), liked(BOB, SHOT)).given(unliked(BOB, SHOT))
    assert play.row("likes", REMARK, BOB) is not None
    assert play.row("likes", SHOT, BOB) is None


@clause("14.5")
def test_the_likes_of_who_is_away_come_back_with_their_time_and_their_place_in_the_order(play):
    play.given(liked(ANN, SHOT), liked(BOB, SHOT, at=7), present(BOB, "AWAY"))
    assert play.row("likes", SHOT, BOB) is None
    play.given(liked(CY, SHOT), present(BOB, "HERE"))
    assert play.row("likes", SHOT, BOB) == LikeRow(SHOT, BOB, True, liked_at=DAWN + 7, order=1)


def test_a_like_by_who_is_away_is_kept_and_stands_when_they_are_back(play):
    play.given(present(BOB, "AWAY"), liked(BOB, SHOT, at=1))
    assert play.row("likes", SHOT, BOB) is None
    play.given(liked(BOB, SHOT, at=2), present(BOB, "HERE"))
    assert play.row("likes", SHOT, BOB).liked_at == DAWN + 1


@clause("14.1")
def test_of_who_is_gone_nothing_is_listed_and_nothing_is_kept(play):
    play.given(liked(BOB, SHOT), liked(BOB, SHOT, REMARK), liked(CY, SHOT), present(BOB, "GONE"))
    assert sorted(play.tables["likes"]) == sorted(play.tables["liked"]) == [(SHOT, CY)]
    assert len(list(play.state.scan(likers.MEMBER))) == 1


def test_a_like_of_who_is_gone_that_is_read_later_is_removed_and_not_kept(play):
    """A worker that died before it heard that the person is gone may have written this like."""
    changes = play.given(present(BOB, "GONE")).when(liked(BOB, SHOT))
    assert changes.rows["likes"] == [LikeRow(SHOT, BOB, False, 0, 0)]
    assert list(play.state.scan(likers.MEMBER)) == []


def test_both_projections_are_told_of_who_leaves(play):
    changes = play.given(liked(BOB, SHOT), liked(BOB, SHOT, REMARK)).when(present(BOB, "AWAY"))
    assert changes.rows["likes"] == changes.rows["liked"]
    assert [row.target_id for row in changes.rows["liked"]] == sorted([SHOT, REMARK])
