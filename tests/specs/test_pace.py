"""How fetches wait: at once while few records come, gathered while many do."""

from streams.pace import AT_ONCE, GATHERED, Pace


def waits(pace: Pace, a_second: int, seconds: float, start: float = 0.0) -> list:
    """Return how fetches wait that bring something so many times a second."""
    return [pace.after(True, start + n / a_second) for n in range(int(a_second * seconds))]


def test_few_fetches_are_answered_at_once():
    assert set(waits(Pace(), 20, 5.0)) == {AT_ONCE}


def test_many_are_gathered_within_half_a_second_and_stay_so():
    said = waits(Pace(), 200, 3.0)
    assert said[0] == AT_ONCE
    assert set(said[100:]) == {GATHERED}


def test_after_many_come_few_again():
    pace = Pace()
    waits(pace, 200, 1.0)
    assert set(waits(pace, 20, 3.0, start=1.0)[15:]) == {AT_ONCE}


def test_after_many_and_then_nothing_the_next_one_is_answered_at_once():
    pace = Pace()
    waits(pace, 200, 1.0)
    assert pace.after(False, 2.5) == AT_ONCE
