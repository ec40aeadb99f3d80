"""Scores and boards depend on which mentions stand, not on how they came."""

from math import log

import pytest
from hypothesis import event, given, settings, strategies as st
from msgspec import structs

from agents.trending import FLOOR, HALF_LIFE_MS, Count, Windows, peak_of
from tests.specs.trends_made import DAY, HOUR, NOON, WINDOW, Boards, Scores, mention, unmention

# Moments of five days: some in one window, some hours and days apart.
TIMES = st.sampled_from([0, 1_000, WINDOW, 2 * WINDOW, HOUR, 5 * HOUR, DAY, DAY + HOUR, 4 * DAY, 4 * DAY + WINDOW])
MENTIONS = st.lists(
    st.tuples(st.sampled_from(["dawn", "dusk", "noon"]), st.integers(0, 5), TIMES, st.integers(0, 2)), max_size=40, unique=True
)


# Close together, and right at the borders of a day and a week before the others.
WINDOWS_IN_A_WEEK = st.builds(lambda far, near: far + near, st.sampled_from([0, 288, 2_016, 2_304]), st.integers(0, 3))

SAID = ("shown", "window_start", "people", "observed", "expected", "novelty", "peak_score", "peak_at", "photos")


def scored_terms(scores: Scores) -> dict:
    """Return what was said last of each term that has mentions left."""
    return {term: {f: getattr(said, f) for f in SAID} for term, said in scores.last.items() if said.people}


def state_without_marks(scores: Scores) -> dict:
    return {key: value for key, value in scores.state.items.items() if key[:1] in (b"M", b"N", b"B")}


def boards_of(scores: Scores) -> list:
    """Return the board that the last scores give, in one window for all."""
    boards = Boards().given(*scores.last.values(), appended_at=NOON + 5 * DAY)
    return [(row.term, row.rank, row.peak_at) for row in boards.newest()]


@settings(max_examples=200, deadline=None)
@given(MENTIONS, st.randoms(use_true_random=False), st.integers(1, 9))
def test_the_order_of_arrival_does_not_matter_for_the_final_scores(mentions, chance, batch_of):
    """Kills: a peak that is kept as it was first reached; an expectation taken from what had arrived by then; counting in the
    window of arrival; a tie between photos left to arrival.
    """
    events = [mention(*one) for one in mentions]
    shuffled = list(events)
    chance.shuffle(shuffled)
    # The other time they are said later, as a replay or a slow resize would.
    late = [structs.replace(said, occurred_at=NOON + 5 * DAY) for said in shuffled]
    one, other = Scores().given(*events), Scores().given(*late, batch_of=batch_of, appended_at=NOON + 6 * DAY)
    assert scored_terms(one) == scored_terms(other)
    assert state_without_marks(one) == state_without_marks(other)
    if events != shuffled and any(said.expected > FLOOR for said in one.last.values()):
        event("a term was expected from its past, and its mentions came in another order")


@settings(max_examples=200, deadline=None)
@given(MENTIONS, MENTIONS, st.randoms(use_true_random=False), st.integers(1, 9))
def test_what_is_taken_back_had_never_been(stay, go, chance, batch_of):
    """Kills: subtracting in the window of the retraction; a count that loses a person who has another photo; a peak that is
    not taken down; a tombstone left among the photos.
    """
    go = [one for one in go if one not in stay]
    doomed = [mention(*one) for one in go]
    asserted = [mention(*one) for one in stay] + doomed
    chance.shuffle(asserted)
    # Each retraction stands somewhere behind its mention: the two share a topic and a key, so that their order is given.
    events = list(asserted)
    for one in go:
        at = next(n for n, said in enumerate(events) if said == mention(*one))
        events.insert(chance.randint(at + 1, len(events)), unmention(*one))
    with_them, without = Scores().given(*events, batch_of=batch_of), Scores().given(*(mention(*one) for one in stay))
    assert scored_terms(with_them) == scored_terms(without)
    assert boards_of(with_them) == boards_of(without)
    if {one[:2] for one in stay} & {one[:2] for one in go}:
        event("a person kept a mention of a term and took another one back")


@settings(max_examples=200)
@given(st.dictionaries(WINDOWS_IN_A_WEEK, st.integers(1, 40), min_size=1, max_size=30))
def test_the_peak_is_what_the_formula_says_computed_the_slow_way(people):
    """Kills: a sliding maximum that forgets the wrong end, a week off by one window, fading at another rate."""
    windows = Windows(WINDOW)
    newest = max(people)

    def score(window: int) -> float:
        past = [count for at, count in people.items() if window - 2_016 <= at < window]
        return max(0.0, people[window] * log(people[window] / max([FLOOR, *past])))

    def left_now(window: int) -> float:
        return score(window) * 0.5 ** ((newest - window) * WINDOW / HALF_LIFE_MS)

    peak = peak_of([Count(*count) for count in sorted(people.items())], windows)
    best = max(left_now(window) for window in people if window >= newest - 288)
    assert peak.score == pytest.approx(score(peak.window))
    assert left_now(peak.window) == pytest.approx(best)


def test_the_interesting_case_occurs():
    """A mention that is taken back had hidden a peak: without it the earlier window is the peak again."""
    later = [("dawn", who, 5 * HOUR, 0) for who in range(6)]
    scores = Scores().given(*(mention("dawn", who) for who in range(4)), *(mention(*one) for one in later))
    assert scores.last["dawn"].peak_at == NOON + 5 * HOUR
    scores.given(*(unmention(*one) for one in later))
    assert scores.last["dawn"].peak_at == NOON
