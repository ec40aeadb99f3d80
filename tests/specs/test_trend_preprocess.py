"""Which photos the trends see: ready ones of public accounts, whichever topic is read first."""

from itertools import permutations

from agents import trend_preprocess
from tests.specs.builders import (
    ANN,
    BOB,
    closed,
    deactivated,
    edited,
    erased,
    made,
    opened,
    photo,
    reactivated,
    rejected,
    uploaded,
    variant,
)  # fmt: skip
from tests.specs.trends_made import Stage

PHOTO = photo(ANN)


class Seen(Stage):
    def __init__(self) -> None:
        super().__init__(trend_preprocess.fold)

    def given(self, *events) -> "Seen":
        for event in events:
            self.fed([event])
        return self

    def said(self, *events, appended_at: int | None = None) -> list[tuple[int, bool, str | None, str | None]]:
        said = [c.event for event in events for c in self.fed([event], appended_at).events]
        return [(event.photo_id, event.present, event.caption, event.place) for event in said]


def ready_photo(caption: str = "#dawn") -> Seen:
    return Seen().given(opened(ANN), uploaded(PHOTO, ANN, caption=caption, place="Rome"), variant(PHOTO, ANN))


def test_a_photo_is_seen_once_it_is_ready_and_its_account_public_in_any_order():
    events = (opened(ANN), uploaded(PHOTO, ANN, caption="#dawn", place="Rome"), variant(PHOTO, ANN))
    for order in permutations(events):
        assert Seen().said(*order)[-1] == (PHOTO, True, "#dawn", "Rome"), order


def test_the_larger_variants_say_nothing():
    assert ready_photo().said(variant(PHOTO, ANN, 320), variant(PHOTO, ANN, 1_080)) == []


def test_a_photo_of_a_private_account_is_not_seen():
    seen = Seen().given(opened(ANN, private=True), uploaded(PHOTO, ANN, caption="#dawn"))
    assert seen.said(variant(PHOTO, ANN)) == [(PHOTO, False, None, None)]


def test_a_worker_that_said_more_than_it_remembers_is_corrected():
    """Kills: saying only what differs from what is remembered. The dead worker read the photo before the flip, and said that
    it is seen; this one reads the flip first, remembers nothing of the photo, and must take it back all the same.
    """
    seen = Seen().given(opened(ANN), made(ANN, True))
    assert seen.said(uploaded(PHOTO, ANN, caption="#dawn"), variant(PHOTO, ANN)) == [(PHOTO, False, None, None)]


def test_a_private_flip_takes_all_photos_back_and_flipping_back_restores_them():
    seen = ready_photo().given(uploaded(photo(ANN, 2), ANN, caption="#two"), variant(photo(ANN, 2), ANN))
    assert seen.said(made(ANN, True)) == [(PHOTO, False, None, None), (photo(ANN, 2), False, None, None)]
    assert seen.said(made(ANN, False)) == [(PHOTO, True, "#dawn", "Rome"), (photo(ANN, 2), True, "#two", None)]


def test_deactivating_hides_and_reactivating_shows():
    seen = ready_photo()
    assert [present for _, present, *_ in seen.said(deactivated(ANN), reactivated(ANN))] == [False, True]


def test_a_private_account_that_is_deactivated_and_reactivated_stays_unseen():
    seen = ready_photo().given(made(ANN, True))
    assert seen.said(deactivated(ANN), reactivated(ANN)) == []


def test_deleting_the_account_takes_all_back_for_ever():
    seen = ready_photo()
    assert seen.said(closed(ANN)) == [(PHOTO, False, None, None)]
    assert seen.said(made(ANN, False), reactivated(ANN), opened(ANN)) == []
    assert seen.said(edited(PHOTO, ANN, caption="#more")) == [(PHOTO, False, None, None)]


def test_a_deleted_photo_is_taken_back_and_keeps_no_words():
    seen = ready_photo("a secret #dawn")
    assert seen.said(erased(PHOTO, ANN)) == [(PHOTO, False, None, None)]
    assert not any(b"secret" in value for value in seen.state.items.values())
    assert seen.said(variant(PHOTO, ANN), edited(PHOTO, ANN, caption="#again")) == []


def test_a_photo_deleted_before_its_upload_is_never_seen():
    seen = Seen().given(opened(ANN), erased(PHOTO, ANN))
    assert seen.said(uploaded(PHOTO, ANN, caption="#dawn"), variant(PHOTO, ANN)) == []


def test_an_edit_is_said_while_the_photo_is_seen_and_kept_while_it_is_not():
    seen = ready_photo()
    assert seen.said(edited(PHOTO, ANN, caption="#dusk")) == [(PHOTO, True, "#dusk", "Rome")]
    assert seen.said(made(ANN, True), edited(PHOTO, ANN, place=None)) == [(PHOTO, False, None, None)] * 2
    assert seen.said(made(ANN, False)) == [(PHOTO, True, "#dusk", None)]


def test_an_edit_that_changes_nothing_says_nothing():
    assert ready_photo().said(edited(PHOTO, ANN, caption="#dawn")) == []


def test_what_the_photos_agent_refuses_is_passed_over():
    seen = ready_photo()
    assert seen.said(edited(PHOTO, ANN, actor=BOB, caption="#stolen"), erased(PHOTO, ANN, actor=BOB)) == []
    assert seen.said(erased(PHOTO, BOB)) == []


def test_a_rejected_photo_is_not_seen():
    assert Seen().given(opened(ANN), uploaded(PHOTO, ANN)).said(rejected(PHOTO, ANN)) == []


def test_a_photo_that_was_rejected_first_stays_unseen():
    seen = Seen().given(opened(ANN), uploaded(PHOTO, ANN, caption="#dawn"), rejected(PHOTO, ANN))
    assert seen.said(variant(PHOTO, ANN)) == []
    assert ready_photo().said(rejected(PHOTO, ANN)) == [], "what was decoded once stays ready"


def test_words_that_the_edge_would_have_refused_are_not_counted():
    seen = Seen().given(opened(ANN), uploaded(PHOTO, ANN, caption="#dawn " + "x" * 2_200))
    assert seen.said(variant(PHOTO, ANN)) == []


def test_other_peoples_photos_are_left_alone():
    other = photo(BOB)
    seen = ready_photo().given(opened(BOB, "bob"), uploaded(other, BOB), variant(other, BOB))
    assert seen.said(made(ANN, True)) == [(PHOTO, False, None, None)]


def test_a_clock_ahead_is_cut_to_when_the_log_had_it():
    late = uploaded(PHOTO, ANN, at=900_000, caption="#dawn")
    seen = Seen().given(opened(ANN), variant(PHOTO, ANN))
    changes = seen.fed([late], appended_at=late.occurred_at - 800_000)
    assert changes.events[0].event.occurred_at == late.occurred_at - 800_000
