"""Up to where a rebuild folds: as far as the live projection knows the log, whoever wrote that down."""

from types import SimpleNamespace

from agents import likes
from agents.rebuild import known_positions
from projections.digest import Digest


def live(positions):
    return SimpleNamespace(positions=positions)


def test_what_was_flushed_counts_although_the_store_was_printed_when_there_was_nothing():
    """Kills: a print of nothing, in a new store, that is taken for the whole position: the rebuild would fold nothing."""
    assert "positions" in Digest._fields
    known = live({"likes": {0: {}, 1: {"likes": 7}}, "likes.flush": {0: {"likes": 5}, 1: {"likes": 6}}})
    assert known_positions(known, likes.agent(), 0) == {"likes": 5}
    assert known_positions(known, likes.agent(), 1) == {"likes": 7}
    assert known_positions(known, likes.agent(), 2) == {}
