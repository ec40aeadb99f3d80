"""Specification of the agent `follows`."""

import pytest

from agents import follows
from agents.rules import Rules
from projections.rows import CelebrityRow, FollowerRow
from schemas.events import AudienceChanged, FollowingChanged
from tests.behaviours import clause
from tests.specs.builders import (
    ANN,
    BOB,
    CY,
    DAWN,
    DEE,
    Play,
    closed,
    deactivated,
    made,
    opened,
    present,
    reactivated,
    user,
    wish,
)

RULES = Rules(celebrity_up=3, celebrity_down=1)


@pytest.fixture
def play():
    return Play(follows.fold_of(RULES))


def followed(follower, followee, since):
    return FollowerRow(followee, follower, "FOLLOWING", DAWN + since)


def requested(follower, followee, since):
    return FollowerRow(followee, follower, "REQUESTED", DAWN + since)


def audience(play):
    return [(said.kind.value, said.follower_id) for said in play.events if isinstance(said, AudienceChanged)]


def test_a_wish_to_follow_a_public_account_takes_effect_at_once(play):
    play.given(opened(ANN))
    changes = play.when(wish(BOB, "WANTED", ANN, wanted=5))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=5)
    assert play.count("followers", ANN) == 1
    told = [caused.event for caused in changes.events]
    assert [type(event) for event in told] == [FollowingChanged, AudienceChanged]
    assert (told[0].follower_id, told[0].state, told[0].since) == (BOB, "FOLLOWING", DAWN + 5)
    assert (told[1].author_id, told[1].kind, told[1].follower_id, told[1].changed_at) == (ANN, "GAINED", BOB, DAWN + 5)


def test_a_wish_to_follow_a_private_account_is_a_request_and_counts_nothing(play):
    play.given(opened(ANN, private=True), wish(BOB, "WANTED", ANN, wanted=5))
    assert play.row("followers", ANN, BOB) == requested(BOB, ANN, since=5)
    assert play.count("followers", ANN) == 0
    assert audience(play) == [("REQUESTED", BOB)]
    assert play.events[-1].changed_at == DAWN + 5


def test_an_accepted_request_follows_since_it_was_accepted(play):
    play.given(opened(ANN, private=True), wish(BOB, "WANTED", ANN, 5), wish(BOB, "ACCEPTED", ANN, 5, at=8))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=8)
    assert play.count("followers", ANN) == 1


def test_pending_requests_become_follows_when_the_account_becomes_public(play):
    play.given(opened(ANN, private=True), wish(BOB, "WANTED", ANN, 5), wish(CY, "WANTED", ANN, 6), made(ANN, False, at=9))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=9)
    assert play.count("followers", ANN) == 2


def test_follows_stay_when_the_account_becomes_private_and_later_wishes_are_requests(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5), made(ANN, True, at=9), wish(CY, "WANTED", ANN, 10))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=5)
    assert play.row("followers", ANN, CY) == requested(CY, ANN, since=10)


def test_a_wish_read_late_follows_if_the_account_was_public_when_it_was_wanted(play):
    play.given(opened(ANN), made(ANN, True, at=9), wish(BOB, "WANTED", ANN, wanted=5))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=5)


def test_a_wish_read_early_turns_back_into_a_request_if_the_account_was_private_when_it_was_wanted(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, wanted=10), made(ANN, True, at=9))
    assert play.row("followers", ANN, BOB) == requested(BOB, ANN, since=10)
    assert audience(play) == [("GAINED", BOB), ("REQUESTED", BOB)]


def test_a_wish_waits_for_the_account_to_be_known(play):
    play.given(wish(BOB, "WANTED", ANN, wanted=5))
    assert play.row("followers", ANN, BOB) is None
    play.given(opened(ANN))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=5)


def test_the_first_public_moment_since_the_wish_counts_after_many_flips(play):
    flips = [made(ANN, private, at) for private, at in ((False, 20), (True, 30), (False, 40), (True, 50))]
    play.given(opened(ANN, private=True), *flips, wish(BOB, "WANTED", ANN, wanted=10))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=20)


def test_a_withdrawn_wish_removes_the_follow_and_tells_both_sides(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5))
    changes = play.when(wish(BOB, "NONE", ANN, at=7))
    assert play.row("followers", ANN, BOB) is None
    assert play.count("followers", ANN) == 0
    told = [caused.event for caused in changes.events]
    assert (told[0].state, told[0].since) == ("NONE", DAWN + 7)
    assert (told[1].kind, told[1].changed_at) == ("LOST", DAWN + 7)


