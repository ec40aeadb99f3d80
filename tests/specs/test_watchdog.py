"""What the watchdog takes for a consumer that looks alive and does nothing."""

from streams.watchdog import Sight, Watchdog

PLACE = ("count", "likes", 3)


def look(watchdog: Watchdog, at: float, position: int, end: int, appended: int = 0, heard_at: float | None = None):
    heard = at if heard_at is None else heard_at
    return watchdog.look({PLACE: Sight(position, appended, end, heard * 1_000)}, now=at, now_ms=at * 1_000)


def test_what_stands_still_is_named_and_what_moves_is_let_be():
    watchdog = Watchdog(60)
    assert look(watchdog, 0, 10, 20) is None
    assert look(watchdog, 50, 11, 20) is None
    assert look(watchdog, 109, 11, 20) is None
    assert look(watchdog, 111, 11, 25) == "count has stood at likes[3]@11 for 61 s, 14 behind"


def test_an_idle_partition_that_gets_a_record_is_not_stalled_at_the_next_look():
    watchdog = Watchdog(60)
    for at in range(0, 300, 5):
        assert look(watchdog, at, 20, 20) is None
    assert look(watchdog, 300, 20, 21) is None
    assert look(watchdog, 356, 20, 21) == "count has stood at likes[3]@20 for 61 s, 1 behind"


def test_an_effect_that_appends_events_is_alive_though_its_position_waits():
    watchdog = Watchdog(60)
    for appended, at in enumerate(range(0, 300, 50)):
        assert look(watchdog, at, 10, 20, appended) is None


def test_a_partition_nothing_is_heard_from_is_named():
    assert look(Watchdog(60), 62, 20, 20, heard_at=1) == "nothing was heard from likes[3] for 61 s"


def test_a_partition_that_moved_away_is_forgotten():
    watchdog = Watchdog(60)
    look(watchdog, 0, 10, 20)
    assert watchdog.look({}, now=30, now_ms=30_000) is None
    assert look(watchdog, 100, 10, 20) is None
