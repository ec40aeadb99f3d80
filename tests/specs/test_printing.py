"""Printing from a state: every key once, in chunks, and no more of them in memory than a chunk."""

from collections.abc import Iterator
from itertools import islice

import pytest

from agents import fanout, likers, viewers
from agents.keys import key_of
from agents.printing import CHUNK, first_ids, items_of, reprint_of
from agents.rules import Rules
from streams.state import MemoryState
from tests.specs import builders as b
from tests.specs.feeds_made import Fanout, gained

MANY = 2 * CHUNK + 1


class CountingState(MemoryState):
    """A state that counts the items that scans gave."""

    given = 0

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        for item in super().scan(prefix, after, limit):
            self.given += 1
            yield item


def filled(family: bytes, numbers, value: bytes = b"") -> CountingState:
    state = CountingState()
    state.put_many((key_of(family, *(number if isinstance(number, tuple) else (number,))), value) for number in numbers)
    state.commit()
    return state


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, MANY])
def test_every_key_is_given_once_and_in_order_whatever_their_number(size):
    """Kills: a chunk that begins with the last key of the one before, or leaves out the one after it."""
    state = filled(b"l", range(1, size + 1))
    state.put(b"m", b"of another family")
    assert [key for key, _ in items_of(state, b"l")] == [key_of(b"l", number) for number in range(1, size + 1)]


def test_what_is_put_during_a_scan_does_not_disturb_it():
    state = filled(b"l", range(1, MANY + 1))
    seen = 0
    for key, _ in items_of(state, b"l"):
        state.put(key, b"seen")
        state.put(b"a" + key, b"")
        seen += 1
    assert seen == MANY


def test_the_first_row_is_there_after_one_chunk():
    """Kills: a list of everything, which for a million likes is a hundred megabytes."""
    state = filled(likers.MEMBER, [(7, number) for number in range(1, MANY + 1)], likers.VALUE.pack(1, 2))
    rows = likers.agent().reprint(state, "likes")
    assert state.given == 0
    assert len(list(islice(rows, 1))) == 1
    assert state.given == CHUNK


def test_the_followers_of_a_celebrity_are_read_as_their_rows_are_written():
    feeds = Fanout(make_state=CountingState).given(b.variant(b.photo(b.ANN), b.ANN))
    feeds.state.put_many((key_of(fanout.FOLLOWER, b.ANN, number), b"") for number in range(1, MANY + 1))
    feeds.state.commit()
    feeds.state.given = 0
    rows = iter(fanout.agent(Rules()).reprint(feeds.state, "timelines"))
    assert [next(rows).user_id for _ in range(3)] == [b.ANN, 1, 2]
    assert feeds.state.given <= CHUNK + 1
    assert sum(1 for _ in rows) == MANY - 2


def test_first_ids_are_given_once_each_however_many_keys_they_have():
    state = filled(viewers.FOLLOWED, [(who, whom) for who in (3, 5, 9) for whom in range(1, 200)])
    assert list(first_ids(state, viewers.FOLLOWED)) == [3, 5, 9]
    assert state.given == 3


def test_a_projection_that_the_agent_does_not_write_is_named():
    with pytest.raises(KeyError, match=r"no projection 'liked'; it writes: likes, trends"):
        reprint_of(likes=list, trends=list)(MemoryState(), "liked")


def test_nothing_is_printed_of_an_author_without_photos():
    feeds = Fanout().given(gained(b.ANN, b.BOB), b.variant(b.photo(b.ANN), b.ANN), b.erased(b.photo(b.ANN), b.ANN))
    assert list(fanout.agent(Rules()).reprint(feeds.state, "timelines")) == []
    assert list(fanout.agent(Rules()).reprint(feeds.state, "authors")) == []
