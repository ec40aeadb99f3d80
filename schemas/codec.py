"""Events to bytes and back: Confluent's framing (magic 0, four bytes of schema id, big-endian) around an Avro body.

`open_codec()` reads the committed lock once and returns an `Encoder` and a `Decoder`. A record is decoded with the schema
that wrote it; fields that the class has gained since then take their defaults, those that it has lost are left out.
Times stay integers (ms), ids stay integers, enums are the events' own.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import Any, NamedTuple

import fastavro
import msgspec

from schemas.avro import UNKNOWN, avro_schema, fields_of, fingerprint
from schemas.catalog import TOPICS
from schemas.events import Event
from schemas.lock import LOCK_NAME, Lock, Released, read_lock

MAGIC = 0
HEADER_BYTES = 5
# A group of one known schema id this large of which nothing decodes is not poison in the log, but a fault of ours.
SUSPICIOUS_RECORDS = 50

_WRONG = (EOFError, IndexError, ValueError, OverflowError, KeyError, TypeError)


class BadRecord(Exception):
    """A record that cannot be decoded: `reason` in words, and the `field` where it went wrong when that is known."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field


class NothingDecodes(RuntimeError):
    """A whole group of records of one known schema does not decode: code or lock are wrong, so stop and acknowledge none."""


class NotReleased(RuntimeError):
    """An event's class says something else than its newest released schema; release it before it is written."""


class CannotEncode(ValueError):
    """An event holds a value that its schema cannot carry; the message names the field."""


class Codec(NamedTuple):
    """Both directions, made from one lock."""

    encoder: "Encoder"
    decoder: "Decoder"


@dataclass(frozen=True, slots=True)
class Writer:
    """How one released schema's bodies are read: enums as numbers (so that their range is checked), times as longs.

    `fields` are each field's name, whether it may be null, and the schema of its value.
    """

    released: Released
    event_type: type[Event]
    schema: Any
    enums: tuple[tuple[str, tuple[Enum, ...]], ...]
    fields: tuple[tuple[str, bool, Any], ...]


def open_codec(lock: Lock | None = None) -> Codec:
    """Return the encoder and decoder of the committed lock, or of a given one; NotReleased when the code is ahead of it."""
    lock = read_lock() if lock is None else lock
    return Codec(Encoder(lock), Decoder(lock))


def header_of(schema_id: int) -> bytes:
    """Return the five bytes that precede every body written with a schema."""
    return struct.pack(">bI", MAGIC, schema_id)


class Encoder:
    """Events to framed bytes, each with its newest released schema."""

    def __init__(self, lock: Lock) -> None:
        """Prepare every event of the catalogue; NotReleased, naming them, when some are not what was released."""
        self._written: dict[type[Event], tuple[bytes, Any, tuple[str, ...]]] = {}
        ahead = []
        for topic in TOPICS:
            for event_type in topic.holds:
                derived = avro_schema(event_type, topic.name)
                latest = lock.latest.get((topic.name, event_type.__name__))
                if latest is None or latest.fingerprint != fingerprint(derived):
                    ahead.append(event_type.__name__)
                    continue
                schema = fastavro.parse_schema(_without_logical_types(derived))
                whole = tuple(field["name"] for field in schema["fields"] if "long" in field["type"])
                self._written[event_type] = (header_of(latest.id), schema, whole)
        if ahead:
            raise NotReleased(f"{', '.join(ahead)}: not what {LOCK_NAME} released; run: python -m schemas release")

    def encode(self, event: Event) -> bytes:
        """Return the framed bytes of an event; CannotEncode, naming the field, when a value does not fit its schema."""
        header, schema, whole = self._written[type(event)]
        values = msgspec.structs.asdict(event)
        body = BytesIO()
        body.write(header)
        try:
            for name in whole:
                # The driver would cut a float to a whole number without a word.
                if values[name].__class__ is float:
                    raise TypeError(f"{name} must be a whole number")
            fastavro.schemaless_writer(body, schema, values)
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            raise _cannot_encode(event, schema, error) from error
        return body.getvalue()


