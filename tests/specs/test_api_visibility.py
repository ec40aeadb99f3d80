"""Specification of who sees what."""

import pytest

from api.visibility import (
    STRANGER,
    Account,
    Viewer,
    hears_of,
    on_public_page,
    sees_content,
    sees_in_list,
    sees_person,
    sees_photo,
    sees_profile,
    why_in_feed,
)

NOW = 1_000_000
ANN = Account(1, "ann", "Ann")
PRIVATE = Account(1, "ann", "Ann", private=True)
ASLEEP = Account(1, "ann", "Ann", deactivated=True)
GONE = Account(1, "", "", gone=True)
BOB = Viewer(2)
FOLLOWER = Viewer(2, following=frozenset({1}))
BLOCKER = Viewer(2, following=frozenset({1}), blocking=frozenset({1}))
BLOCKED = Viewer(2, following=frozenset({1}), blocked_by=frozenset({1}))
MUTING = Viewer(2, following=frozenset({1}), mutes={1: 0})
SELF = Viewer(1)


@pytest.mark.parametrize("viewer", [STRANGER, BOB, FOLLOWER, BLOCKER, SELF])
def test_a_profile_is_seen_by_all_but_the_blocked(viewer):
    assert sees_profile(viewer, PRIVATE)
    assert not sees_profile(BLOCKED, PRIVATE)


def test_photos_and_lists_of_a_public_account_are_hidden_across_a_block_both_ways():
    assert sees_content(STRANGER, ANN)
    assert sees_content(BOB, ANN)
    assert not sees_content(BLOCKER, ANN)
    assert not sees_content(BLOCKED, ANN)


def test_a_private_account_shows_its_photos_to_accepted_followers_only():
    asking = Viewer(2, requested=frozenset({1}))
    assert [sees_content(viewer, PRIVATE) for viewer in (STRANGER, BOB, asking, FOLLOWER, SELF)] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_a_deactivated_account_is_seen_by_its_person_alone():
    assert not sees_profile(FOLLOWER, ASLEEP)
    assert not sees_content(FOLLOWER, ASLEEP)
    assert not sees_person(FOLLOWER, ASLEEP)
    assert sees_profile(SELF, ASLEEP)
    assert sees_content(SELF, ASLEEP)


@pytest.mark.parametrize("account", [GONE, None])
def test_who_is_gone_is_seen_by_nobody(account):
    assert not sees_profile(SELF, account)
    assert not sees_content(SELF, account)
    assert not sees_person(BOB, account)
    assert not sees_photo(SELF, account, "ready")
    assert why_in_feed(SELF, account, "ready", NOW) is None
    assert not on_public_page(BOB, account, "ready")


@pytest.mark.parametrize("state", ["processing", "rejected"])
def test_a_photo_that_is_not_ready_is_seen_by_its_owner_alone_and_in_no_list(state):
    assert sees_photo(SELF, ANN, state)
    assert not sees_photo(FOLLOWER, ANN, state)
    assert why_in_feed(SELF, ANN, state, NOW) is None
    assert not on_public_page(SELF, ANN, state)


def test_a_deleted_photo_is_seen_by_nobody():
    assert not sees_photo(SELF, ANN, "deleted")


def test_a_feed_holds_ones_own_and_followed_peoples_photos():
    assert why_in_feed(SELF, ANN, "ready", NOW) == "own"
    assert why_in_feed(FOLLOWER, ANN, "ready", NOW) == "follow"
    assert why_in_feed(FOLLOWER, PRIVATE, "ready", NOW) == "follow"
    assert why_in_feed(BOB, ANN, "ready", NOW) is None


@pytest.mark.parametrize("viewer", [BLOCKER, BLOCKED, MUTING])
def test_a_block_or_a_mute_takes_photos_out_of_a_feed(viewer):
    assert why_in_feed(viewer, ANN, "ready", NOW) is None


def test_a_mute_ends_by_itself_and_hides_nothing_but_the_feed():
    assert why_in_feed(Viewer(2, following=frozenset({1}), mutes={1: NOW}), ANN, "ready", NOW) == "follow"
    assert why_in_feed(Viewer(2, following=frozenset({1}), mutes={1: NOW + 1}), ANN, "ready", NOW) is None
    assert sees_content(MUTING, ANN)
    assert sees_person(MUTING, ANN)


def test_one_hears_of_people_whom_one_sees_and_does_not_mute_now():
    assert hears_of(BOB, ANN, NOW)
    assert not any(hears_of(viewer, ANN, NOW) for viewer in (BLOCKER, BLOCKED, MUTING))
    assert not any(hears_of(BOB, account, NOW) for account in (ASLEEP, GONE, None))
    assert hears_of(Viewer(2, mutes={1: NOW}), ANN, NOW)
    assert not hears_of(Viewer(2, mutes={1: NOW + 1}), ANN, NOW)


def test_lists_speak_of_photos_that_are_seen_and_ready():
    assert sees_in_list(SELF, ANN, "ready") and sees_in_list(FOLLOWER, PRIVATE, "ready")
    assert not sees_in_list(BOB, PRIVATE, "ready")
    assert not any(sees_in_list(SELF, ANN, state) for state in ("processing", "rejected", "deleted"))


def test_public_pages_hold_no_photo_of_a_private_account_not_even_for_its_follower_or_itself():
    assert on_public_page(STRANGER, ANN, "ready")
    assert not on_public_page(FOLLOWER, PRIVATE, "ready")
    assert not on_public_page(SELF, PRIVATE, "ready")
    assert not on_public_page(BLOCKED, ANN, "ready")
