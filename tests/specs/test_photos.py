"""Specification of the agent `photos`."""

import pytest

from agents import photos
from projections.rows import PhotoRow, PhotoState
from tests.specs.builders import ANN, BOB, Play, edited, erased, photo, rejected, uploaded, variant

SHOT = photo(ANN)


@pytest.fixture
def play():
    return Play(photos.fold)


def state_of(play, photo_id=SHOT):
    return play.row("photos", photo_id).state


def test_an_uploaded_photo_is_processing_and_counts_nothing(play):
    play.given(uploaded(SHOT, ANN, caption="Dusk #Sea", place="Oslo"))
    assert play.row("photos", SHOT) == PhotoRow(
        photo_id=SHOT,
        owner_id=ANN,
        state=PhotoState.PROCESSING,
        reason=None,
        caption="Dusk #Sea",
        tags=("Sea",),
        tag_keys=("sea",),
        place="Oslo",
        place_key="oslo",
        width=None,
        height=None,
        variants=(),
        original_key=f"originals/{SHOT}",
    )
    assert play.count("photos", ANN) == 0
    assert play.row("photo_cards", SHOT) == play.row("photos", SHOT)


def test_the_smallest_variant_makes_it_ready(play):
    play.given(uploaded(SHOT, ANN), variant(SHOT, ANN, 1080))
    assert state_of(play) is PhotoState.PROCESSING
    play.given(variant(SHOT, ANN, 150), variant(SHOT, ANN, 150))
    row = play.row("photos", SHOT)
    assert (row.state, row.variants, row.width, row.height) == (PhotoState.READY, (150, 1080), 4000, 3000)
    assert play.count("photos", ANN) == 1


def test_a_variant_that_comes_before_the_upload_is_kept_for_it(play):
    play.given(variant(SHOT, ANN))
    assert play.row("photos", SHOT) is None
    assert play.count("photos", ANN) == 0
    play.given(uploaded(SHOT, ANN))
    assert state_of(play) is PhotoState.READY
    assert play.count("photos", ANN) == 1


def test_the_same_upload_again_changes_nothing(play):
    play.given(uploaded(SHOT, ANN, caption="one"), edited(SHOT, ANN, caption="two"), uploaded(SHOT, ANN, caption="one"))
    assert play.row("photos", SHOT).caption == "two"
    assert play.refused == []


def test_an_edit_replaces_the_tags_and_leaves_what_it_does_not_name(play):
    play.given(uploaded(SHOT, ANN, caption="#one", place="Oslo"), edited(SHOT, ANN, caption="#two"))
    row = play.row("photos", SHOT)
    assert (row.tag_keys, row.place) == (("two",), "Oslo")
    play.given(edited(SHOT, ANN, place=None))
    row = play.row("photos", SHOT)
    assert (row.caption, row.place, row.place_key) == ("#two", None, None)


def test_a_deleted_photo_is_a_tombstone_without_content(play):
    play.given(uploaded(SHOT, ANN, caption="#one"), variant(SHOT, ANN), erased(SHOT, ANN))
    row = play.row("photos", SHOT)
    assert (row.state, row.caption, row.tags, row.variants, row.original_key) == (PhotoState.DELETED, None, (), (), "")
    assert play.count("photos", ANN) == 0


def test_deleting_twice_counts_once(play):
    other = photo(ANN, 2)
    play.given(*(say(shot, ANN) for shot in (SHOT, other) for say in (uploaded, variant)))
    play.given(erased(SHOT, ANN), erased(SHOT, ANN))
    assert play.count("photos", ANN) == 1


def test_nothing_after_the_tombstone_has_an_effect(play):
    play.given(erased(SHOT, ANN), uploaded(SHOT, ANN), variant(SHOT, ANN), edited(SHOT, ANN, caption="x"), rejected(SHOT, ANN))
    assert state_of(play) is PhotoState.DELETED
    assert play.count("photos", ANN) == 0
    assert play.refused == []


