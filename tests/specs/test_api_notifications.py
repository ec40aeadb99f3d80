"""Specification of which notifications a reader is told of, and as what."""

from dataclasses import replace

import pytest

from api.routes_notifications import Around
from api.visibility import Account, Viewer
from projections.account_cards import AccountCard
from projections.hydration import HydratedPhoto
from projections.notifications import Without
from projections.rows import CommentRow, NotificationRow, PhotoState
from tests.behaviours import clause

ANN, BOB, CY = 1, 2, 3
SHOT, REMARK = 10, 20
NOW = 1_000_000
PEOPLE = {who: Account(who, name, name.title()) for who, name in ((ANN, "ann"), (BOB, "bob"), (CY, "cy"))}
PHOTO = HydratedPhoto(SHOT, ANN, PhotoState.READY, (150,), b"{}", 0, 0, AccountCard(False, False, False, b"{}"))
COMMENT = CommentRow(REMARK, SHOT, CY, "hm", 0, False)
LIKE = NotificationRow(ANN, "like", BOB, SHOT, 0, 7, True)
OF_COMMENT = NotificationRow(ANN, "mention", BOB, SHOT, REMARK, 7, True)
FOLLOW = NotificationRow(ANN, "follow", BOB, 0, 0, 7, True)


def around(reader=None, people=None, photo=PHOTO, comment=COMMENT, wish=None):
    return Around(
        reader or Viewer(ANN),
        NOW,
        PEOPLE | (people or {}),
        {} if photo is None else {SHOT: photo},
        {} if comment is None else {REMARK: comment},
        {} if wish is None else {BOB: wish},
    )


def told(**given):
    """Return as what a like, a mention in a comment and a follow are told."""
    world = around(**{"wish": "FOLLOWING"} | given)
    return [world.kind_of(row) for row in (LIKE, OF_COMMENT, FOLLOW)]


def test_what_is_seen_is_told_as_what_it_is():
    assert told() == ["like", "mention", "follow"]


@clause("17.3")
def test_a_wish_to_follow_is_told_as_what_has_become_of_it():
    assert [around(wish=wish).kind_of(FOLLOW) for wish in ("REQUESTED", "FOLLOWING", None)] == ["request", "follow", None]


@clause("9.2", "10.1")
@pytest.mark.parametrize(
    "reader",
    [
        Viewer(ANN, blocking={BOB}),
        Viewer(ANN, blocked_by={BOB}),
        Viewer(ANN, mutes={BOB: 0}),
        Viewer(ANN, mutes={BOB: NOW + 1}),
    ],
)
def test_deeds_of_the_blocked_and_the_muted_are_not_told(reader):
    assert told(reader=reader) == [None, None, None]


@clause("10.2")
def test_a_mute_that_has_ended_hides_nothing():
    assert told(reader=Viewer(ANN, mutes={BOB: NOW})) == ["like", "mention", "follow"]


@clause("14.5")
def test_deeds_of_the_hidden_are_not_told():
    for hidden in (replace(PEOPLE[BOB], deactivated=True), Account(BOB, "", "", gone=True), None):
        assert told(people={BOB: hidden}) == [None, None, None]


@clause("8.3")
@pytest.mark.parametrize("state", [PhotoState.DELETED, PhotoState.PROCESSING, PhotoState.REJECTED])
def test_nothing_is_told_of_a_photo_that_is_not_there_or_not_ready(state):
    assert told(photo=PHOTO._replace(state=state)) == told(photo=None) == [None, None, "follow"]


def test_nothing_is_told_of_a_photo_that_one_does_not_see():
    private = PHOTO._replace(owner_id=CY, owner=AccountCard(True, False, False, b"{}"))
    assert told(photo=private) == [None, None, "follow"]
    assert told(photo=private, reader=Viewer(ANN, following={CY})) == ["like", "mention", "follow"]


@clause("8.3")
def test_nothing_is_told_of_a_comment_that_is_not_there_deleted_or_of_somebody_who_is_not_seen():
    for comment in (None, COMMENT._replace(deleted=True, text=None)):
        assert told(comment=comment) == ["like", None, "follow"]
    assert told(reader=Viewer(ANN, blocking={CY})) == ["like", None, "follow"]


def test_what_hides_one_notification_is_not_asked_for_again():
    """Whoever deletes a photo with a hundred thousand likes still gets a page in one or two steps."""
    hidden = PHOTO._replace(state=PhotoState.DELETED)
    for world, row, left_out in (
        (around(reader=Viewer(ANN, mutes={BOB: 0})), LIKE, Without(actors={BOB})),
        (around(photo=hidden), LIKE, Without(photos={SHOT})),
        (around(photo=hidden), OF_COMMENT, Without(photos={SHOT})),
        (around(comment=None), OF_COMMENT, Without(comments={REMARK})),
        (around(), FOLLOW, Without()),
    ):
        without = Without()
        assert world.kind_of(row) is None
        world.hide_in(without, row)
        assert without == left_out
