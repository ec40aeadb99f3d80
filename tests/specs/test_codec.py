"""Bytes: what an event becomes, and what is said of bytes that are none."""

import io
import struct

import fastavro
import msgspec
import pytest

from schemas.catalog import TOPICS
from schemas.codec import BadRecord, CannotEncode, NothingDecodes, NotReleased, open_codec
from schemas.events import AccountOpened, Board, DeadLettered, LikeChanged, LikeKind, TermScored
from schemas.lock import Lock, Released, read_lock
from tests.specs.likes_made import plain_like

COMMON = {"event_id": "1", "occurred_at": 1_763_721_021_000, "actor_id": 7, "source": "http"}


@pytest.fixture(scope="module")
def codec():
    return open_codec()


@pytest.fixture(scope="module")
def like_bytes(codec):
    return codec.encoder.encode(plain_like(1))


def test_framing_is_confluents_and_the_body_is_plain_avro(codec, like_bytes):
    like = plain_like(1)
    released = read_lock().latest["likes", "LikeChanged"]
    assert like_bytes[:5] == struct.pack(">bI", 0, released.id)
    body = fastavro.schemaless_reader(io.BytesIO(like_bytes[5:]), fastavro.parse_schema(dict(released.schema)), None)
    assert body["occurred_at"].timestamp() * 1000 == like.occurred_at
    assert body["kind"] == "LIKED"
    assert body["photo_id"] == like.photo_id


def test_every_kind_of_field_survives(codec):
    scored = TermScored(
        **COMMON,
        board=Board.PLACES,
        term="wien",
        shown="Wien",
        window_start=5,
        people=3,
        observed=1.5,
        expected=2.0,
        novelty=-0.25,
        peak_score=3.0,
        peak_at=9,
        photos=(1, 2, (1 << 63) - 1),
    )
    letter = DeadLettered(
        **COMMON, topic="likes", partition=3, position=1042, agent="likes", reason="short", raw_value=b"\x00\xff"
    )
    for event in (scored, letter, plain_like(1), plain_like(5)):
        assert codec.decoder.decode(codec.encoder.encode(event)) == event
    assert type(codec.decoder.decode(codec.encoder.encode(plain_like(1))).kind) is LikeKind


def test_every_event_of_the_catalogue_can_be_encoded(codec):
    assert {event for topic in TOPICS for event in topic.holds} == set(codec.encoder._written)


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        (lambda raw: None, "no value", None),
        (lambda raw: b"", "too few", None),
        (lambda raw: raw[:4], "too few", None),
        (lambda raw: b'{"kind": "LIKED"}', "first byte is 0x7b", None),
        (lambda raw: b"\x00\x00\x00\xff\xff" + raw[5:], "schema id 65535 is not in", None),
        (lambda raw: raw[:-1], "ends too early", "comment_id"),
        (lambda raw: raw[:20], "ends too early", "actor_id"),
        (lambda raw: raw[:5], "ends too early", "event_id"),
        (lambda raw: raw + b"\x00\x01", "2 bytes are left over", None),
        (lambda raw: raw[:-2] + b"\x06" + raw[-1:], "symbol number 3 is not one of 0..2", "kind"),
        (lambda raw: raw[:-2] + b"\x01" + raw[-1:], "symbol number -1 is not one of 0..2", "kind"),
        (lambda raw: raw[:6] + b"\xff" + raw[7:], "not UTF-8", "event_id"),
        (lambda raw: raw[:5] + b"\x03" + raw[6:], "too early|cannot be read", "event_id"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(codec, like_bytes, change, reason, field):
    with pytest.raises(BadRecord, match=reason) as refusal:
        codec.decoder.decode(change(like_bytes), "likes")
    assert refusal.value.field == field


def test_an_event_of_another_topic_is_bad_only_when_the_topic_is_given(codec):
    opened = AccountOpened(**COMMON, user_id=7, username="anna", display_name="Anna")
    raw = codec.encoder.encode(opened)
    assert codec.decoder.decode(raw) == opened
    with pytest.raises(BadRecord, match="AccountOpened of topic accounts"):
        codec.decoder.decode(raw, "likes")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("photo_id", None),
        ("photo_id", 1 << 63),
        ("photo_id", "7"),
        ("photo_id", 1.5),
        ("event_id", 7),
        ("source", "\ud800"),
        ("trace", 7),
        ("kind", "LOVED"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_field(codec, field, value):
    with pytest.raises(CannotEncode, match=rf"LikeChanged\.{field}"):
        codec.encoder.encode(msgspec.structs.replace(plain_like(1), **{field: value}))


def test_a_batch_keeps_its_order_and_its_bad_records_apart(codec):
    payloads = [codec.encoder.encode(plain_like(number)) for number in range(5)]
    payloads[1], payloads[3] = None, payloads[3][:-1]
    events, bad = codec.decoder.decode_many(payloads, "likes")
    assert events == [(row, plain_like(row)) for row in (0, 2, 4)]
    assert [row for row, _ in bad] == [1, 3]


def test_a_whole_batch_that_does_not_decode_is_our_fault(codec, like_bytes):
    short = like_bytes[:-1]
    with pytest.raises(NothingDecodes, match="none of 51 records with schema id"):
        codec.decoder.decode_many([short] * 51, "likes")
    assert len(codec.decoder.decode_many([short] * 50, "likes")[1]) == 50
    events, bad = codec.decoder.decode_many([short] * 51 + [like_bytes], "likes")
    assert (len(events), len(bad)) == (1, 51)


def test_garbage_of_strangers_is_poison_however_much_of_it_comes(codec):
    _, bad = codec.decoder.decode_many([b"garbage"] * 100 + [b"\x00\x00\x00\xff\xffx"] * 100, "likes")
    assert len(bad) == 200


def older(lock: Lock, drop: str, add: dict | None = None) -> Lock:
    """Return a lock in which the current LikeChanged is version 2 of one that lacked a field (or had another one)."""
    newest = lock.latest["likes", "LikeChanged"]
    fields = [field for field in newest.schema["fields"] if field["name"] != drop]
    first = {**newest.schema, "fields": [*fields, *([add] if add else [])]}
    one = Released(9_999, "likes", "LikeChanged", 0, "of another time", first)
    return Lock({**lock.schemas, one.id: one}, lock.subjects)


def written_with(lock: Lock, schema_id: int, values: dict) -> bytes:
    body = io.BytesIO(struct.pack(">bI", 0, schema_id))
    body.seek(5)
    fastavro.schemaless_writer(body, fastavro.parse_schema(dict(lock.schemas[schema_id].schema)), values)
    return body.getvalue()


def test_a_field_that_the_writer_did_not_know_takes_its_default_and_a_removed_one_is_left_out():
    lock = older(read_lock(), drop="comment_id", add={"name": "mood", "type": "string", "default": ""})
    like = plain_like(1)
    raw = written_with(lock, 9_999, {**msgspec.structs.asdict(like), "mood": "fine"})
    assert open_codec(lock).decoder.decode(raw, "likes") == like


def test_an_event_whose_class_is_ahead_of_the_lock_cannot_be_written():
    lock = read_lock()
    without = {id_: one for id_, one in lock.schemas.items() if one.event != "LikeChanged"}
    with pytest.raises(NotReleased, match=r"LikeChanged.*python -m schemas release"):
        open_codec(Lock(without, lock.subjects))


def test_the_class_of_a_decoded_event_is_the_declared_one(codec, like_bytes):
    assert type(codec.decoder.decode(like_bytes)) is LikeChanged