class Decoder:
    """Framed bytes to events, with the schema that wrote them."""

    def __init__(self, lock: Lock) -> None:
        """Prepare every schema ever released whose event the catalogue still has."""
        self._ids = frozenset(lock.schemas)
        types = {(topic.name, one.__name__): one for topic in TOPICS for one in topic.holds}
        known = [one for one in lock.schemas.values() if (one.topic, one.event) in types]
        self._writers = {header_of(one.id): _writer(one, types[one.topic, one.event]) for one in known}

    def decode(self, raw: bytes | None, topic: str | None = None) -> Event:
        """Return the event in a record's value; BadRecord for anything wrong, so when it belongs to another `topic`."""
        return self._read(raw, self.writer_of(raw, topic))

    def decode_many(
        self, payloads: Sequence[bytes | None], topic: str | None = None
    ) -> tuple[list[tuple[int, Event]], list[tuple[int, BadRecord]]]:
        """Return the events and the bad records of a batch, each with its index in `payloads`, in their order.

        NothingDecodes when more than 50 bodies of one known schema come and none of them can be read.
        """
        events: list[tuple[int, Event]] = []
        bad: list[tuple[int, BadRecord]] = []
        unread: dict[bytes, list[BadRecord]] = {}
        for row, raw in enumerate(payloads):
            try:
                events.append((row, self._read(raw, self.writer_of(raw, topic))))
            except BadRecord as refusal:
                bad.append((row, refusal))
                if raw is not None:
                    unread.setdefault(raw[:HEADER_BYTES], []).append(refusal)
        for header, refusals in unread.items():
            writer = self._writers.get(header)
            if writer is not None and topic in (None, writer.released.topic):
                came = sum(raw is not None and raw[:HEADER_BYTES] == header for raw in payloads)
                check_some_decode(writer.released, came - len(refusals), refusals)
        return events, bad

    def writer_of(self, raw: bytes | None, topic: str | None = None) -> Writer:
        """Return how the body of a record is to be read, by its first five bytes; BadRecord when they say nothing known."""
        writer = self._writers.get(raw[:HEADER_BYTES]) if raw else None
        if writer is None or (topic is not None and writer.released.topic != topic):
            raise self._refused_header(raw, topic)
        return writer

    def _read(self, raw: bytes, writer: Writer) -> Event:
        body = BytesIO(raw)
        body.seek(HEADER_BYTES)
        try:
            values = fastavro.schemaless_reader(body, writer.schema, None)
            whole = body.tell() == len(raw)
        except _WRONG:
            whole = False
        if not whole:
            body.seek(HEADER_BYTES)
            values = _read_field_by_field(body, len(raw), writer)
        if body.tell() != len(raw):
            left = len(raw) - body.tell()
            raise BadRecord(f"{left} bytes are left over after the last field of {writer.event_type.__name__}")
        for name, members in writer.enums:
            if not 0 <= values[name] < len(members):
                raise _no_such_symbol(name, values[name], members)
            values[name] = members[values[name]]
        return msgspec.convert(values, writer.event_type)

    def _refused_header(self, raw: bytes | None, topic: str | None) -> BadRecord:
        if raw is None:
            return BadRecord("there is no value; this log holds no tombstones")
        if len(raw) < HEADER_BYTES:
            return BadRecord(f"{len(raw)} bytes are too few; the framing alone takes {HEADER_BYTES}")
        magic, schema_id = struct.unpack_from(">BI", raw)
        if magic != MAGIC:
            return BadRecord(f"the first byte is 0x{magic:02x}, not 0x00: not Avro in Confluent's framing")
        writer = self._writers.get(raw[:HEADER_BYTES])
        if writer is not None:
            one = writer.released
            return BadRecord(f"schema id {schema_id} is {one.event} of topic {one.topic}; it does not belong to {topic}")
        if schema_id in self._ids:
            return BadRecord(f"schema id {schema_id} is of an event that schemas/catalog.py no longer has")
        return BadRecord(f"schema id {schema_id} is not in {LOCK_NAME}")


