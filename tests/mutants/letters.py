"""Bugs in dead letters, their retries, the limit of them in a row, and the pauses of a worker that failed."""

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a restart forgets how many dead letters came in a row",
        "streams/poison.py",
        "    if row != before:\n        ledger.set_in_a_row(topic, row)",
        "    if row != before and row <= 0:\n        ledger.set_in_a_row(topic, row)",
        ("tests/specs/test_poison.py::test_no_more_than_the_limit_are_written_whatever_the_batches_and_the_processes",),
    ),
    Mutant(
        "a good record does not end a row of dead letters",
        "streams/poison.py",
        "row = row + 1 if record.offset in refused else 0",
        "row = row + 1 if record.offset in refused else row",
        ("tests/specs/test_poison.py::test_a_good_record_between_them_begins_the_count_anew",),
    ),
    Mutant(
        "a dead letter that is written again opens one that was settled",
        "streams/dead_letters.py",
        "self._by_id.setdefault(letter_id(event.agent, record), Letter(event.agent, record, event.reason, at_ms, written))",
        "self._by_id[letter_id(event.agent, record)] = Letter(event.agent, record, event.reason, at_ms, written)",
        ("tests/specs/test_dead_letters.py::test_a_settlement_stands_also_when_the_letter_is_written_again_after_it",),
    ),
    Mutant(
        "a retry does not look at what the other of a pair said since",
        "streams/retrying.py",
        '("pair", pair_key(event.actor_id, event.other_id))',
        '("pair", event.actor_id, event.other_id)',
        (
            "tests/specs/test_dead_letters.py::test_both_sides_of_a_pair_are_one_subject",
            "tests/properties/test_retries_change_nothing.py::test_what_is_not_doubted_changes_nothing",
        ),
    ),
    Mutant(
        "a retry brings back a like that was taken back",
        "streams/retrying.py",
        "    return same if any(_content(other) != _content(event) for _, other in same) else []",
        "    return same if all(_content(other) == _content(event) for _, other in same) else []",
        ("tests/specs/test_dead_letters.py::test_a_like_that_was_taken_back_since_would_come_back",),
    ),
    Mutant(
        "a worker that fails starts again at once, for ever",
        "streams/restarts.py",
        "return Failed(before.times + 1 if now - before.at < CALM_SECONDS else 1, now, reason)",
        "return Failed(1, now, reason)",
        ("tests/specs/test_restarts.py::test_pauses_grow_up_to_half_a_minute",),
    ),
    Mutant(
        "a full disk is taken for a damaged state",
        "streams/state.py",
        'if "No space left" in str(error) or "quota exceeded" in str(error):',
        'if "quota exceeded" in str(error):',
        ("tests/contracts/test_full_disk.py::test_a_full_disk_is_said_and_what_was_kept_before_is_there_afterwards",),
    ),
)
