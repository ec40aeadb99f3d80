"""Specification of the agent `notices`."""

import pytest

from agents import notices
from schemas.events import NoticeKind
from tests.behaviours import clause
from tests.specs.builders import (
    ANN,
    BOB,
    CY,
    DAWN,
    Play,
    comment,
    commented,
    edited,
    erased,
    liked,
    photo,
    uncommented,
    unliked,
    uploaded,
    user,
)

SHOT = photo(ANN)
REMARK = comment(SHOT)


@pytest.fixture
def play():
    return Play(notices.fold)


def told(play):
    """Return what was said: kind, recipient (id or name), who did it, the comment, standing, and when first (ms after dawn)."""
    return [
        (
            n.kind.value,
            n.recipient_id or n.recipient_name,
            n.by_id,
            n.comment_id,
            n.standing,
            n.done_at - DAWN if n.done_at else None,
        )
        for n in play.events
    ]


@clause("17.1")
def test_a_like_of_a_photo_is_told_to_its_owner(play):
    play.given(uploaded(SHOT, ANN), liked(BOB, SHOT, at=7))
    assert told(play) == [("LIKE", ANN, BOB, None, True, 7)]
    assert play.events[0].photo_id == SHOT


@clause("17.1")
def test_a_like_of_a_comment_is_told_to_its_author_with_the_comment(play):
    play.given(uploaded(SHOT, ANN), commented(BOB, REMARK, SHOT), liked(CY, SHOT, REMARK, at=7))
    assert told(play)[-1] == ("LIKE", BOB, CY, REMARK, True, 7)


@clause("17.1")
def test_a_comment_is_told_to_the_owner_of_the_photo(play):
    play.given(uploaded(SHOT, ANN), commented(BOB, REMARK, SHOT, at=3))
    assert told(play) == [("COMMENT", ANN, BOB, REMARK, True, 3)]


@clause("17.1")
def test_a_mention_is_told_to_a_name_as_names_are_compared(play):
    play.given(uploaded(SHOT, ANN, caption="with @Bob and @bob.", at=1), commented(BOB, REMARK, SHOT, "@CY look", at=2))
    assert told(play)[0] == ("MENTION", "bob", ANN, None, True, 1)
    assert told(play)[2] == ("MENTION", "cy", BOB, REMARK, True, 2)


def test_what_is_no_user_name_is_no_mention(play):
    play.given(uploaded(SHOT, ANN, caption="a@b.example, @ nobody, @" + "x" * 31 + ", https://pics.example/@dee"))
    assert told(play) == []


def test_no_more_than_thirty_people_are_told_of_one_text(play):
    play.given(uploaded(SHOT, ANN, caption=" ".join(f"@n{number}" for number in range(31))))
    assert [who for _, who, *_ in told(play)] == [f"n{number}" for number in range(30)]


@clause("3.2")
def test_nobody_is_told_of_their_own_deeds(play):
    play.given(liked(ANN, SHOT), uploaded(SHOT, ANN), liked(ANN, SHOT), commented(ANN, REMARK, SHOT))
    play.given(liked(ANN, SHOT, REMARK))
    assert told(play) == []


@clause("2.3", "2.4")
def test_an_unlike_takes_back_and_the_first_like_of_a_batch_says_when(play):
    play.given(uploaded(SHOT, ANN), liked(BOB, SHOT, at=1), unliked(BOB, SHOT, at=2), liked(BOB, SHOT, at=3))
    play.given(unliked(BOB, SHOT, at=4))
    assert told(play) == [("LIKE", ANN, BOB, None, True, 1), ("LIKE", ANN, BOB, None, False, None)]


def test_a_clock_that_runs_ahead_says_no_later_than_the_log(play):
    play.given(uploaded(SHOT, ANN))
    batch = play.batch("likes", [liked(BOB, SHOT, at=5_000)])
    batch.columns.replace_column(batch.columns.get_column_index("appended_at"), batch.columns["appended_at"] - 4_000)
    [said] = notices.fold(batch, play.state).events
    assert said.event.done_at == DAWN + 1_000


@clause("5.1")
def test_what_comes_before_its_photo_is_told_when_that_comes_with_its_own_time(play):
    play.given(liked(BOB, SHOT, at=1), commented(CY, REMARK, SHOT, at=2))
    assert told(play) == []
    play.given(unliked(BOB, SHOT, at=3)).given(uploaded(SHOT, ANN)).given(liked(BOB, SHOT, at=4))
    assert told(play) == [
        ("LIKE", ANN, BOB, None, False, 1),
        ("COMMENT", ANN, CY, REMARK, True, 2),
        ("LIKE", ANN, BOB, None, True, 4),
    ]


@clause("5.1")
def test_a_like_that_comes_before_its_comment_is_told_when_that_comes(play):
    play.given(uploaded(SHOT, ANN), liked(CY, SHOT, REMARK, at=1), liked(BOB, SHOT, REMARK, at=1))
    play.given(commented(BOB, REMARK, SHOT, at=2))
    assert told(play) == [("COMMENT", ANN, BOB, REMARK, True, 2), ("LIKE", BOB, CY, REMARK, True, 1)]


def test_a_photo_that_is_said_again_says_what_is_so_of_what_waited_for_it(play):
    play.given(liked(BOB, SHOT, at=1), uploaded(SHOT, ANN, caption="@cy"), unliked(BOB, SHOT, at=2))
    play.events.clear()
    play.given(uploaded(SHOT, ANN, caption="@dee", at=9))
    assert told(play) == [("MENTION", "cy", ANN, None, True, 0), ("LIKE", ANN, BOB, None, False, 1)]


@clause("8.3")
def test_a_deleted_comment_takes_back_that_it_was_added_and_whom_it_mentions(play):
    play.given(uploaded(SHOT, ANN), commented(BOB, REMARK, SHOT, "@cy", at=1), uncommented(ANN, REMARK, SHOT, at=2))
    assert told(play)[2:] == [("COMMENT", ANN, BOB, REMARK, False, 1), ("MENTION", "cy", BOB, REMARK, False, 1)]


def test_a_comment_that_was_deleted_before_it_was_added_is_never_told(play):
    play.given(uploaded(SHOT, ANN), uncommented(BOB, REMARK, SHOT), commented(BOB, REMARK, SHOT, "@cy"))
    play.given(liked(CY, SHOT, REMARK))
    assert told(play) == []


@clause("16.1")
def test_an_edit_and_a_deletion_of_a_photo_tell_nobody(play):
    play.given(uploaded(SHOT, ANN), edited(SHOT, ANN, caption="@bob"), erased(SHOT, ANN))
    assert told(play) == []


def test_what_is_refused_as_nonsense_concerns_nobody(play):
    elsewhere = comment(photo(user("nobody")))
    play.given(uploaded(SHOT, BOB, caption="@cy"), uploaded(SHOT, ANN), commented(CY, REMARK, SHOT, "  "))
    play.given(commented(CY, comment(SHOT, 60_001), SHOT, "@dee"), commented(CY, elsewhere, SHOT, "@dee"))
    play.given(uncommented(CY, elsewhere, SHOT), commented(BOB, REMARK, SHOT, at=1))
    assert told(play) == [("COMMENT", ANN, BOB, REMARK, True, 1)]


def test_kinds_that_are_unknown_are_left_out(play):
    play.given(uploaded(SHOT, ANN), liked(BOB, SHOT, kind="UNKNOWN"))
    assert play.events == [] and play.refused == []
    assert NoticeKind.UNKNOWN not in {NoticeKind(kind) for kind, *_ in told(play)}
