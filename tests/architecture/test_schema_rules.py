"""The house rules of schemas, on every event: flat, documented, and readable by every tool."""

import re

import pytest

from schemas.avro import NotFlat, avro_schema, namespace_of
from schemas.catalog import TOPICS
from schemas.events import Event
from schemas.lock import read_lock
from schemas.release import derive_all

ALL = [pytest.param(one.schema, one.topic, id=f"{one.topic}-{one.event}") for one in derive_all()]
COMMON = [
    ("event_id", "string"),
    ("occurred_at", {"type": "long", "logicalType": "timestamp-millis"}),
    ("actor_id", "long"),
    ("source", "string"),
    ("trace", ["null", "string"]),
]
PLAIN = ("string", "long", "boolean", "double", "bytes")
BEGAN_WITH_ONE = ("dead_letters",)
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_the_common_fields_come_first_with_one_name_and_type(schema, topic):
    assert [(field["name"], field["type"]) for field in schema["fields"][: len(COMMON)]] == COMMON


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_the_namespace_is_the_topics_and_has_no_version(schema, topic):
    assert schema["namespace"] == namespace_of(topic) == f"darkroom.{topic}"
    assert not re.search(r"v\d", schema["namespace"])


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_everything_is_documented(schema, topic):
    assert schema["doc"].endswith(".")
    for field in schema["fields"]:
        assert field["doc"].endswith("."), field["name"]
        if is_enum(field["type"]):
            assert field["type"]["doc"].endswith("."), field["name"]


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_names_are_plain(schema, topic):
    assert re.fullmatch(r"([A-Z][a-z]+)+", schema["name"])
    for field in schema["fields"]:
        assert SNAKE.fullmatch(field["name"])
        assert field["name"] not in ("row", "offset", "appended_at", "guard_"), "a column of ours has that name"
        if is_enum(field["type"]):
            assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", symbol) for symbol in field["type"]["symbols"])


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_records_are_flat_with_no_map_and_no_union_but_with_null_first(schema, topic):
    for field in schema["fields"]:
        kind = field["type"]
        if isinstance(kind, list):
            assert kind[0] == "null" and len(kind) == 2 and field["default"] is None, field["name"]
            kind = kind[1]
            assert not is_enum(kind), f"{field['name']}: an enum says UNKNOWN, it is never null"
        if isinstance(kind, dict) and kind["type"] == "array":
            kind = kind["items"]
        if not is_enum(kind):
            assert (kind["type"] if isinstance(kind, dict) else kind) in PLAIN, field["name"]


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_enums_can_grow(schema, topic):
    for field in schema["fields"]:
        if is_enum(field["type"]):
            assert field["type"]["symbols"][0] == "UNKNOWN"
            assert field["type"]["default"] == "UNKNOWN"


@pytest.mark.parametrize(("schema", "topic"), ALL)
def test_every_time_says_that_it_is_one(schema, topic):
    for field in schema["fields"]:
        if field["name"].endswith(("_at", "_since", "_until")) or field["name"] in ("since", "until", "window_start"):
            kind = field["type"][1] if isinstance(field["type"], list) else field["type"]
            assert kind == {"type": "long", "logicalType": "timestamp-millis"}, field["name"]


def test_what_is_not_flat_is_refused_with_the_name_of_the_field():
    for kind in (dict[str, int], int | str, Event):
        event = type("Odd", (Event,), {"__annotations__": {"odd": kind}}, frozen=True, kw_only=True)
        with pytest.raises(NotFlat, match=r"Odd\.odd"):
            avro_schema(event, "odd")


def test_every_topic_has_a_subject_for_each_of_its_events():
    subjects = read_lock().subjects
    for topic in TOPICS:
        for event in topic.holds:
            assert f"{topic.name}-darkroom.{topic.name}.{event.__name__}" in subjects
        # What was released stays: a topic that began with one type of event keeps the subject of that time.
        assert (f"{topic.name}-value" in subjects) == (len(topic.holds) == 1 or topic.name in BEGAN_WITH_ONE)


def is_enum(kind):
    return isinstance(kind, dict) and kind["type"] == "enum"
