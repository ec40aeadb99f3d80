"""Specification of the agent `notifications`."""

import pytest

from agents import notifications
from projections.rows import InboxRow, NotificationRow
from schemas.ids import EPOCH_MS, MAX_ID, time_of
from tests.behaviours import clause
from tests.specs.builders import (
    ANN,
    BOB,
    CY,
    DAWN,
    Play,
    comment,
    inbox_read,
    named,
    noticed,
    photo,
    present,
    user,
    wish,
)

SHOT = photo(ANN)
REMARK = comment(SHOT)
LIKE = (ANN, "like", BOB, SHOT, 0)
FOLLOW = (ANN, "follow", BOB, 0, 0)
MENTION = (ANN, "mention", BOB, SHOT, REMARK)


@pytest.fixture
def play():
    return Play(notifications.fold)


def told(play):
    return set(play.tables.get("notifications", {}))


def id_of(play, one):
    return play.row("notifications", *one).notification_id


def test_a_notification_has_an_id_of_its_time_and_of_what_it_is(play):
    play.given(
        noticed("LIKE", ANN, BOB, SHOT, at=7), noticed("LIKE", ANN, CY, SHOT, at=7), noticed("COMMENT", ANN, BOB, SHOT, REMARK)
    )
    row = play.row("notifications", *LIKE)
    assert row == NotificationRow(*LIKE, row.notification_id, True)
    assert time_of(row.notification_id) == DAWN + 7
    assert time_of(id_of(play, (ANN, "like", CY, SHOT, 0))) == DAWN + 7 != row.notification_id
    assert len({one.notification_id for one in play.tables["notifications"].values()}) == 3


def test_the_id_is_the_same_in_every_process_and_for_ever(play):
    """The state of a rebuild must hold the ids that clients have seen."""
    play.given(noticed("LIKE", ANN, 7, 5, 6, at=1))
    assert id_of(play, (ANN, "like", 7, 5, 6)) == (DAWN + 1 - EPOCH_MS << 23) + 6_661_292


@clause("2.3", "2.4")
def test_like_unlike_like_is_one_notification_with_its_first_id(play):
    play.given(noticed("LIKE", ANN, BOB, SHOT, at=1))
    first = id_of(play, LIKE)
    play.given(noticed("LIKE", ANN, BOB, SHOT, at=None, standing=False))
    assert told(play) == set()
    play.given(noticed("LIKE", ANN, BOB, SHOT, at=9))
    assert id_of(play, LIKE) == first


def test_an_unlike_of_what_was_never_liked_tells_nothing_and_says_so(play):
    changes = play.when(noticed("LIKE", ANN, BOB, SHOT, at=None, standing=False))
    assert [row.standing for row in changes.rows["notifications"]] == [False]
    play.given(noticed("LIKE", ANN, BOB, SHOT, at=3))
    assert time_of(id_of(play, LIKE)) == DAWN + 3


@clause("17.1", "17.3")
def test_a_wish_to_follow_is_told_once_with_the_time_of_the_first_one(play):
    play.given(wish(BOB, "WANTED", ANN, wanted=1))
    first = id_of(play, FOLLOW)
    assert time_of(first) == DAWN + 1
    play.given(wish(BOB, "ACCEPTED", ANN, wanted=1, at=2))
    assert id_of(play, FOLLOW) == first
    play.given(wish(BOB, "NONE", ANN, at=3))
    assert told(play) == set()
    play.given(wish(BOB, "WANTED", ANN, wanted=4))
    assert id_of(play, FOLLOW) == first


def test_a_clock_that_runs_ahead_pins_no_follow(play):
    play.given(wish(BOB, "WANTED", ANN, wanted=5_000, at=1))
    assert time_of(id_of(play, FOLLOW)) == DAWN + 1


@clause("17.1")
def test_a_mention_is_told_to_whoever_held_the_name_then(play):
    later = user("ann", 1)
    play.given(named("ann", ANN, at=0), named("ann", ANN, held=False, at=10), named("ann", later, at=20))
    for number, at in ((1, 5), (2, 15), (3, 25)):
        play.given(noticed("MENTION", "ann", BOB, photo(BOB, number), at=at))
    assert told(play) == {(ANN, "mention", BOB, photo(BOB, 1), 0), (later, "mention", BOB, photo(BOB, 3), 0)}


def test_a_mention_that_is_read_before_its_name_is_told_when_that_is_read(play):
    play.given(noticed("MENTION", "ann", BOB, SHOT, REMARK, at=5), named("ann", ANN, at=1))
    assert told(play) == {MENTION}


def test_a_mention_from_before_the_claim_is_told_to_nobody(play):
    play.given(noticed("MENTION", "ann", BOB, SHOT, REMARK, at=5), named("ann", ANN, at=6))
    assert told(play) == set()


