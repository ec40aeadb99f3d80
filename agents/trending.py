"""What trending means, in numbers: how unusual a window is for a term, and how that fades.

The formula is the one that Instagram published ("Trending on Instagram", engineering blog, 2015): the score of a term in a
five-minute window is S = P ln(P / P'), one term of the Kullback-Leibler divergence between what is observed (P) and what was
to be expected (P'), with P' the highest of the past week; and a term is ranked by its highest score, which halves with
every half-life since. Here P is the number of different people who used the term in the window, so that one person counts
once however much they post.

All is a function of the counts by window, never of the order in which mentions arrived. Windows are counted from 1970, so
that no day begins or ends anywhere.
"""

from collections import deque
from collections.abc import Sequence
from math import log, log2
from typing import NamedTuple

# What was never seen is expected from half a person, Jeffreys' estimate of a rate of which no event was observed. So one person
# alone scores ln 2 = 0.69, and ranks only where nothing else happens; ten newcomers score 10 ln 20 = 30, for which a term
# that ten people use in its best windows needs 29: 29 ln 2.9 = 31.
FLOOR = 0.5

# Two hours. A peak of 100 people where ten were usual, 100 ln 10 = 230, falls below a fresh tag of ten people (30) after
# log2(230 / 30) = 2.9 half-lives, that is 6 hours; after a day 2^-12 = 1/4,096 of it is left.
HALF_LIFE_MS = 2 * 3600 * 1000
WEEK_MS = 7 * 24 * 3600 * 1000
# A peak counts for a day; what is older could not show any more (1/4,096), and need not be scored again.
PEAK_MS = 24 * 3600 * 1000


class Windows(NamedTuple):
    """Windows of one length in ms, numbered from 1970."""

    length_ms: int

    def holding(self, time_ms: int) -> int:
        """Return the number of the window that holds a time."""
        return time_ms // self.length_ms

    def start_ms(self, window: int) -> int:
        """Return when a window starts, Unix time in ms."""
        return window * self.length_ms

    @property
    def a_week(self) -> int:
        """How many windows a week has: 2,016 of five minutes."""
        return WEEK_MS // self.length_ms

    @property
    def peak(self) -> int:
        """How many windows back from a term's newest one its peak is looked for: 288 of five minutes."""
        return PEAK_MS // self.length_ms

    @property
    def kept(self) -> int:
        """How many windows are kept: a week before the oldest possible peak, 2,016 + 288 of five minutes."""
        return self.a_week + self.peak


class Count(NamedTuple):
    """How many different people used a term in a window; never 0."""

    window: int
    people: int


class Scored(NamedTuple):
    """A window and its score: S = `observed` x `novelty`, with `novelty` = ln(`observed` / `expected`)."""

    window: int
    observed: float
    expected: float
    novelty: float
    score: float


def peak_of(counts: Sequence[Count], windows: Windows) -> Scored | None:
    """Return the window of the last day whose score has most left by now, or None without any counts; `counts` ascend.

    All scores fade at one rate, so that which has most left does not depend on when one looks. A score is at least 0.
    """
    best: tuple[float, Scored] | None = None
    for scored in scores_of(counts, windows):
        left = standing_ms(scored.score, windows.start_ms(scored.window))
        if best is None or left >= best[0]:
            best = left, scored
    return None if best is None else best[1]


def scores_of(counts: Sequence[Count], windows: Windows) -> list[Scored]:
    """Return the score of each window of a term's last day in which it was used, oldest first."""
    found = []
    # The highest of the past week, kept as a falling sequence: whatever is exceeded later can never be the highest again.
    past: deque[Count] = deque()
    for count in counts:
        while past and past[0].window < count.window - windows.a_week:
            past.popleft()
        if count.window >= counts[-1].window - windows.peak:
            expected = max(FLOOR, past[0].people if past else 0.0)
            novelty = log(count.people / expected)
            found.append(Scored(count.window, float(count.people), expected, novelty, max(0.0, count.people * novelty)))
        while past and past[-1].people <= count.people:
            past.pop()
        past.append(count)
    return found


def decayed(score: float, peak_at: int, at: int) -> float:
    """Return what is left at a time of a score that was reached at `peak_at`; times in ms."""
    return score * 2.0 ** (-max(0, at - peak_at) / HALF_LIFE_MS)


def standing_ms(score: float, peak_at: int) -> float:
    """Return when the score will have faded to 1, Unix time in ms: what terms are ranked by, the later the better."""
    return float("-inf") if score <= 0 else peak_at + HALF_LIFE_MS * log2(score)
