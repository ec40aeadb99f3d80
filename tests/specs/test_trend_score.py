"""How unusual the use of a term is, counted in people, windows and a week."""

from math import log

import pytest

from agents.rules import Rules
from agents.trending import FLOOR, HALF_LIFE_MS, decayed
from schemas.ids import compose_id
from tests.behaviours import clause
from tests.specs.trends_made import DAY, HOUR, MINUTE, NOON, WINDOW, Scores, crowd, mention, unmention


def test_a_new_term_scores_by_its_people_against_the_floor():
    score = Scores().given(*crowd("dawn", 4)).last["dawn"]
    assert (score.people, score.observed, score.expected) == (4, 4.0, FLOOR)
    assert score.novelty == pytest.approx(log(8))
    assert score.peak_score == pytest.approx(4 * log(8))
    assert score.peak_at == score.window_start == NOON


@clause("16.6")
def test_a_person_counts_once_in_a_window_however_much_they_post():
    scores = Scores().given(*(mention("dawn", 1, at=number * 10, number=number % 8) for number in range(20)))
    assert scores.last["dawn"].people == 1


def test_a_person_counts_again_in_the_next_window():
    scores = Scores().given(mention("dawn", 1, at=0), mention("dawn", 1, at=WINDOW))
    assert scores.last["dawn"].people == 1
    assert scores.last["dawn"].expected == FLOOR, "the second window is no peak: one person after one person is nothing new"


def test_what_is_expected_is_the_highest_of_the_past_week_and_not_the_average():
    quiet = [event for day in range(1, 7) for event in crowd("news", 2, at=-day * DAY)]
    scores = Scores().given(*quiet, *crowd("news", 10, at=-3 * DAY - HOUR), *crowd("news", 20))
    score = scores.last["news"]
    assert (score.observed, score.expected) == (20.0, 10.0)
    assert score.peak_score == pytest.approx(20 * log(2))


def test_the_past_week_ends_after_a_week():
    week = 7 * DAY
    inside = Scores().given(*crowd("news", 10, at=-week), *crowd("news", 20)).last["news"]
    outside = Scores().given(*crowd("news", 10, at=-week - WINDOW), *crowd("news", 20)).last["news"]
    assert (inside.expected, outside.expected) == (10.0, FLOOR)


def test_a_term_used_less_than_in_its_past_week_scores_nothing():
    score = Scores().given(*crowd("news", 10, at=-2 * DAY), *crowd("news", 4)).last["news"]
    assert score.peak_score == 0
    assert score.novelty < 0


def test_a_peak_stays_the_peak_while_use_falls():
    scores = Scores().given(*crowd("dawn", 30), *crowd("dawn", 5, at=WINDOW), *crowd("dawn", 1, at=HOUR))
    assert scores.last["dawn"].peak_at == NOON
    assert scores.last["dawn"].peak_score == pytest.approx(30 * log(60))


def test_a_later_smaller_peak_wins_once_more_of_it_is_left():
    # 14 half-lives apart: of the first, 30 ln 60 = 123, 2^-7 is left after 14 hours, less than one.
    late = 14 * HOUR
    scores = Scores().given(*crowd("dawn", 30), *crowd("dawn", 31, at=late))
    assert scores.last["dawn"].peak_at == NOON + late
    assert scores.last["dawn"].peak_score == pytest.approx(31 * log(31 / 30))
    assert decayed(30 * log(60), NOON, NOON + late) < 31 * log(31 / 30)


def test_a_score_halves_with_each_half_life():
    assert decayed(8.0, NOON, NOON + 3 * HALF_LIFE_MS) == 1.0
    assert decayed(8.0, NOON, NOON - 1) == 8.0


@clause("16.6")
def test_there_is_no_cliff_at_midnight_nor_anywhere_else():
    """Kills: windows that begin anew with the day, a week that is counted in days."""
    found = set()
    for minute in range(0, 24 * 60, 5):
        at = minute * MINUTE
        scores = Scores().given(*crowd("news", 3, at=at - 2 * DAY), *crowd("news", 6, at=at), *crowd("news", 2, at=at + WINDOW))
        score = scores.last["news"]
        found.add((score.people, score.expected, score.peak_at - NOON - at))
    assert found == {(6, 3.0, 0)}


def test_a_mention_taken_back_is_subtracted_in_its_own_window():
    scores = Scores().given(*crowd("dawn", 5), *crowd("dawn", 1, at=HOUR, first=50), unmention("dawn", 2))
    assert scores.last["dawn"].people == 4
    assert scores.last["dawn"].peak_at == NOON


