"""Specification of the agent `relations`."""

from collections.abc import Iterator

import pytest

from agents import relations
from schemas.events import BarrierChanged, FollowerChanged
from schemas.ids import EPOCH_MS, compose_id
from tests.behaviours import clause
from tests.specs.builders import ANN, BOB, CY, DAWN, DEE, Play, did, present


@pytest.fixture
def play():
    return Play(relations.fold)


def told(changes, event_type):
    return [caused.event for caused in changes.events if isinstance(caused.event, event_type)]


def wishes(play_or_changes):
    events = play_or_changes.events
    said = [getattr(event, "event", event) for event in events]
    return [(w.follower_id, w.wish.value, w.followee_id) for w in said if isinstance(w, FollowerChanged)]


def test_a_wish_is_told_to_the_one_who_would_be_followed(play):
    changes = play.when(did(ANN, "FOLLOW_WANTED", BOB, at=5))
    (wish,) = told(changes, FollowerChanged)
    assert (wish.follower_id, wish.wish, wish.followee_id, wish.wanted_at) == (ANN, "WANTED", BOB, DAWN + 5)
    assert (wish.event_id, wish.source, wish.actor_id, wish.occurred_at) == ("", "relations", ANN, DAWN + 5)
    assert told(changes, BarrierChanged) == []


def test_wanting_twice_is_wanting_once(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB, at=1))
    assert play.when(did(ANN, "FOLLOW_WANTED", BOB, at=2)).events == []


def test_the_followee_accepts_the_others_wish(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB, at=1))
    changes = play.when(did(BOB, "FOLLOW_ACCEPTED", ANN, at=2))
    (wish,) = told(changes, FollowerChanged)
    assert (wish.follower_id, wish.wish, wish.wanted_at, wish.occurred_at) == (ANN, "ACCEPTED", DAWN + 1, DAWN + 2)


def test_nobody_accepts_their_own_wish_or_one_that_is_not_there(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB))
    assert play.when(did(ANN, "FOLLOW_ACCEPTED", BOB)).events == []


@pytest.mark.parametrize("ending", [did(ANN, "FOLLOW_WITHDRAWN", BOB), did(BOB, "FOLLOW_REJECTED", ANN)])
def test_a_wish_ends_also_after_it_was_accepted(play, ending):
    play.given(did(ANN, "FOLLOW_WANTED", BOB), did(BOB, "FOLLOW_ACCEPTED", ANN))
    assert wishes(play.when(ending)) == [(ANN, "NONE", BOB)]


def test_a_block_cuts_both_wishes_and_shows_on_both_sides(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB), did(BOB, "FOLLOW_WANTED", ANN))
    changes = play.when(did(BOB, "BLOCKED", ANN, at=9))
    assert wishes(changes) == [(BOB, "NONE", ANN), (ANN, "NONE", BOB)]
    sides = {b.user_id: (b.blocking_since, b.blocked_by) for b in told(changes, BarrierChanged)}
    assert sides == {BOB: (DAWN + 9, False), ANN: (None, True)}


@pytest.mark.parametrize("blocker, blocked", [(ANN, BOB), (BOB, ANN)])
def test_a_wish_across_a_block_is_ignored(play, blocker, blocked):
    play.given(did(blocker, "BLOCKED", blocked))
    assert play.when(did(ANN, "FOLLOW_WANTED", BOB)).events == []


def test_unblocking_restores_no_follow(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB), did(BOB, "BLOCKED", ANN), did(BOB, "UNBLOCKED", ANN))
    assert wishes(play)[-1] == (ANN, "NONE", BOB)


def test_follow_block_unblock_differs_from_block_unblock_follow(play):
    play.given(did(BOB, "BLOCKED", ANN), did(BOB, "UNBLOCKED", ANN), did(ANN, "FOLLOW_WANTED", BOB))
    assert wishes(play)[-1] == (ANN, "WANTED", BOB)


def test_one_side_still_blocks_after_the_other_stopped(play):
    play.given(did(ANN, "BLOCKED", BOB), did(BOB, "BLOCKED", ANN), did(ANN, "UNBLOCKED", BOB))
    assert play.when(did(ANN, "FOLLOW_WANTED", BOB)).events == []


def test_a_mute_is_known_to_the_muter_only(play):
    changes = play.when(did(ANN, "MUTED", BOB, at=1, until=DAWN + 99))
    (side,) = told(changes, BarrierChanged)
    assert (side.user_id, side.other_id, side.muting_since, side.muted_until) == (ANN, BOB, DAWN + 1, DAWN + 99)


def test_a_second_mute_replaces_the_first_and_the_same_one_is_a_repeat(play):
    play.given(did(ANN, "MUTED", BOB, at=1, until=DAWN + 99))
    (side,) = told(play.when(did(ANN, "MUTED", BOB, at=2)), BarrierChanged)
    assert (side.muting_since, side.muted_until) == (DAWN + 2, None)
    assert play.when(did(ANN, "MUTED", BOB, at=3)).events == []


