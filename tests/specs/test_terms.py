"""The photos of a tag or a place."""

from agents import terms
from projections.rows import TermPhotoRow
from tests.specs.builders import ANN, closed, edited, erased, made, opened, photo, uploaded, variant
from tests.specs.trends_made import Stage, Trends, mention, person, unmention


def test_a_mention_is_a_row_and_a_retraction_removes_it():
    said, taken_back = mention("dawn", 1), unmention("dawn", 1)
    (row,) = Stage(terms.fold).fed([said]).rows["term_photos"]
    assert row == TermPhotoRow("HASHTAGS", "dawn", "Dawn", said.photo_id, person(1), True)
    (row,) = Stage(terms.fold).fed([taken_back]).rows["term_photos"]
    assert not row.present


def test_the_last_word_of_a_batch_is_the_row():
    rows = (
        Stage(terms.fold).fed([mention("dawn", 1), unmention("dawn", 1), mention("dawn", 1, shown="DAWN")]).rows["term_photos"]
    )
    assert [(row.present, row.shown) for row in rows] == [(True, "DAWN")]


def test_tags_and_places_are_different_rows():
    rows = Stage(terms.fold).fed([mention("rome", 1), mention("rome", 1, board="PLACES")]).rows["term_photos"]
    assert {row.board for row in rows} == {"HASHTAGS", "PLACES"}


def test_an_unknown_board_is_refused_and_the_next_one_listed():
    stage = Stage(terms.fold)
    assert len(stage.fed([mention("dawn", 1, board="UNKNOWN"), mention("dawn", 1)]).rows["term_photos"]) == 1
    assert "board UNKNOWN" in stage.refused[0]


def test_edits_deletes_and_private_flips_move_photos_off_and_onto_their_pages():
    one, two = photo(ANN, 1), photo(ANN, 2)
    trends = Trends().given(
        opened(ANN),
        uploaded(one, ANN, caption="#dawn", place="Rome"),
        variant(one, ANN),
        uploaded(two, ANN, caption="#dawn"),
        variant(two, ANN),
    )
    dawn, rome = ("HASHTAGS", "dawn"), ("PLACES", "rome")
    assert trends.listed[dawn] == {one, two}
    assert trends.listed[rome] == {one}
    trends.given(made(ANN, True))
    assert trends.listed[dawn] == trends.listed[rome] == set()
    trends.given(made(ANN, False), edited(one, ANN, caption="#dusk"), erased(two, ANN))
    assert trends.listed[dawn] == set()
    assert trends.listed["HASHTAGS", "dusk"] == {one}
    trends.given(closed(ANN))
    assert not any(trends.listed.values())