def test_a_person_with_two_photos_counts_until_the_last_is_taken_back():
    scores = Scores().given(mention("dawn", 1, number=1), mention("dawn", 1, number=2), mention("dawn", 2))
    assert scores.given(unmention("dawn", 1, number=1)).last["dawn"].people == 2
    assert scores.given(unmention("dawn", 1, number=2)).last["dawn"].people == 1


def test_a_term_whose_every_mention_is_taken_back_scores_nothing_and_is_forgotten():
    scores = Scores().given(*crowd("dawn", 3))
    scores.given(*(unmention("dawn", who) for who in range(3)))
    assert (scores.last["dawn"].people, scores.last["dawn"].peak_score, scores.last["dawn"].photos) == (0, 0.0, ())
    assert {key[:1] for key in scores.state.items} <= {b"C", b"X"}


def test_repeats_and_unknown_retractions_change_nothing():
    scores = Scores().given(*crowd("dawn", 3), *crowd("dawn", 3))
    assert scores.last["dawn"].people == 3
    assert scores.fed([unmention("dawn", 7), unmention("other", 1)]).events == []


def test_the_newest_ten_photos_are_shown_and_the_term_as_last_typed():
    events = [mention("dawn", who, at=who * 100, shown="DAWN" if who == 14 else "dawn") for who in range(15)]
    score = Scores().given(*reversed(events)).last["dawn"]
    assert list(score.photos) == [event.photo_id for event in reversed(events)][:10]
    assert score.shown == "DAWN"


def test_a_photo_from_the_future_counts_when_it_reached_the_log():
    """Kills: taking the id's time as it is; the term would then stand for years as the newest there is."""
    ahead = mention("dawn", 1, at=365 * DAY)
    score = Scores().given(ahead, appended_at=NOON + MINUTE).last["dawn"]
    assert score.peak_at == NOON
    assert score.occurred_at == NOON + MINUTE


def test_a_photo_older_than_what_is_kept_is_not_counted():
    scores = Scores().given(*crowd("now", 1)).given(*crowd("old", 5, at=-9 * DAY))
    assert "old" not in scores.last


def test_what_is_older_than_a_week_and_a_day_is_forgotten_as_time_goes_on():
    scores = Scores().given(*crowd("old", 5), *crowd("old", 3, at=HOUR))
    before = len(scores.state.items)
    scores.given(*crowd("new", 1, at=9 * DAY))
    assert before > 10
    assert not [key for key in scores.state.items if b"old" in key]


def test_the_counts_of_a_term_are_bounded_by_the_windows_of_a_week_and_a_day():
    rules = Rules(trend_window_seconds=3_600)
    scores = Scores(rules)
    for hour in range(12 * 24):
        scores.given(mention("always", 1, at=hour * HOUR))
    counts = [value for key, value in scores.state.items.items() if key.startswith(b"B")]
    assert max(len(value) for value in counts) <= 8 * (8 * 24 + 1)
    assert len(scores.state.items) < 4 * (8 * 24 + 2)


def test_terms_that_begin_alike_are_kept_apart():
    scores = Scores().given(*crowd("sun", 2), *crowd("sunset", 3), *crowd("sun", 1, first=9))
    assert (scores.last["sun"].people, scores.last["sunset"].people) == (3, 3)
    place = mention("sun", 1, board="PLACES")
    assert Scores().given(*crowd("sun", 2), place).last["sun"].people == 1


@pytest.mark.parametrize("term", ["", "a\0b"])
def test_a_term_that_cannot_be_is_refused(term):
    scores = Scores().given(mention(term, 1))
    assert "field term" in scores.refused[0]
    assert not scores.last


def test_an_unknown_board_is_refused():
    assert "board UNKNOWN" in Scores().given(mention("dawn", 1, board="UNKNOWN")).refused[0]


def test_one_score_is_said_for_each_term_of_a_batch():
    changes = Scores().fed([*crowd("dawn", 5), *crowd("dusk", 5), mention("dawn", 9)])
    assert [(c.event.term, c.offset) for c in changes.events] == [("dusk", 9), ("dawn", 10)]


def test_an_absurdly_old_date_is_not_counted_but_costs_nothing():
    old = mention("dawn", 1)
    ancient = type(old)(
        **{f: getattr(old, f) for f in old.__struct_fields__ if f != "photo_id"}, photo_id=compose_id(1_314_220_021_721, 5, 1)
    )
    scores = Scores().given(*crowd("now", 1)).given(ancient, appended_at=NOON)
    assert "dawn" not in scores.last