def test_what_is_told_again_is_said_again_and_counted_once(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5))
    changes = play.when(wish(BOB, "WANTED", ANN, 5))
    assert [(row.state, row.since) for row in changes.rows["followers"]] == [("FOLLOWING", DAWN + 5)]
    assert play.count("followers", ANN) == 1


def test_a_wish_towards_a_deleted_account_says_that_there_is_no_follow(play):
    play.given(opened(ANN), closed(ANN))
    changes = play.when(wish(BOB, "WANTED", ANN, 5))
    assert [caused.event.state.value for caused in changes.events[:1]] == ["NONE"]
    assert [row.state for row in changes.rows["followers"]] == ["NONE"]


def test_a_deleted_account_is_followed_by_nobody_and_never_again(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5), closed(ANN, at=9), wish(CY, "WANTED", ANN, 10))
    assert play.row("followers", ANN, BOB) is None
    assert play.row("followers", ANN, CY) is None
    assert play.count("followers", ANN) == 0


@clause("14.2", "14.6")
def test_who_is_gone_follows_nobody_and_never_again(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5), present(BOB, "GONE", at=9))
    assert play.row("followers", ANN, BOB) is None
    assert play.count("followers", ANN) == 0
    assert audience(play) == [("GAINED", BOB), ("LOST", BOB)]
    play.given(wish(BOB, "ACCEPTED", ANN, 5, at=10), present(BOB, "HERE", at=11))
    assert play.row("followers", ANN, BOB) is None


def test_a_wish_that_is_read_after_its_follower_was_gone_is_none(play):
    play.given(opened(ANN), present(BOB, "GONE", at=9))
    changes = play.when(wish(BOB, "WANTED", ANN, 5))
    assert [caused.event.state.value for caused in changes.events[:1]] == ["NONE"]
    assert play.count("followers", ANN) == 0


@clause("14.5")
@pytest.mark.parametrize(
    "away, back", [(deactivated(ANN, 7), reactivated(ANN, 9)), (present(BOB, "AWAY"), present(BOB, "HERE"))]
)
def test_while_either_of_two_hides_there_is_no_follow_and_then_the_same_one(play, away, back):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5))
    changes = play.when(away)
    assert [(caused.event.state.value, caused.event.follower_id) for caused in changes.events] == [("NONE", BOB)]
    assert play.row("followers", ANN, BOB) is None
    assert play.count("followers", ANN) == 0
    changes = play.when(back)
    assert [(caused.event.state.value, caused.event.since) for caused in changes.events] == [("FOLLOWING", DAWN + 5)]
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=5)
    assert play.count("followers", ANN) == 1


def test_the_audience_does_not_look_at_who_hides(play):
    play.given(opened(ANN), deactivated(ANN, 1), present(BOB, "AWAY"), wish(BOB, "WANTED", ANN, 5))
    assert audience(play) == [("GAINED", BOB)]
    assert play.row("followers", ANN, BOB) is None
    play.given(reactivated(ANN, 8), present(BOB, "HERE", 9))
    assert audience(play) == [("GAINED", BOB)]
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=5)


def test_who_hides_may_become_public_and_is_followed_since_then_once_back(play):
    play.given(opened(ANN, private=True), wish(BOB, "WANTED", ANN, 5), deactivated(ANN, 6), made(ANN, False, at=7))
    assert play.row("followers", ANN, BOB) is None
    assert play.given(reactivated(ANN, 9)).row("followers", ANN, BOB) == followed(BOB, ANN, since=7)


def test_a_reprint_lists_who_is_here():
    people = (BOB, CY, DEE)
    play = Play(follows.fold_of(RULES)).given(opened(ANN), *(wish(who, "WANTED", ANN, at) for at, who in enumerate(people)))
    play.given(present(BOB, "AWAY"), present(CY, "GONE"))
    assert list(follows.agent(RULES).reprint(play.state, "followers")) == [followed(DEE, ANN, since=2)]
    play.given(deactivated(ANN))
    assert list(follows.agent(RULES).reprint(play.state, "followers")) == []


def test_the_end_of_an_author_is_said_after_the_end_of_each_follow(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5), wish(CY, "WANTED", ANN, 6))
    play.given(closed(ANN, at=9))
    assert audience(play)[2:] == [("LOST", BOB), ("LOST", CY), ("ENDED", None)]