def test_taking_back_what_is_not_there_changes_nothing(play):
    undo = ("UNBLOCKED", "UNMUTED", "FOLLOW_WITHDRAWN", "FOLLOW_REJECTED")
    assert play.when(*(did(ANN, kind, BOB) for kind in undo)).events == []


def test_what_ends_leaves_no_state(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB), did(ANN, "MUTED", BOB), did(ANN, "BLOCKED", BOB))
    play.given(did(ANN, "UNBLOCKED", BOB), did(ANN, "UNMUTED", BOB))
    assert play.state.items == {}


@pytest.mark.parametrize("kind", ["FOLLOW_WANTED", "BLOCKED", "MUTED"])
def test_doing_it_to_oneself_is_refused(play, kind):
    changes = play.when(did(ANN, kind, ANN))
    assert [r.reason for r in changes.refused] == [f"{kind} of user {ANN} towards themselves"]
    assert changes.events == []


def test_an_unknown_kind_or_presence_is_refused(play):
    (refused,) = play.when(did(ANN, "UNKNOWN", BOB)).refused
    assert refused.reason.startswith("kind UNKNOWN: a newer producer wrote it")
    (refused,) = play.when(present(BOB, "UNKNOWN")).refused
    assert refused.reason.startswith("presence UNKNOWN")


@clause("14.1")
def test_who_is_gone_parts_from_everybody_on_both_sides(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB), did(CY, "FOLLOW_WANTED", ANN), did(DEE, "BLOCKED", ANN), did(ANN, "MUTED", DEE))
    play.given(did(BOB, "FOLLOW_WANTED", CY))
    changes = play.when(present(ANN, "GONE", at=9))
    assert set(wishes(play)[-2:]) == {(ANN, "NONE", BOB), (CY, "NONE", ANN)}
    ended = [b for b in (caused.event for caused in changes.events) if isinstance(b, BarrierChanged)]
    assert {(b.user_id, b.other_id) for b in ended} == {(ANN, DEE), (DEE, ANN)}
    assert {(b.blocking_since, b.blocked_by, b.muting_since, b.muted_until) for b in ended} == {(None, False, None, None)}
    assert {event.occurred_at for event in (caused.event for caused in changes.events)} == {DAWN + 9}


def test_of_who_is_gone_nothing_is_kept_but_that_they_are(play):
    play.given(*(did(ANN, "FOLLOW_WANTED", who) for who in (BOB, CY, DEE)), did(BOB, "BLOCKED", ANN))
    play.given(present(ANN, "GONE"))
    assert len(play.state.items) == 1


@clause("14.6")
@pytest.mark.parametrize("kind", ["FOLLOW_WANTED", "FOLLOW_ACCEPTED", "BLOCKED", "MUTED", "UNBLOCKED"])
@pytest.mark.parametrize("who, whom", [(ANN, BOB), (BOB, ANN)])
def test_what_is_read_after_somebody_was_gone_leaves_nothing_and_is_no_mistake(play, kind, who, whom):
    """A worker that died may have read it before and said otherwise: so it is said that there is nothing."""
    play.given(present(ANN, "GONE"))
    changes = play.when(did(who, kind, whom))
    said = [caused.event for caused in changes.events]
    assert {(w.follower_id, w.followee_id, w.wish) for w in said[:2]} == {(who, whom, "NONE"), (whom, who, "NONE")}
    assert [(b.user_id, b.blocking_since, b.blocked_by, b.muting_since) for b in said[2:]] == [
        (who, None, False, None),
        (whom, None, False, None),
    ]
    assert changes.refused == []
    assert len(play.state.items) == 1


def test_being_gone_is_said_once_and_hiding_changes_nothing(play):
    play.given(did(ANN, "FOLLOW_WANTED", BOB))
    assert play.when(present(ANN, "AWAY")).events == []
    assert play.when(present(ANN, "HERE")).events == []
    assert wishes(play.when(did(BOB, "FOLLOW_ACCEPTED", ANN))) == [(ANN, "ACCEPTED", BOB)]
    assert wishes(play.when(present(ANN, "GONE"))) == [(ANN, "NONE", BOB)]
    assert play.when(present(ANN, "GONE"), present(ANN, "HERE")).events == []


def test_what_many_lose_with_somebody_is_said_as_it_is_taken():
    play = Play(relations.fold)
    fans = [compose_id(EPOCH_MS + n, n % 8, 1) for n in range(2_500)]
    play.given(*(did(fan, "FOLLOW_WANTED", ANN) for fan in fans), did(BOB, "FOLLOW_WANTED", CY))
    told = len(play.events)
    changes = play.fold(play.batch("presences", [present(ANN, "GONE")]), play.state)
    assert isinstance(changes.events, Iterator)
    play.keep(changes)
    assert {w.follower_id for w in play.events[told:]} == set(fans)
    assert len(play.events) - told == len(fans)
    assert len(play.state.items) == 3
