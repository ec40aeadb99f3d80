"""Specification of who is not here, as every partition keeps it."""

import pytest

from agents import comments, likers, likes
from agents.presence import UNKNOWN_PRESENCE, absent_among, presence_of, set_presence
from schemas.events import Presence
from tests.specs.builders import ANN, BOB, CY, Play, present
from tests.specs.memory_state import DictionaryState


def test_who_was_never_spoken_of_is_here():
    assert presence_of(DictionaryState(), ANN) is Presence.HERE


def test_who_comes_back_is_here_again():
    state = DictionaryState()
    assert set_presence(state, present(ANN, "AWAY")) == (Presence.HERE, Presence.AWAY)
    assert set_presence(state, present(ANN, "HERE")) == (Presence.AWAY, Presence.HERE)
    assert presence_of(state, ANN) is Presence.HERE


def test_who_is_gone_stays_gone():
    state = DictionaryState()
    set_presence(state, present(ANN, "GONE"))
    assert set_presence(state, present(ANN, "HERE")) == (Presence.GONE, Presence.GONE)
    assert presence_of(state, ANN) is Presence.GONE


def test_what_a_newer_agent_says_changes_nothing():
    state = DictionaryState()
    set_presence(state, present(ANN, "AWAY"))
    assert set_presence(state, present(ANN, "UNKNOWN")) == (Presence.AWAY, Presence.AWAY)


def test_the_absent_among_some_people_are_told_apart():
    state = DictionaryState()
    assert absent_among(state, [ANN, BOB]) == {}
    set_presence(state, present(ANN, "AWAY"))
    set_presence(state, present(CY, "GONE"))
    assert absent_among(state, [BOB, ANN, CY, ANN]) == {ANN: Presence.AWAY, CY: Presence.GONE}


@pytest.mark.parametrize("fold", [likes.fold, likers.fold, comments.fold])
def test_a_presence_that_a_newer_agent_wrote_is_refused_and_those_around_it_are_folded(fold):
    play = Play(fold)
    changes = play.when(present(BOB, "AWAY"), present(ANN, "UNKNOWN"), present(CY, "GONE"))
    assert [(refused.offset, refused.reason) for refused in changes.refused] == [(1, UNKNOWN_PRESENCE)]
    assert absent_among(play.state, [ANN, BOB, CY]) == {BOB: Presence.AWAY, CY: Presence.GONE}