def test_a_mention_from_after_the_release_waits_for_the_next_holder_though_it_is_read_before_it(play):
    later = user("ann", 1)
    play.given(named("ann", ANN), noticed("MENTION", "ann", BOB, SHOT, REMARK, at=25))
    assert told(play) == {MENTION}
    play.given(named("ann", ANN, held=False, at=10))
    assert told(play) == set()
    play.given(named("ann", later, at=20))
    assert told(play) == {(later, *MENTION[1:])}


@clause("8.3")
def test_a_mention_that_is_taken_back_goes_and_also_one_that_waits(play):
    play.given(named("ann", ANN), noticed("MENTION", "ann", BOB, SHOT, REMARK, at=5))
    play.given(noticed("MENTION", "ann", BOB, SHOT, REMARK, at=5, standing=False))
    play.given(noticed("MENTION", "cy", BOB, SHOT, REMARK, at=5))
    play.given(noticed("MENTION", "cy", BOB, SHOT, REMARK, at=5, standing=False), named("cy", CY))
    assert told(play) == set()


@clause("3.2")
def test_nobody_is_told_that_they_mention_themselves(play):
    play.given(named("ann", ANN), noticed("MENTION", "ann", ANN, SHOT), noticed("MENTION", "cy", CY, SHOT), named("cy", CY))
    assert told(play) == set()


@clause("14.3")
def test_what_the_deleted_caused_and_what_they_were_told_goes_for_ever(play):
    play.given(
        noticed("LIKE", ANN, BOB, SHOT),
        noticed("LIKE", BOB, CY, SHOT, REMARK),
        noticed("LIKE", ANN, CY, SHOT),
        wish(BOB, "WANTED", CY),
        inbox_read(BOB, photo(BOB), at=5),
        present(BOB, "GONE"),
    )
    assert told(play) == {(ANN, "like", CY, SHOT, 0)}
    assert play.row("inboxes", BOB) is None
    play.given(noticed("LIKE", ANN, BOB, SHOT), noticed("COMMENT", BOB, CY, SHOT, REMARK), inbox_read(BOB, photo(BOB)))
    play.given(present(BOB, "HERE"))
    assert told(play) == {(ANN, "like", CY, SHOT, 0)}
    assert play.row("inboxes", BOB) is None


@clause("14.5")
def test_what_the_deactivated_caused_stays_and_readers_filter_it(play):
    play.given(noticed("LIKE", ANN, BOB, SHOT), present(BOB, "AWAY"))
    assert told(play) == {LIKE}


@clause("17.2")
def test_read_is_what_is_not_above_the_highest_that_was_read(play):
    play.given(inbox_read(ANN, photo(ANN, 5), at=9), inbox_read(ANN, photo(ANN, 3), at=10))
    assert play.row("inboxes", ANN) == InboxRow(ANN, photo(ANN, 5))


def test_nobody_reads_what_has_not_come_yet(play):
    play.given(inbox_read(ANN, MAX_ID, at=9))
    assert time_of(play.row("inboxes", ANN).read_up_to) == DAWN + 9
    play.given(noticed("LIKE", ANN, BOB, SHOT, at=10))
    assert id_of(play, LIKE) > play.row("inboxes", ANN).read_up_to


def test_what_did_not_change_is_said_all_the_same(play):
    """The store may hold what a worker wrote before it died, and this is the only correction that it gets."""
    later = user("ann", 1)
    play.given(named("ann", ANN), named("ann", ANN, held=False, at=10), named("ann", later, at=20), present(BOB, "GONE"))
    said = play.when(noticed("MENTION", "ann", CY, SHOT, at=15)).rows["notifications"]
    assert [(row.user_id, row.standing) for row in said] == [(ANN, False), (later, False)]
    [said] = play.when(noticed("LIKE", ANN, BOB, SHOT)).rows["notifications"]
    assert not said.standing


def test_kinds_that_a_newer_agent_knows_are_refused(play):
    play.given(noticed("UNKNOWN", ANN, BOB, SHOT), wish(BOB, "UNKNOWN", ANN), present(BOB, "UNKNOWN"))
    assert [reason.split(":")[0] for reason in play.refused] == ["kind UNKNOWN", "wish UNKNOWN", "presence UNKNOWN"]


def test_rows_of_who_is_gone_are_made_as_they_are_taken_and_anew_each_time(play):
    play.given(*(noticed("LIKE", ANN, BOB, photo(ANN, number)) for number in range(5)))
    rows = play.fold(play.batch("presences", [present(ANN, "GONE")]), play.state).rows["notifications"]
    assert not isinstance(rows, list)
    assert len(list(rows)) == len(list(rows)) == 5
