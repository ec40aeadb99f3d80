"""What stores owe follows from their records, and who does not know the last reprint is refused."""

from types import SimpleNamespace

import pytest

from projections import progress
from projections.away import StoreOvertaken
from projections.builds import Builds
from projections.prints import NEVER, Owing, Print, Request, check_epochs, chunks, guard_names, last_requests, owing, print_name

LEFT, RIGHT = frozenset({0, 1}), frozenset({2, 3})
WHOLE = Print(epoch=4, whole=True)


def test_without_a_record_all_is_owed():
    assert owing("photos", [(NEVER, LEFT), (NEVER, RIGHT)], (), True) == Owing("photos")


def test_a_record_of_a_reprint_that_did_not_end_is_none():
    assert owing("photos", [(Print(epoch=4, number=9_000), LEFT)], (), True) == Owing("photos")


def test_of_two_servers_the_one_without_a_record_owes_its_shards():
    assert owing("photos", [(WHOLE, LEFT), (NEVER, RIGHT)], (), True) == Owing("photos", RIGHT)


def test_a_request_is_owed_until_it_is_met_by_the_server_that_has_the_shard():
    """Kills: a request that was met and is owed for ever, a request that another server meets."""
    asked = (Request(1, "photos", 3), Request(2, "likes", 0), Request(5, "photos", 0))
    assert owing("photos", [(WHOLE, LEFT), (WHOLE, RIGHT)], asked, True) == Owing("photos", frozenset({0, 3}))
    met = WHOLE._replace(request=5)
    assert owing("photos", [(met, LEFT), (WHOLE, RIGHT)], asked, True) == Owing("photos", frozenset({3}))
    assert owing("photos", [(met, LEFT), (met, RIGHT)], asked, True) is None
    assert last_requests(asked) == {"photos": 5, "likes": 2}


def test_who_knows_another_epoch_than_the_record_has_is_refused():
    """Kills: a guard in PostgreSQL that lets a write from before a reprint in."""
    key = ("photos@photos.1", 3)
    check_epochs({key: 4}, {key: 4})
    check_epochs({key: 0}, {})
    for known, found in ((4, {key: 5}), (5, {key: 4}), (0, {key: 4}), (4, {})):
        with pytest.raises(StoreOvertaken):
            check_epochs({key: known}, found)


def test_flushed_rows_stand_under_the_record_of_their_agent():
    assert print_name("likes.flush", "counter_rows", 2) == "likes@counter_rows.2"
    assert guard_names("celebrities", 2) == {"follows@celebrities.2": "follows", "follows.flush@celebrities.2": "follows.flush"}


def test_chunks_take_no_more_rows_than_they_give():
    taken = []

    def rows():
        for n in range(5):
            taken.append(n)
            yield n

    waiting = chunks(rows(), 2)
    assert (next(waiting), taken) == ([0, 1], [0, 1])
    assert [*waiting] == [[2, 3], [4]]


def test_progress_from_before_a_request_was_met_says_nothing():
    """Kills: a reader that trusts a shard that is only about to be printed."""
    said = {"agent": "likes", "partition": 0, "sources": {}, "ends": {}, "complete_until": {}, "emitted": {}}
    for requested, met, trusted in (
        ({}, {}, True),
        ({"counters": 3}, {"counters": 2}, False),
        ({"counters": 3}, {"counters": 3}, True),
    ):
        record = progress.decode(progress.encode(SimpleNamespace(**said), Builds({}), {"redis": "b"}, met)[1])
        assert progress.speaks_of(record, Builds({}, requested), "b") is trusted
