"""Property: columns say what the per-record decoder says, and no bad record changes or loses a good neighbour."""

from hypothesis import given, settings, strategies as st

from schemas.codec import BadRecord, open_codec
from schemas.columns import ColumnDecoder
from schemas.events import LikeChanged
from tests.specs.likes_made import LIKES, plain_like

ENCODER, DECODER = open_codec()
COLUMNS = ColumnDecoder(DECODER, LikeChanged)
ROWS = 64
PLAIN = [ENCODER.encode(plain_like(number)) for number in range(ROWS)]


@st.composite
def corruptions(draw):
    """Return a batch of records and which of them are cut, grown, overwritten, or give their end to the next one.

    A border that moved is what columns without a guard cannot see: nothing raises, and the sum of all bytes is right.
    """
    payloads = list(PLAIN)
    touched = draw(st.sets(st.integers(0, ROWS - 1), max_size=3))
    for row in touched:
        raw = payloads[row]
        place = draw(st.integers(5, len(raw)))
        cut = draw(st.integers(0, 9))
        grown = draw(st.binary(max_size=9) | st.sampled_from(PLAIN).map(lambda other: other[5:]))
        payloads[row] = raw[:place] + grown + raw[place + cut :]
    for row in draw(st.sets(st.integers(0, ROWS - 2), max_size=2)):
        first, second = payloads[row], payloads[row + 1]
        moved = draw(st.integers(0, min(4, len(first) - 5)))
        payloads[row] = first[: len(first) - moved]
        payloads[row + 1] = second[:5] + first[len(first) - moved :] + second[5:]
        touched = touched | {row, row + 1}
    return payloads, touched


@settings(max_examples=400, deadline=None)
@given(corruptions())
def test_corruption_never_loses_or_changes_a_good_neighbour(batch):
    """Kills the mutants "guard column not checked", "rows after the first wrong guard kept" and "the bad row skipped"."""
    payloads, touched = batch
    table, bad = COLUMNS.decode(payloads)
    found = {one.pop("row"): LikeChanged(**one) for one in table.to_dicts()}
    refused = {row for row, _ in bad}
    assert set(found) | refused == set(range(ROWS))
    assert not set(found) & refused
    for row in range(ROWS):
        if row not in touched:
            assert found[row] == plain_like(row)
    for row in touched:
        assert found.get(row) == one_by_one(payloads[row])


def one_by_one(raw: bytes) -> LikeChanged | None:
    try:
        return DECODER.decode(raw, "likes")
    except BadRecord:
        return None


@settings(max_examples=60, deadline=None)
@given(st.lists(LIKES, min_size=32, max_size=60))
def test_columns_equal_records(likes):
    """Kills the mutants "numbers read as 32 bits", "null read as zero" and "symbols shifted by one"."""
    table, bad = COLUMNS.decode([ENCODER.encode(like) for like in likes])
    assert bad == []
    assert [LikeChanged(**one) for one in table.drop("row").to_dicts()] == likes


@settings(max_examples=200, deadline=None)
@given(LIKES)
def test_what_was_encoded_decodes_to_the_same(like):
    """Kills the mutants "header not skipped" and "enum by position of the class instead of the writer"."""
    assert DECODER.decode(ENCODER.encode(like), "likes") == like


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=90))
def test_any_bytes_are_an_event_or_a_bad_record_never_another_error(tail):
    """Kills the mutant "IndexError of the driver let through"."""
    for raw in (tail, PLAIN[0][:5] + tail):
        try:
            DECODER.decode(raw, "likes")
        except BadRecord as refusal:
            assert refusal.reason
