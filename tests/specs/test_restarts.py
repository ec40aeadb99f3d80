"""A worker that stops by a mistake waits before it starts again, longer each time, and not for ever."""

from streams.restarts import CALM_SECONDS, LONGEST_SECONDS, NOTE_BYTES, Failed, Note, failed_again, pause_seconds

NOW = 1_700_000_000.0


def after(times: int) -> Failed:
    failed = Failed()
    for _ in range(times):
        failed = failed_again(failed, NOW, "InvariantBroken: a hole")
    return failed


def test_pauses_grow_up_to_half_a_minute():
    """Kills: a pause that is the same each time, or that grows without end."""
    assert [pause_seconds(after(n), NOW) for n in (0, 1, 2, 3, 6, 60)] == [0, 1, 2, 4, LONGEST_SECONDS, LONGEST_SECONDS]


def test_what_has_passed_since_the_failure_counts_and_a_clock_set_back_does_not():
    assert pause_seconds(after(3), NOW + 3) == 1
    assert pause_seconds(after(3), NOW + 60) == 0
    assert pause_seconds(after(3), NOW - 3600) == 4


def test_a_failure_long_after_the_last_one_is_the_first_again():
    assert failed_again(after(5), NOW + CALM_SECONDS + 1, "x").times == 1
    assert failed_again(after(5), NOW + CALM_SECONDS - 1, "x").times == 6


def test_a_note_is_kept_whatever_the_reason_holds(tmp_path):
    note = Note(tmp_path / "new" / "worker.failed")
    for reason in ("", "garbage \ud800 \0 \n", "long " * 1_000, "ü" * 1_000):
        note.write(Failed(3, NOW, reason))
        assert (note.read().times, note.read().at) == (3, NOW)
        assert reason.startswith(note.read().reason)
        assert (tmp_path / "new" / "worker.failed").stat().st_size == NOTE_BYTES


def test_no_note_or_a_torn_one_says_that_nothing_failed(tmp_path):
    path = tmp_path / "worker.failed"
    assert Note(path).read() == Failed()
    for torn in (b"", b'{"times": 3', b"\xff\xfe", b"[]", b'{"other": 1}'):
        path.write_bytes(torn)
        assert Note(path).read() == Failed()