def check_some_decode(released: Released, good: int, bad: Sequence[BadRecord]) -> None:
    """Raise NothingDecodes when a group of more than 50 records of one schema has none that decodes."""
    if good == 0 and len(bad) > SUSPICIOUS_RECORDS:
        raise NothingDecodes(
            f"none of {len(bad)} records with schema id {released.id} ({released.topic}/{released.event}) decodes, "
            f"first: {bad[0]}; compare {LOCK_NAME} with what the producers use"
        )


def _writer(released: Released, event_type: type[Event]) -> Writer:
    classes = {field.name: field.enum for field in fields_of(event_type, released.topic) if field.enum}
    plain = _without_logical_types(released.schema)
    enums = []
    for field in plain["fields"]:
        if isinstance(field["type"], dict) and field["type"]["type"] == "enum":
            enums.append((field["name"], _members(field["type"]["symbols"], classes.get(field["name"]))))
            field["type"] = "long"
        field.pop("default", None)
    schema = fastavro.parse_schema(plain)
    fields = tuple(_alone(field) for field in schema["fields"])
    return Writer(released, event_type, schema, tuple(enums), fields)


def _alone(field: Mapping[str, Any]) -> tuple[str, bool, Any]:
    """Return a field's name, whether it may be null, and the schema of its value."""
    nullable = isinstance(field["type"], list)
    return field["name"], nullable, field["type"][1] if nullable else field["type"]


def _members(symbols: Sequence[str], enum: type[Enum] | None) -> tuple[Any, ...]:
    """Return what each written number means now; a symbol that the class does not have reads as UNKNOWN."""
    if enum is None:
        return tuple(symbols)
    known = {member.value: member for member in enum}
    return tuple(known.get(symbol, known[UNKNOWN]) for symbol in symbols)


def _without_logical_types(node: Any) -> Any:
    """Return a copy of a schema whose times are plain longs, so that nothing is converted on the way."""
    if isinstance(node, list):
        return [_without_logical_types(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    if "logicalType" in node:
        return node["type"]
    return {key: value if key in ("default", "symbols") else _without_logical_types(value) for key, value in node.items()}


def _read_field_by_field(body: BytesIO, end: int, writer: Writer) -> dict[str, Any]:
    """Return the values of a body that could not be read at once; BadRecord with the field where it goes wrong.

    A branch number that no writer writes is read as polars reads it, all but 0 for the value, so that what a record says
    does not depend on whether it came in columns.
    """
    values = {}
    for name, nullable, schema in writer.fields:
        try:
            present = not nullable or fastavro.schemaless_reader(body, "long", None) != 0
            values[name] = fastavro.schemaless_reader(body, schema, None) if present else None
        except UnicodeDecodeError as error:
            raise BadRecord("the text is not UTF-8", name) from error
        except _WRONG as error:
            ended = body.tell() >= end
            raise BadRecord("the record ends too early" if ended else f"cannot be read ({error})", name) from error
    return values


def _no_such_symbol(name: str, number: int, members: Sequence[Any]) -> BadRecord:
    symbols = ", ".join(getattr(member, "value", member) for member in members)
    return BadRecord(f"symbol number {number} is not one of 0..{len(members) - 1} ({symbols})", name)


def _cannot_encode(event: Event, schema: Any, error: Exception) -> CannotEncode:
    """Return which field of an event cannot be written, by writing them one by one."""
    event_name = type(event).__name__
    for field in schema["fields"]:
        value = getattr(event, field["name"])
        if "long" in field["type"] and isinstance(value, float):
            return CannotEncode(f"{event_name}.{field['name']}: {value!r} is not a whole number")
        try:
            fastavro.schemaless_writer(BytesIO(), field["type"], value)
        except (ValueError, TypeError, OverflowError, AttributeError) as cause:
            return CannotEncode(f"{event_name}.{field['name']}: {value!r} does not fit its schema ({cause})")
    return CannotEncode(f"{event_name}: {error}")
