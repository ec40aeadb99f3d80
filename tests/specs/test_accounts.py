"""Specification of the agent `accounts`."""

import pytest

from agents import accounts
from projections.rows import AccountRow
from schemas.events import NameChanged, PresenceChanged
from schemas.ids import compose_id, partition_of, shard_of
from tests.behaviours import clause
from tests.specs.builders import (
    ANN,
    BOB,
    DAWN,
    DAY,
    RULES,
    SHARDS,
    Play,
    closed,
    deactivated,
    made,
    opened,
    reactivated,
    renamed,
    user,
)

OTHER_ANN = user("ann", sequence=1)


@pytest.fixture
def play():
    return Play(accounts.fold_of(RULES))


def state_of(play, who):
    return play.row("accounts", who).state.value


def test_an_account_opens_under_its_name_as_typed(play):
    changes = play.when(opened(ANN, "Ann", at=3))
    assert changes.rows["accounts"] == [AccountRow(ANN, "Ann", "ann", "Ann", False, "active", DAWN + 3)]
    assert changes.rows["account_cards"] == changes.rows["accounts"]


def test_the_first_claim_of_a_name_wins_whatever_its_case(play):
    play.given(opened(ANN, "ann"), opened(OTHER_ANN, "ANN"))
    assert (state_of(play, ANN), state_of(play, OTHER_ANN)) == ("active", "refused")
    assert play.refused == []


def test_the_first_claim_is_the_first_in_the_log_not_in_time(play):
    play.given(opened(ANN, at=9), opened(OTHER_ANN, at=1))
    assert (state_of(play, ANN), state_of(play, OTHER_ANN)) == ("active", "refused")


def test_the_same_claim_again_changes_nothing(play):
    play.given(opened(ANN), renamed(ANN, "Annie"), opened(ANN))
    assert play.row("accounts", ANN).display_name == "Annie"


def test_what_a_refused_account_does_is_refused_with_the_reason(play):
    play.given(opened(ANN), opened(OTHER_ANN))
    (refused,) = play.when(renamed(OTHER_ANN, "Annie")).refused
    assert refused.reason == f"ProfileEdited of user {OTHER_ANN}, whose user name belongs to another"


def test_profile_and_privacy_change(play):
    play.given(opened(ANN), renamed(ANN, "Annie", at=1), made(ANN, private=True, at=2))
    assert play.row("accounts", ANN) == AccountRow(ANN, "ann", "ann", "Annie", True, "active", DAWN + 2)


def test_a_deactivated_account_comes_back(play):
    play.given(opened(ANN), deactivated(ANN))
    assert state_of(play, ANN) == "deactivated"
    play.given(reactivated(ANN))
    assert state_of(play, ANN) == "active"


def test_a_deleted_account_says_no_name_and_does_not_come_back(play):
    play.given(opened(ANN), closed(ANN, at=5), closed(ANN, at=6))
    assert play.row("accounts", ANN) == AccountRow(ANN, "", "", "", False, "deleted", DAWN + 5)
    assert play.refused == []
    changes = play.when(reactivated(ANN), opened(ANN))
    assert [r.reason for r in changes.refused] == [f"AccountReactivated of user {ANN}, who is deleted"]
    assert state_of(play, ANN) == "deleted"


@clause("14.4")
def test_the_name_of_a_deleted_account_is_held_for_thirty_days_and_then_free(play):
    early, late, too_late = (user("ann", sequence) for sequence in (1, 2, 3))
    play.given(opened(ANN), closed(ANN, at=0))
    play.given(opened(early, at=30 * DAY - 1), opened(late, at=30 * DAY), opened(too_late, at=60 * DAY))
    assert [state_of(play, who) for who in (early, late, too_late)] == ["refused", "active", "refused"]


def test_an_event_of_nobody_is_refused(play):
    (refused,) = play.when(closed(BOB)).refused
    assert refused.reason == f"AccountDeleted of user {BOB}, who was never opened"


def test_a_user_in_another_shard_than_their_name_is_refused(play):
    shard = (shard_of(ANN) + 1) % SHARDS
    stray = compose_id(DAWN, shard, 0)
    (refused,) = play.when(opened(stray, "ann")).refused
    assert refused.reason == f"user {stray} is in shard {shard}, its user name wants shard {shard_of(ANN)}"
    assert play.row("accounts", stray) is None


def test_a_name_that_cannot_be_is_refused(play):
    (refused,) = play.when(opened(ANN, "not a name!")).refused
    assert refused.reason.startswith(f"user {ANN}, field username: ")


def test_a_second_name_under_the_same_id_is_refused(play):
    twin = next(name for name in (f"n{n}" for n in range(10_000)) if shard_of(user(name)) == shard_of(ANN))
    play.given(opened(ANN))
    (refused,) = play.when(opened(ANN, twin)).refused
    assert refused.reason == f"user {ANN} was already opened under another user name"


def test_a_display_name_that_cannot_be_is_refused(play):
    play.given(opened(ANN))
    (refused,) = play.when(renamed(ANN, "")).refused
    assert refused.reason == f"user {ANN}, field display_name: must have 1 to 64 characters, has 0"
    assert play.row("accounts", ANN).display_name == "Ann"


def told(changes, event_type):
    return [caused.event for caused in changes.events if isinstance(caused.event, event_type)]


def test_who_wins_a_name_is_told_and_who_loses_it_is_not(play):
    (won,) = told(play.when(opened(ANN, "Ann", at=3)), NameChanged)
    assert (won.name, won.user_id, won.held, won.changed_at) == ("ann", ANN, True, DAWN + 3)
    assert told(play.when(opened(OTHER_ANN)), NameChanged) == []
    assert told(play.when(opened(ANN)), NameChanged) == []


def test_every_partition_is_told_who_hides_comes_back_and_is_gone(play):
    play.given(opened(ANN))
    for said, presence in ((deactivated(ANN), "AWAY"), (reactivated(ANN), "HERE"), (closed(ANN), "GONE")):
        heard = told(play.when(said), PresenceChanged)
        assert {event.presence for event in heard} == {presence}
        assert [partition_of(event.shard, SHARDS, RULES.partitions) for event in heard] == list(range(RULES.partitions))


def test_a_state_from_before_presences_were_said_is_folded_anew():
    """Or nobody would ever hear who was deactivated or deleted by then, nor who held which name."""
    begun_as = 1
    assert accounts.agent(RULES).state_version > begun_as


def test_nobody_is_told_what_changes_nothing(play):
    play.given(opened(ANN), deactivated(ANN))
    assert play.when(deactivated(ANN)).events == []
    play.given(closed(ANN))
    assert play.when(closed(ANN)).events == []


def test_a_deleted_account_lets_go_of_its_name(play):
    play.given(opened(ANN))
    (gone,) = told(play.when(closed(ANN, at=9)), NameChanged)
    assert (gone.name, gone.held, gone.changed_at) == ("ann", False, DAWN + 9)
