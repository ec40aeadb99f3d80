"""The boards: fifty terms, the best first, each as it has faded by the board's window."""

import pytest

from agents.trend_rank import MOST_RANKS
from tests.specs.trends_made import DAY, HOUR, NOON, WINDOW, Boards, a_score


def test_terms_are_ranked_by_what_is_left_of_their_scores():
    boards = Boards().given(a_score("low", 2), a_score("high", 9), a_score("middle", 5))
    assert [(row.rank, row.term) for row in boards.newest()] == [(1, "high"), (2, "middle"), (3, "low")]
    assert boards.newest()[0].score == 9


def test_a_fresh_peak_passes_an_older_one_of_twice_its_height_after_a_half_life():
    fresh = a_score("fresh", 4, at=2 * HOUR + WINDOW)
    assert Boards().given(a_score("old", 8), fresh).terms() == ["fresh", "old"]
    assert Boards().given(a_score("old", 8), a_score("fresh", 4, at=2 * HOUR - WINDOW)).terms() == ["old", "fresh"]


def test_scores_are_shown_as_faded_by_the_window_of_the_board():
    boards = Boards().given(a_score("old", 8), a_score("new", 1, at=4 * HOUR))
    assert {row.term: row.score for row in boards.newest()} == {"old": pytest.approx(2.0), "new": 1.0}
    assert {row.window_start for row in boards.newest()} == {NOON + 4 * HOUR}


def test_terms_of_equal_standing_are_ranked_by_their_text():
    """Kills: leaving ties to the order of arrival, so that a rebuild would rank them otherwise."""
    forwards = Boards().given(*(a_score(term, 3) for term in "abcd")).terms()
    backwards = Boards().given(*(a_score(term, 3) for term in "dcba")).terms()
    assert forwards == backwards == list("abcd")


def test_a_board_holds_fifty_and_the_next_one_moves_up_when_one_is_taken_back():
    boards = Boards().given(*(a_score(f"t{number:02}", 100 - number) for number in range(60)))
    assert boards.terms() == [f"t{number:02}" for number in range(MOST_RANKS)]
    boards.given(a_score("t07", 0))
    assert boards.terms() == [f"t{number:02}" for number in range(MOST_RANKS + 1) if number != 7]
    assert [row.rank for row in boards.newest()] == list(range(1, MOST_RANKS + 1))


def test_a_score_that_is_said_again_replaces_the_one_before():
    boards = Boards().given(a_score("dawn", 9), a_score("dusk", 5), a_score("dawn", 3))
    assert boards.terms() == ["dusk", "dawn"]
    assert len([key for key in boards.state.items if key.endswith(b"dawn")]) == 3


def test_without_a_score_a_term_does_not_rank():
    assert Boards().given(a_score("dawn", 0)).terms() == []


def test_a_board_is_written_whole_once_a_batch_for_its_newest_window():
    rows = Boards().fed([a_score("a", 1), a_score("b", 2), a_score("c", 3, at=-WINDOW)]).rows["trends"]
    assert [(row.board, row.window_start, len(row.ranks)) for row in rows] == [("HASHTAGS", NOON, 3)]


def test_the_boards_of_all_windows_are_the_same_however_the_log_is_cut_into_batches():
    """Kills: writing only the board of a batch's last window; a rebuild, with its large batches, would miss the others."""
    said = [a_score(f"t{number % 7}", number % 5, at=number // 4 * WINDOW) for number in range(40)]
    one_by_one, all_at_once = Boards().given(*said, batch_of=1).boards, Boards().given(*said).boards
    assert one_by_one == all_at_once
    assert len(all_at_once) == 10


def test_a_late_score_is_ranked_on_the_newest_board_and_not_on_its_own():
    boards = Boards().given(a_score("new", 1, at=HOUR), a_score("late", 50))
    assert boards.terms() == ["late", "new"]
    assert max(boards.boards) == ("HASHTAGS", NOON + HOUR)


def test_a_retraction_long_after_the_peak_is_written_in_the_window_of_the_retraction():
    boards = Boards().given(a_score("dawn", 9), a_score("dusk", 3), a_score("dawn", 0, seen_at=3 * HOUR))
    assert boards.boards["HASHTAGS", NOON + 3 * HOUR].ranks[0].term == "dusk"


def test_the_two_boards_do_not_mix():
    boards = Boards().given(a_score("dawn", 9), a_score("paris", 3, board="PLACES", at=HOUR))
    assert (boards.terms(), boards.terms("PLACES")) == (["dawn"], ["paris"])
    assert boards.newest()[0].window_start == NOON


def test_terms_whose_peak_is_more_than_a_week_ago_are_forgotten():
    boards = Boards().given(a_score("old", 1e9), a_score("new", 1, at=7 * DAY + WINDOW))
    assert boards.terms() == ["new"]
    assert not [key for key in boards.state.items if b"old" in key]


def test_a_clock_ahead_moves_no_board_past_what_the_log_knows():
    """Kills: taking occurred_at as it is, after which all other boards would lie in the past for ever."""
    boards = Boards().given(a_score("dawn", 3, seen_at=300 * DAY), appended_at=NOON + WINDOW)
    assert max(boards.boards) == ("HASHTAGS", NOON + WINDOW)


def test_an_unknown_board_is_refused():
    assert "board UNKNOWN" in Boards().given(a_score("dawn", 3, board="UNKNOWN")).refused[0]