def test_a_rejected_photo_says_why_and_stays_rejected(play):
    play.given(uploaded(SHOT, ANN), rejected(SHOT, ANN, "truncated"), variant(SHOT, ANN))
    row = play.row("photos", SHOT)
    assert (row.state, row.reason) == (PhotoState.REJECTED, "truncated")
    assert play.count("photos", ANN) == 0


def test_a_ready_photo_is_not_rejected_afterwards(play):
    play.given(uploaded(SHOT, ANN), variant(SHOT, ANN), rejected(SHOT, ANN))
    assert state_of(play) is PhotoState.READY


@pytest.mark.parametrize("deed", [edited(SHOT, ANN, BOB, caption="mine"), erased(SHOT, ANN, BOB)])
def test_what_another_than_the_owner_does_is_refused(play, deed):
    play.given(uploaded(SHOT, ANN))
    (refused,) = play.when(deed).refused
    assert refused.reason == f"{type(deed).__name__} of photo {SHOT} by {BOB}; its owner is {ANN}"
    assert state_of(play) is PhotoState.PROCESSING


def test_an_event_that_names_another_owner_is_refused(play):
    neighbour = ANN + 1
    play.given(uploaded(SHOT, ANN))
    (refused,) = play.when(erased(SHOT, neighbour)).refused
    assert refused.reason == f"PhotoDeleted says owner {neighbour}; photo {SHOT} is of {ANN}"


def test_a_photo_in_another_shard_than_its_owner_is_refused(play):
    (refused,) = play.when(uploaded(SHOT, BOB)).refused
    assert refused.reason.startswith(f"photo {SHOT} is in shard ")


def test_a_photo_from_the_future_is_refused_and_a_little_ahead_passes(play):
    ahead, near = photo(ANN, 60_001), photo(ANN, 60_000)
    changes = play.when(uploaded(ahead, ANN), uploaded(near, ANN))
    reason = f"photo {ahead} was minted 60001 ms after it reached the log; at most 60000 ms pass"
    assert [r.reason for r in changes.refused] == [reason]
    assert state_of(play, near) is PhotoState.PROCESSING


def test_an_edit_of_what_was_never_uploaded_is_refused(play):
    (refused,) = play.when(edited(SHOT, ANN, caption="x")).refused
    assert refused.reason == f"PhotoEdited of photo {SHOT}, which was never uploaded"


@pytest.mark.parametrize("say", [uploaded, edited])
def test_a_text_that_cannot_be_stored_is_refused(play, say):
    play.given(uploaded(SHOT, ANN))
    (refused,) = play.when(say(SHOT, ANN, caption="nu\0l")).refused
    assert refused.reason == f"photo {SHOT}, field caption: must not contain a NUL (character 3)"


def test_a_photo_that_darkroom_itself_deleted_leaves_no_row_and_counts_nothing(play):
    play.given(uploaded(SHOT, ANN), variant(SHOT, ANN), erased(SHOT, ANN, actor=0))
    assert play.row("photos", SHOT) is None and play.row("photo_cards", SHOT) is None
    assert play.count("photos", ANN) == 0
    assert list(photos.standing(play.state)) == []


def test_what_darkroom_itself_deleted_stays_away_whatever_comes_later(play):
    play.given(erased(SHOT, ANN, actor=0), uploaded(SHOT, ANN), variant(SHOT, ANN), edited(SHOT, ANN, caption="x"))
    play.given(erased(SHOT, ANN))
    assert play.row("photos", SHOT) is None
    assert play.refused == []


def test_a_tombstone_goes_when_darkroom_itself_deletes_the_photo_too(play):
    play.given(uploaded(SHOT, ANN), erased(SHOT, ANN))
    assert state_of(play) is PhotoState.DELETED
    play.given(erased(SHOT, ANN, actor=0))
    assert play.row("photos", SHOT) is None
