"""Up to where a rebuild folds: as far as the live projection knows the log, whoever wrote that down."""

from types import SimpleNamespace

from agents import comments, likers, likes
from agents.rebuild import known_positions, rebuilding
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


def test_a_state_that_is_rebuilt_for_other_rows_still_knows_what_was_not_flushed():
    """Kills: a flush by the rebuild itself, after which the rows that the live state had not flushed are never written."""
    for agent in (likes.agent(), comments.agent()):
        for name in agent.writes:
            flushed = rebuilding(agent, name).flush is not None
            assert flushed == (name == "counter_rows"), (agent.name, name)


def test_an_agent_without_a_flush_is_rebuilt_as_it_is():
    agent = likers.agent()
    assert rebuilding(agent, "likes") is agent