def test_an_author_is_pulled_at_the_upper_threshold_and_pushed_again_at_the_lower_one(play):
    play.given(opened(ANN), *(wish(who, "WANTED", ANN, at) for at, who in enumerate((BOB, CY, DEE), 1)))
    assert audience(play)[-2:] == [("GAINED", DEE), ("PULLED", None)]
    assert play.row("celebrities", ANN) == CelebrityRow(ANN, ((DAWN + 3, 0),))
    play.given(wish(BOB, "NONE", ANN, at=4))
    assert audience(play)[-1] == ("LOST", BOB)
    play.given(wish(CY, "NONE", ANN, at=5))
    assert audience(play)[-1] == ("PUSHED", None)
    assert play.row("celebrities", ANN) == CelebrityRow(ANN, ((DAWN + 3, DAWN + 5),))


def test_a_second_rise_begins_a_second_span(play):
    rise = [wish(who, "WANTED", ANN, at) for at, who in enumerate((BOB, CY, DEE), 1)]
    fall = [wish(who, "NONE", ANN, at=at) for at, who in enumerate((BOB, CY), 4)]
    again = [wish(who, "WANTED", ANN, at) for at, who in enumerate((BOB, CY), 6)]
    play.given(opened(ANN), *rise, *fall, *again)
    assert play.row("celebrities", ANN).spans == ((DAWN + 3, DAWN + 5), (DAWN + 7, 0))


def test_who_was_pulled_for_no_time_is_pushed_again_and_was_never_pulled(play):
    """So is who falls at a time before they rose, by another edge's clock."""
    play.given(opened(ANN), *(wish(who, "WANTED", ANN, 3) for who in (BOB, CY, DEE)))
    play.given(wish(BOB, "NONE", ANN, at=2), wish(CY, "NONE", ANN, at=2))
    switches = [
        (said.kind, said.changed_at) for said in play.events if isinstance(said, AudienceChanged) and not said.follower_id
    ]
    assert switches == [("PULLED", DAWN + 3), ("PUSHED", DAWN + 3)]
    assert play.row("celebrities", ANN) is None


@clause("12.4")
def test_a_bulk_loss_of_followers_who_are_gone_switches_once(play):
    fans = [user(f"fan{n}") for n in range(6)]
    play.given(opened(ANN), *(wish(fan, "WANTED", ANN, at) for at, fan in enumerate(fans, 1)))
    gone = fans[:5]
    play.given(
        *(event for at, fan in enumerate(gone, 10) for event in (present(fan, "GONE", at), wish(fan, "NONE", ANN, at=at)))
    )
    assert [kind for kind, follower in audience(play) if follower is None] == ["PULLED", "PUSHED"]
    assert play.row("celebrities", ANN).spans == ((DAWN + 3, DAWN + 14),)
    assert play.count("followers", ANN) == 1


def test_a_deleted_celebrity_is_pulled_by_nobody(play):
    play.given(opened(ANN), *(wish(who, "WANTED", ANN, 1) for who in (BOB, CY, DEE)), closed(ANN, at=9))
    assert play.row("celebrities", ANN) is None


def test_spans_stay_bounded_however_often_an_author_crosses(play):
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 0))
    for round_ in range(100):
        play.given(wish(CY, "WANTED", ANN, 4 * round_ + 1), wish(DEE, "WANTED", ANN, 4 * round_ + 2))
        play.given(wish(CY, "NONE", ANN, at=4 * round_ + 3), wish(DEE, "NONE", ANN, at=4 * round_ + 4))
    spans = play.row("celebrities", ANN).spans
    assert len(spans) <= 32
    assert (spans[0][0], spans[-1][1]) == (DAWN + 2, DAWN + 400)


def test_privacy_stays_bounded_and_follows_stay_however_often_it_flips(play):
    play.given(opened(ANN, private=True), wish(BOB, "WANTED", ANN, 5))
    for flip in range(200):
        play.given(made(ANN, bool(flip % 2), at=10 + flip))
    assert play.row("followers", ANN, BOB) == followed(BOB, ANN, since=10)
    assert max(len(value) for value in play.state.items.values()) < 3_000


def test_an_unknown_wish_or_presence_is_refused(play):
    (refused,) = play.when(wish(BOB, "UNKNOWN", ANN)).refused
    assert refused.reason.startswith("wish UNKNOWN")
    (refused,) = play.when(present(BOB, "UNKNOWN")).refused
    assert refused.reason.startswith("presence UNKNOWN")
