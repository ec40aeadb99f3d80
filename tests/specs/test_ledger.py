"""What the runtime notes: a stamp is news once, also after a restart; a position never goes back."""

import pytest

from streams.fold import InvariantBroken
from streams.ledger import Ledger, Stamp, parse_stamp
from streams.state import MemoryState


def stamp(epoch: int, number: int, index: int, agent: str = "relations", partition: int = 3) -> Stamp:
    return Stamp(agent, partition, epoch, number, index)


@pytest.mark.parametrize(
    ("second", "is_news"),
    [
        (stamp(2, 7, 1), False),
        (stamp(2, 7, 0), False),
        (stamp(2, 6, 9), False),
        (stamp(1, 9, 9), False),
        (stamp(2, 7, 2), True),
        (stamp(2, 8, 0), True),
        (stamp(3, 0, 0), True),
        (stamp(2, 7, 1, partition=4), True),
        (stamp(2, 7, 1, agent="follows"), True),
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_a_stamp_is_news_if_it_is_above_the_last_one_of_its_agent_and_partition(second, is_news, restarted):
    state = MemoryState()
    ledger = Ledger(state)
    assert ledger.admit("followers", stamp(2, 7, 1))
    if restarted:
        state.commit()
        ledger = Ledger(state.reopened())
    assert ledger.admit("followers", second) is is_news


def test_topics_have_stamps_of_their_own():
    ledger = Ledger(MemoryState())
    assert ledger.admit("followers", stamp(0, 1, 0))
    assert ledger.admit("barriers", stamp(0, 1, 0))
    assert not ledger.admit("barriers", stamp(0, 1, 0))


def test_what_was_not_committed_is_news_again():
    state = MemoryState()
    ledger = Ledger(state)
    assert ledger.admit("followers", stamp(0, 1, 0))
    state.forget()
    ledger.forget()
    assert ledger.admit("followers", stamp(0, 1, 0))


def test_a_stamp_reads_as_it_was_written():
    assert parse_stamp(stamp(12, 1_043, 5).text()) == stamp(12, 1_043, 5)


@pytest.mark.parametrize("text", ["", "17", "relations/3/0/1043", "/3/0/1043/0", "relations/x/0/1043/0", "a/1/2/3/4/5"])
def test_what_names_no_cause_is_told(text):
    with pytest.raises(ValueError, match=r"."):
        parse_stamp(text)


def test_a_position_never_goes_back():
    ledger = Ledger(MemoryState())
    ledger.set_position("likes", 10)
    ledger.set_position("likes", 10)
    with pytest.raises(InvariantBroken, match="would go back from 10 to 9"):
        ledger.set_position("likes", 9)
