"""Columns: the table of a batch, and how bad records are set aside from it."""

import io

import fastavro
import polars
import pytest

from schemas.catalog import TOPICS
from schemas.codec import NothingDecodes, open_codec
from schemas.columns import ColumnDecoder, NotColumnar, decode_columns
from schemas.events import CommentAdded, LikeChanged, TermScored
from schemas.lock import read_lock
from tests.specs.likes_made import plain_like
from tests.specs.test_codec import COMMON, older, written_with


@pytest.fixture(scope="module")
def codec():
    return open_codec()


@pytest.fixture(scope="module")
def likes(codec):
    return ColumnDecoder(codec.decoder, LikeChanged)


def payloads_of(codec, count):
    return [codec.encoder.encode(plain_like(number)) for number in range(count)]


def events_in(table):
    return [(one.pop("row"), LikeChanged(**one)) for one in table.to_dicts()]


@pytest.mark.parametrize("count", [0, 1, 31, 32, 1_000])
def test_a_clean_batch_is_a_table_with_typed_columns(codec, likes, count):
    table, bad = likes.decode(payloads_of(codec, count))
    assert bad == []
    assert events_in(table) == [(row, plain_like(row)) for row in range(count)]
    assert table.schema == {
        "event_id": polars.String,
        "occurred_at": polars.Int64,
        "actor_id": polars.Int64,
        "source": polars.String,
        "trace": polars.String,
        "photo_id": polars.Int64,
        "kind": polars.Enum(["UNKNOWN", "LIKED", "UNLIKED"]),
        "comment_id": polars.Int64,
        "row": polars.Int64,
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda raw: None, "no value"),
        (lambda raw: b"", "too few"),
        (lambda raw: b"\x00", "too few"),
        (lambda raw: raw[:5], "event_id: the record ends too early"),
        (lambda raw: raw[:-1], "ends too early"),
        (lambda raw: raw + b"\x00", "1 bytes are left over"),
        (lambda raw: raw + raw[5:], "are left over"),
        (lambda raw: raw[: len(raw) // 2], "ends too early"),
        (lambda raw: b"{}" + raw, "first byte is 0x7b"),
        (lambda raw: b"\x00\x00\x00\xff\xff" + raw[5:], "schema id 65535"),
        (lambda raw: raw[:-2] + b"\x06" + raw[-1:], "kind: symbol number 3"),
        (lambda raw: raw[:-2] + b"\x01" + raw[-1:], "kind: symbol number -1"),
        (lambda raw: raw[:6] + b"\xff" + raw[7:], "event_id: the text is not UTF-8"),
        (lambda raw: raw[:5] + b"\xff\xff\xff\xff\x0f" + raw[6:], "event_id"),
    ],
)
def test_one_bad_record_is_named_and_its_neighbours_are_whole(codec, likes, change, reason):
    payloads = payloads_of(codec, 300)
    payloads[123] = change(payloads[121])
    table, bad = likes.decode(payloads)
    assert [row for row, _ in bad] == [123]
    assert reason in str(bad[0][1])
    assert events_in(table) == [(row, plain_like(row)) for row in range(300) if row != 123]


def test_a_border_that_moved_is_seen_though_nothing_raises(codec, likes):
    payloads = payloads_of(codec, 64)
    payloads[10], payloads[11] = payloads[10][:-1], payloads[11][:5] + payloads[10][-1:] + payloads[11][5:]
    payloads[63] += b"\x00"
    table, bad = likes.decode(payloads)
    assert [row for row, _ in bad] == [10, 11, 63]
    assert events_in(table) == [(row, plain_like(row)) for row in range(63) if row not in (10, 11)]


def test_an_event_of_another_type_is_bad(codec, likes):
    comment = codec.encoder.encode(CommentAdded(**COMMON, comment_id=1, photo_id=2, text="nice"))
    table, bad = likes.decode([*payloads_of(codec, 3), comment])
    assert table.height == 3
    assert "CommentAdded of topic comments" in bad[0][1].reason


def test_many_bad_records_are_all_named(codec, likes):
    payloads = payloads_of(codec, 2_000)
    for row in range(0, 2_000, 7):
        payloads[row] = payloads[row][:-1]
    table, bad = likes.decode(payloads)
    assert [row for row, _ in bad] == list(range(0, 2_000, 7))
    assert events_in(table) == [(row, plain_like(row)) for row in range(2_000) if row % 7]


def test_a_whole_batch_that_does_not_decode_is_our_fault(codec, likes):
    with pytest.raises(NothingDecodes, match="none of 51 records with schema id"):
        likes.decode([raw[:-1] for raw in payloads_of(codec, 51)])
    assert likes.decode([b"garbage"] * 100)[0].height == 0


@pytest.mark.parametrize("count", [10, 200])
def test_records_of_several_schema_ids_come_in_their_order_with_defaults(count):
    lock = older(read_lock(), drop="comment_id", add={"name": "mood", "type": "string", "default": ""})
    encoder, decoder = open_codec(lock)
    values = {field: getattr(plain_like(1), field) for field in LikeChanged.__struct_fields__}
    old = written_with(lock, 9_999, {**values, "mood": "fine"})
    payloads = [raw for number in range(count) for raw in (old, encoder.encode(plain_like(number)))]
    table, bad = decode_columns(payloads, decoder, LikeChanged)
    assert bad == []
    expected = [event for number in range(count) for event in (plain_like(1), plain_like(number))]
    assert events_in(table) == list(enumerate(expected))


def test_only_flat_columns_decode_as_columns(codec):
    with pytest.raises(NotColumnar, match="photos"):
        ColumnDecoder(codec.decoder, TermScored)


def test_every_hot_topic_decodes_as_columns(codec):
    for topic in TOPICS:
        if topic.hot:
            assert len(topic.holds) == 1, f"{topic.name}: a hot topic holds one type of event"
            ColumnDecoder(codec.decoder, topic.holds[0])


@pytest.mark.parametrize("branch", [b"\x01", b"\x03", b"\x04", b"\x80\x01"])
def test_a_branch_number_that_nobody_writes_reads_alike_in_columns_and_alone(codec, likes, branch):
    """Otherwise what a record says would depend on how many came with it (I2)."""
    payloads = payloads_of(codec, 64)
    for odd in (payloads[7][:-1] + branch + b"\x54", payloads[7][:-1] + branch):
        batch = [*payloads[:40], odd, *payloads[41:]]
        in_columns = dict(events_in(likes.decode(batch)[0]))
        alone = dict(codec.decoder.decode_many(batch, "likes")[0])
        assert in_columns == alone
        assert len(alone) >= 63


def test_defaults_are_those_that_avros_own_reader_fills_in():
    lock = older(read_lock(), drop="comment_id", add={"name": "mood", "type": "string", "default": ""})
    _, decoder = open_codec(lock)
    values = {field: getattr(plain_like(1), field) for field in LikeChanged.__struct_fields__}
    old = written_with(lock, 9_999, {**values, "mood": "fine"})
    wanted = fastavro.schemaless_reader(
        io.BytesIO(old[5:]),
        fastavro.parse_schema(dict(lock.schemas[9_999].schema)),
        fastavro.parse_schema(dict(lock.latest["likes", "LikeChanged"].schema)),
    )
    table, _ = decode_columns([old] * 100, decoder, LikeChanged)
    found = table.drop("row").to_dicts()
    wanted["occurred_at"] = round(wanted["occurred_at"].timestamp() * 1_000)
    assert found == [wanted] * 100
