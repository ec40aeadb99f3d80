"""Specification of the agent `clearing`."""

import pytest

from agents import clearing
from projections.rows import SubmissionRow
from schemas.submissions import KEPT_MS, submission_of
from tests.specs.builders import ANN, BOB, Play, closed, erased, photo, uploaded, variant

SHOT, AGAIN, OTHER = (photo(ANN, number) for number in (1, 2, 3))
KEY = submission_of(ANN, "photo", "key-1")


@pytest.fixture
def play():
    return Play(clearing.fold)


def deleted(play) -> list[tuple[int, int, int]]:
    """Return the photos that were said to be deleted: photo, owner, actor."""
    return [(event.photo_id, event.owner_id, event.actor_id) for event in play.events]


def row_of(play, who=ANN, submission=KEY):
    return play.row("submissions", who, submission)


def test_every_photo_of_a_deleted_account_is_deleted_by_darkroom_itself(play):
    play.given(uploaded(SHOT, ANN), uploaded(OTHER, ANN), uploaded(photo(BOB), BOB), closed(ANN))
    assert deleted(play) == [(SHOT, ANN, 0), (OTHER, ANN, 0)]


def test_a_photo_whose_upload_is_read_after_its_owners_deletion_is_deleted_too(play):
    play.given(closed(ANN), uploaded(SHOT, ANN), uploaded(photo(BOB), BOB))
    assert deleted(play) == [(SHOT, ANN, 0)]


def test_the_tombstone_of_a_photo_that_its_owner_deleted_goes_with_the_owner(play):
    play.given(uploaded(SHOT, ANN), erased(SHOT, ANN), closed(ANN))
    assert deleted(play) == [(SHOT, ANN, 0)]


def test_a_delete_by_the_owner_that_is_read_after_the_account_is_gone_leaves_no_tombstone_either(play):
    play.given(closed(ANN), erased(SHOT, ANN))
    assert deleted(play) == [(SHOT, ANN, 0)]


def test_what_clearing_said_itself_ends_what_it_keeps_and_causes_nothing(play):
    play.given(uploaded(SHOT, ANN), closed(ANN), erased(SHOT, ANN, actor=0), closed(ANN))
    assert deleted(play) == [(SHOT, ANN, 0)]


def test_a_second_photo_of_one_submission_is_deleted_and_the_first_stays(play):
    play.given(uploaded(SHOT, ANN, submission=KEY), uploaded(AGAIN, ANN, submission=KEY))
    assert deleted(play) == [(AGAIN, ANN, 0)]
    assert row_of(play) == SubmissionRow(ANN, KEY, SHOT, True)


def test_the_first_is_the_first_in_the_log_whatever_the_ids_say(play):
    play.given(uploaded(AGAIN, ANN, submission=KEY), uploaded(SHOT, ANN, submission=KEY))
    assert deleted(play) == [(SHOT, ANN, 0)]
    assert row_of(play).target_id == AGAIN


def test_the_same_upload_said_twice_is_no_second_one(play):
    play.given(uploaded(SHOT, ANN, submission=KEY), uploaded(SHOT, ANN, submission=KEY))
    assert deleted(play) == []
    assert row_of(play).target_id == SHOT


def test_a_second_one_is_deleted_also_after_the_first_was(play):
    play.given(uploaded(SHOT, ANN, submission=KEY), erased(SHOT, ANN), uploaded(AGAIN, ANN, submission=KEY))
    assert deleted(play) == [(AGAIN, ANN, 0)]


def test_other_keys_other_people_and_uploads_without_a_key_are_no_repeats(play):
    other = submission_of(ANN, "photo", "key-2")
    play.given(uploaded(SHOT, ANN, submission=KEY), uploaded(AGAIN, ANN, submission=other))
    play.given(uploaded(OTHER, ANN), uploaded(photo(ANN, 4), ANN), uploaded(photo(BOB), BOB, submission=KEY))
    assert deleted(play) == []


def test_after_a_day_a_key_stands_for_something_new(play):
    last, new = photo(ANN, KEPT_MS), photo(ANN, KEPT_MS + 1)
    play.given(uploaded(SHOT, ANN, submission=KEY), uploaded(last, ANN, KEPT_MS, submission=KEY))
    assert deleted(play) == [(last, ANN, 0)]
    play.given(uploaded(new, ANN, KEPT_MS + 1, submission=KEY))
    assert deleted(play) == [(last, ANN, 0)]
    assert row_of(play).target_id == new


def test_an_upload_of_another_day_that_is_said_again_is_no_second_one(play):
    new = photo(ANN, KEPT_MS + 1)
    play.given(uploaded(SHOT, ANN, submission=KEY), uploaded(new, ANN, KEPT_MS + 1, submission=KEY))
    # As when a dead letter of the first one is retried, which another agent had written.
    play.given(uploaded(SHOT, ANN, KEPT_MS + 2, submission=KEY))
    assert deleted(play) == []
    assert row_of(play).target_id == new


def test_nothing_stays_of_what_a_deleted_person_submitted_whichever_is_read_first(play):
    first = uploaded(SHOT, ANN, submission=KEY)
    for order in ([first, closed(ANN)], [closed(ANN), first]):
        play = Play(clearing.fold).given(*order)
        assert row_of(play) is None
        assert list(clearing.standing(play.state)) == []


def test_what_the_agent_photos_refuses_takes_no_submission(play):
    for wrong in (uploaded(photo(BOB), ANN, submission=KEY), uploaded(SHOT, ANN, caption="x" * 2_201, submission=KEY)):
        play.given(wrong)
    play.given(uploaded(OTHER, ANN, submission=KEY), variant(OTHER, ANN))
    assert deleted(play) == []
    assert row_of(play).target_id == OTHER


def test_deletions_of_thousands_are_made_as_they_are_taken(play):
    shots = [photo(ANN, number) for number in range(1, 2_501)]
    play.given(*(uploaded(shot, ANN, submission=submission_of(ANN, "photo", str(shot))) for shot in shots))
    changes = play.fold(play.batch("accounts", [closed(ANN)]), play.state)
    assert not isinstance(changes.events, list) and not isinstance(changes.rows["submissions"], list)
    assert [caused.event.photo_id for caused in changes.events] == shots
    assert sum(not row.standing for row in changes.rows["submissions"]) == len(shots)


def test_what_standing_prints_is_what_was_written(play):
    play.given(uploaded(SHOT, ANN, submission=KEY), uploaded(photo(BOB), BOB, submission=KEY), closed(BOB))
    assert list(clearing.standing(play.state)) == list(play.tables["submissions"].values())
