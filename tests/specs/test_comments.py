"""Specification of the agent `comments`."""

import pytest

from agents import comments
from projections.rows import CommentRow
from schemas.ids import compose_id, shard_of
from tests.specs.builders import ANN, BOB, CY, DAWN, SHARDS, Play, comment, commented, liked, photo, uncommented, unliked

SHOT = photo(ANN)
REMARK = comment(SHOT)


@pytest.fixture
def play():
    return Play(comments.fold)


def test_a_comment_stands_and_counts(play):
    play.given(commented(BOB, REMARK, SHOT, "Nice!"))
    assert play.row("comments", REMARK) == CommentRow(REMARK, SHOT, BOB, "Nice!", likes=0, deleted=False)
    assert play.count("comments", SHOT) == 1


def test_adding_it_again_changes_nothing(play):
    play.given(commented(BOB, REMARK, SHOT), commented(BOB, REMARK, SHOT, "Changed"))
    assert play.row("comments", REMARK).text == "Nice!"
    assert play.count("comments", SHOT) == 1


def test_its_likes_are_a_set_of_people(play):
    play.given(commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK), liked(CY, SHOT, REMARK), liked(ANN, SHOT, REMARK))
    play.given(liked(CY, SHOT, REMARK), unliked(ANN, SHOT, REMARK), unliked(BOB, SHOT, REMARK))
    assert play.row("comments", REMARK).likes == 1


def test_likes_that_come_before_the_comment_are_kept_for_it(play):
    play.given(liked(CY, SHOT, REMARK))
    assert play.row("comments", REMARK) is None
    play.given(commented(BOB, REMARK, SHOT))
    assert play.row("comments", REMARK).likes == 1


def test_likes_of_the_photo_are_not_likes_of_a_comment(play):
    play.given(commented(BOB, REMARK, SHOT), liked(CY, SHOT))
    assert play.row("comments", REMARK).likes == 0


@pytest.mark.parametrize("who", [ANN, BOB])
def test_its_author_or_the_owner_of_the_photo_deletes_it(play, who):
    play.given(commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK), uncommented(who, REMARK, SHOT))
    assert play.row("comments", REMARK) == CommentRow(REMARK, SHOT, BOB, None, likes=0, deleted=True)
    assert play.count("comments", SHOT) == 0


def test_deleting_it_twice_counts_once(play):
    other = comment(SHOT, 2)
    play.given(commented(BOB, REMARK, SHOT), commented(BOB, other, SHOT))
    play.given(uncommented(BOB, REMARK, SHOT), uncommented(BOB, REMARK, SHOT))
    assert play.count("comments", SHOT) == 1


def test_a_tombstone_wins_over_a_comment_and_likes_that_come_later(play):
    play.given(uncommented(BOB, REMARK, SHOT), commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK))
    row = play.row("comments", REMARK)
    assert (row.text, row.likes, row.deleted) == (None, 0, True)
    assert play.count("comments", SHOT) == 0


def test_a_comment_in_another_shard_than_its_photo_is_refused(play):
    elsewhere = compose_id(DAWN, (shard_of(SHOT) + 1) % SHARDS, 2)
    (refused,) = play.when(commented(BOB, elsewhere, SHOT)).refused
    assert refused.reason == f"comment {elsewhere} is not in the shard of its photo {SHOT}"


def test_a_comment_from_the_future_is_refused(play):
    ahead = comment(SHOT, 60_001)
    (refused,) = play.when(commented(BOB, ahead, SHOT)).refused
    assert refused.reason == f"comment {ahead} was minted 60001 ms after it reached the log; at most 60000 ms pass"
    assert play.row("comments", ahead) is None


def test_the_comment_of_one_photo_is_not_deleted_under_another(play):
    other = photo(ANN, 2)
    play.given(commented(BOB, REMARK, SHOT))
    (refused,) = play.when(uncommented(BOB, REMARK, other)).refused
    assert refused.reason == f"comment {REMARK} is of photo {SHOT}, not of {other}"
    assert play.count("comments", SHOT) == 1


def test_a_comment_of_another_author_under_the_same_id_is_refused(play):
    play.given(commented(BOB, REMARK, SHOT))
    (refused,) = play.when(commented(CY, REMARK, SHOT)).refused
    assert refused.reason == f"comment {REMARK} was already added by {BOB}"


def test_a_blank_comment_is_refused(play):
    (refused,) = play.when(commented(BOB, REMARK, SHOT, "  ")).refused
    assert refused.reason == f"comment {REMARK}, field text: must not be blank"
    assert play.row("comments", REMARK) is None
