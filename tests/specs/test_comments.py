"""Specification of the agent `comments`."""

import pytest

from agents import comments
from projections.rows import CommentRow, SubmissionRow
from schemas.ids import compose_id, shard_of
from schemas.submissions import KEPT_MS
from tests.behaviours import clause
from tests.specs.builders import (
    ANN,
    BOB,
    CY,
    DAWN,
    SHARDS,
    Play,
    comment,
    commented,
    liked,
    photo,
    present,
    uncommented,
    unliked,
)

SHOT = photo(ANN)
REMARK = comment(SHOT)
AGAIN = comment(SHOT, 2)
TOMBSTONE = CommentRow(REMARK, SHOT, 0, None, likes=0, deleted=True)
ONCE, TWICE = "a" * 32, "b" * 32


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


@clause("14.5")
def test_the_comment_of_who_is_away_stays_and_is_not_counted_until_they_are_back(play):
    play.given(commented(BOB, REMARK, SHOT), commented(CY, AGAIN, SHOT), present(BOB, "AWAY"))
    assert play.count("comments", SHOT) == 1
    assert play.row("comments", REMARK).text == "Nice!"
    play.given(present(BOB, "HERE"))
    assert play.count("comments", SHOT) == 2


def test_what_who_is_away_says_and_deletes_counts_when_they_are_back(play):
    play.given(commented(BOB, REMARK, SHOT), present(BOB, "AWAY"), commented(BOB, AGAIN, SHOT))
    assert play.count("comments", SHOT) == 0
    play.given(uncommented(ANN, REMARK, SHOT))
    assert play.count("comments", SHOT) == 0
    play.given(present(BOB, "HERE"))
    assert play.count("comments", SHOT) == 1


@clause("14.1", "14.2")
def test_of_who_is_gone_each_comment_is_a_tombstone_without_an_author(play):
    play.given(commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK), commented(CY, AGAIN, SHOT), present(BOB, "GONE"))
    assert play.row("comments", REMARK) == TOMBSTONE
    assert play.count("comments", SHOT) == 1


def test_of_who_hid_before_they_were_gone_nothing_is_taken_off_twice(play):
    play.given(commented(BOB, REMARK, SHOT), commented(CY, AGAIN, SHOT), present(BOB, "AWAY"), present(BOB, "GONE"))
    assert play.count("comments", SHOT) == 1


@clause("14.1")
def test_what_was_deleted_before_its_author_went_names_them_no_more(play):
    play.given(commented(BOB, REMARK, SHOT), uncommented(ANN, REMARK, SHOT), present(BOB, "GONE"))
    assert play.row("comments", REMARK) == TOMBSTONE


@clause("14.6")
def test_a_comment_of_who_is_gone_that_is_read_later_is_a_tombstone(play):
    play.given(present(BOB, "GONE"), commented(BOB, REMARK, SHOT), commented(BOB, REMARK, SHOT))
    assert play.row("comments", REMARK) == TOMBSTONE
    assert (play.count("comments", SHOT), play.refused) == (0, [])


def test_the_likes_of_a_comment_are_of_people_who_are_here(play):
    play.given(commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK), liked(ANN, SHOT, REMARK), present(CY, "AWAY"))
    assert play.row("comments", REMARK).likes == 1
    play.given(unliked(CY, SHOT, REMARK), liked(CY, SHOT, REMARK), present(CY, "HERE"))
    assert play.row("comments", REMARK).likes == 2


def test_likes_of_who_is_gone_are_dropped_though_they_are_read_later(play):
    play.given(commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK), present(CY, "GONE"), liked(CY, SHOT, REMARK))
    assert play.row("comments", REMARK).likes == 0
    assert list(play.state.scan(comments.LIKER)) == []


@clause("4.4")
def test_a_second_comment_of_one_submission_has_no_effect_and_is_no_dead_letter(play):
    play.given(commented(BOB, REMARK, SHOT, submission=ONCE)).given(commented(BOB, AGAIN, SHOT, submission=ONCE))
    assert play.row("comments", AGAIN) is None
    assert (play.count("comments", SHOT), play.refused) == (1, [])
    assert play.row("submissions", BOB, ONCE) == SubmissionRow(BOB, ONCE, REMARK, True)


def test_submissions_are_of_one_person_and_stand_for_a_day(play):
    tomorrow = comment(SHOT, KEPT_MS + 1)
    play.given(commented(BOB, REMARK, SHOT, submission=ONCE), commented(CY, AGAIN, SHOT, submission=ONCE))
    play.given(commented(BOB, comment(SHOT, 3), SHOT, submission=TWICE))
    play.given(commented(BOB, tomorrow, SHOT, at=KEPT_MS + 1, submission=ONCE))
    assert play.count("comments", SHOT) == 4
    assert play.row("submissions", BOB, ONCE).target_id == tomorrow


def test_a_comment_that_was_deleted_is_not_made_again_by_a_late_repeat(play):
    play.given(commented(BOB, REMARK, SHOT, submission=ONCE), uncommented(BOB, REMARK, SHOT))
    play.given(commented(BOB, AGAIN, SHOT, submission=ONCE))
    assert play.count("comments", SHOT) == 0
    assert play.row("submissions", BOB, ONCE).target_id == REMARK


@clause("14.1", "14.6")
def test_of_who_is_gone_no_submission_is_told_also_of_those_read_later(play):
    play.given(commented(BOB, REMARK, SHOT, submission=ONCE), present(BOB, "GONE"))
    assert play.row("submissions", BOB, ONCE) is None
    changes = play.when(commented(BOB, AGAIN, SHOT, submission=TWICE), commented(BOB, comment(SHOT, 3), SHOT, submission=TWICE))
    assert changes.rows["submissions"] == [SubmissionRow(BOB, TWICE, AGAIN, False)]
    assert list(comments.agent().reprint(play.state, "submissions")) == []


def test_a_submission_that_is_no_hash_is_refused(play):
    (refused,) = play.when(commented(BOB, REMARK, SHOT, submission="\0")).refused
    assert refused.reason == f"comment {REMARK}, field submission: wanted 32 hex digits"
