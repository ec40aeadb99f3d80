"""Guarded columnar decoding of the busy topics: many records to one table at once, and no bad one unnoticed.

The bodies of one schema are spliced into an Avro container in memory and read by polars. Spliced bodies have no borders of
their own: a record that is a byte short would silently change its neighbour. So after each body stands a guard, a secret
constant that the decode schema reads as one more field. When every row's guard is right, every border is proven; the first
wrong one names the bad record; what makes polars raise is found by halving. Whatever the columns cannot vouch for is decided
by the per-record decoder, which also words the reason.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from operator import itemgetter
from typing import Any

import polars

from schemas.avro import Field, fields_of
from schemas.catalog import topic_of
from schemas.codec import HEADER_BYTES, BadRecord, Decoder, Writer, check_some_decode
from schemas.events import Event

# Below this many records the per-record decoder is faster (measured: they meet at about 20).
FEW_RECORDS = 32
# After this many wrong guards the rest is halved, so that many bad records cost no quadratic time.
GUARD_RETRIES = 8
ROW = "row"
_GUARD = "guard_"
_SYNC = b"darkroom-columns"
_HEADER = itemgetter(slice(0, HEADER_BYTES))
_BODY = itemgetter(slice(HEADER_BYTES, None))
_TYPES = {
    "string": polars.String,
    "long": polars.Int64,
    "boolean": polars.Boolean,
    "double": polars.Float64,
    "bytes": polars.Binary,
}

Bad = tuple[int, BadRecord]


class NotColumnar(TypeError):
    """An event has a field that does not decode as a column; the message names it."""


def decode_columns(
    payloads: Sequence[bytes | None], decoder: Decoder, event_type: type[Event]
) -> tuple[polars.DataFrame, list[Bad]]:
    """Return records of one event type as a table, and the bad ones: `ColumnDecoder.decode`, prepared for one call."""
    return ColumnDecoder(decoder, event_type).decode(payloads)


class ColumnDecoder:
    """Decodes the records of one event type as tables; made once and kept, for it prepares what each schema needs."""

    def __init__(self, decoder: Decoder, event_type: type[Event]) -> None:
        """Prepare the columns of an event; NotColumnar when one of its fields has no column type."""
        self.event_type = event_type
        self.topic = topic_of(event_type).name
        self.decoder = decoder
        self._fields = fields_of(event_type, self.topic)
        self._types = {one.name: _dtype(one) for one in self._fields}
        self._layouts: dict[int, _Layout] = {}

    def decode(self, payloads: Sequence[bytes | None]) -> tuple[polars.DataFrame, list[Bad]]:
        """Return the records as a table, and the bad ones with their index in `payloads`, both in order.

        Columns are the event's fields (Int64, String, Float64, Boolean, Binary, Enum of its symbols) and `row`, the index
        in `payloads`. NothingDecodes when more than 50 records of one schema come and none of them can be read.
        """
        groups, bad = self._grouped(payloads)
        frames: list[polars.DataFrame] = []
        for writer, rows in groups:
            chosen = payloads if len(rows) == len(payloads) else [payloads[row] for row in rows]
            run = _Run(self, self._layout(writer), rows, chosen)
            run.decode()
            check_some_decode(writer.released, len(rows) - len(run.bad), [refusal for _, refusal in run.bad])
            frames += run.frames
            bad += run.bad
        bad.sort(key=itemgetter(0))
        if not frames:
            return polars.DataFrame(schema=self._types | {ROW: polars.Int64}), bad
        table = frames[0] if len(frames) == 1 else polars.concat(frames)
        return (table if len(groups) == 1 and table[ROW].is_sorted() else table.sort(ROW)), bad

    def table_of(self, events: Sequence[Event], rows: Sequence[int]) -> polars.DataFrame:
        """Return events that were decoded one by one as a table, with their indexes."""
        types = self._types.items()
        columns = [polars.Series(name, [getattr(event, name) for event in events], dtype) for name, dtype in types]
        return polars.DataFrame([*columns, polars.Series(ROW, rows, polars.Int64)])

    def table_from(self, read: polars.DataFrame, rows: polars.Series, layout: "_Layout") -> polars.DataFrame:
        """Return what polars read as the event's columns: numbers to symbols, defaults for what the writer did not know."""
        return polars.DataFrame([*(self._column(one, read, layout) for one in self._fields), rows])

    def _column(self, one: Field, read: polars.DataFrame, layout: "_Layout") -> polars.Series:
        if one.name not in layout.written:
            return polars.Series(one.name, [one.default], self._types[one.name]).new_from_index(0, read.height)
        column = read[one.name]
        if one.name in layout.symbols:
            return layout.symbols[one.name].gather(column)
        return column != 0 if one.avro == "boolean" else column

    def _grouped(self, payloads: Sequence[bytes | None]) -> tuple[list[tuple[Writer, Sequence[int]]], list[Bad]]:
        """Return the rows of each schema id of the event, and the rows whose header already tells that they are bad."""
        absent = None in payloads
        headers = [raw and raw[:HEADER_BYTES] for raw in payloads] if absent else list(map(_HEADER, payloads))
        places: dict[bytes | None, Sequence[int]] = dict.fromkeys(headers, range(len(payloads)))
        if len(places) > 1:
            places = {header: [] for header in places}
            for row, header in enumerate(headers):
                places[header].append(row)
        groups, bad = [], []
        for rows in places.values():
            try:
                groups.append((self._writer_of(payloads[rows[0]]), rows))
            except BadRecord as refusal:
                bad += [(row, refusal) for row in rows]
        return groups, bad

    def _writer_of(self, raw: bytes | None) -> Writer:
        writer = self.decoder.writer_of(raw, self.topic)
        if writer.event_type is not self.event_type:
            raise BadRecord(f"{writer.event_type.__name__} does not belong among {self.event_type.__name__}")
        return writer

    def _layout(self, writer: Writer) -> "_Layout":
        layout = self._layouts.get(writer.released.id)
        if layout is None:
            layout = self._layouts[writer.released.id] = _layout(writer, self._types)
        return layout


@dataclass(frozen=True)
class _Layout:
    """How polars reads one schema's bodies: the container's head, and the fields whose numbers have a range."""

    head: bytes
    written: frozenset[str]
    symbols: dict[str, polars.Series]
    ranges: tuple[tuple[str, int, int], ...]


def _layout(writer: Writer, types: dict[str, Any]) -> _Layout:
    """Return the layout of one writer. Its enums come as longs already; booleans are read as longs too.

    For polars takes any byte for a boolean. Avro's `true`, read as a long, is -1.
    """
    plain = [{"name": name, "type": _column_type(nullable, kind)} for name, nullable, kind in writer.fields]
    schema = {"type": "record", "name": "Row", "fields": [*plain, {"name": _GUARD, "type": "long"}]}
    parts = (b"avro.schema", json.dumps(schema).encode(), b"avro.codec", b"null")
    head = b"Obj\x01" + _varint(2) + b"".join(_varint(len(part)) + part for part in parts) + b"\0" + _SYNC
    symbols = {name: polars.Series(name, members, types[name]) for name, members in writer.enums if name in types}
    ranges = [(name, 0, len(members) - 1) for name, members in writer.enums]
    ranges += [(name, -1, 0) for name, _, kind in writer.fields if kind == "boolean"]
    return _Layout(head, frozenset(name for name, _, _ in writer.fields), symbols, tuple(ranges))


@dataclass
class _Run:
    """The decoding of one batch's records of one schema: `rows` are their indexes in the batch."""

    columns: ColumnDecoder
    layout: _Layout
    rows: Sequence[int]
    payloads: Sequence[bytes]
    frames: list[polars.DataFrame] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)

    def decode(self) -> None:
        """Fill `frames` and `bad`: read what is left as columns, set the first bad record aside, halve what raises."""
        wrong_guards = 0
        pending = [(0, len(self.payloads))]
        while pending:
            low, high = pending.pop()
            if high - low < FEW_RECORDS:
                self._one_by_one(range(low, high))
                continue
            proven = self._read_proven(low, high)
            if proven is None:
                pending += _halves(low, high)
            elif proven < high:
                wrong_guards += 1
                self._one_by_one(range(proven, proven + 1))
                rest = (proven + 1, high)
                pending += _halves(*rest) if wrong_guards > GUARD_RETRIES else [rest]

    def _read_proven(self, low: int, high: int) -> int | None:
        """Accept the rows from `low` on whose borders are proven and return where they end; None when polars raises."""
        guard = secrets.randbelow(1 << 47) + (1 << 47)
        try:
            read = polars.read_avro(BytesIO(self._container(low, high, guard)))
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException:
            # polars panics on what it does not expect, and its PanicException is not an Exception.
            return None
        guards = read[_GUARD]
        if read.height == high - low and guards.min() == guard == guards.max():
            self._accept(read, low)
            return high
        wrong = (guards != guard).arg_true()
        good = wrong[0] if len(wrong) else 0
        self._accept(read.head(good), low)
        return low + good

    def _container(self, low: int, high: int, guard: int) -> bytes:
        """Return an Avro container of one block with the bodies of some records, each followed by the guard."""
        chosen = self.payloads if high - low == len(self.payloads) else self.payloads[low:high]
        rows = _varint(guard).join([*map(_BODY, chosen), b""])
        return b"".join((self.layout.head, _varint(high - low), _varint(len(rows)), rows, _SYNC))

    def _accept(self, read: polars.DataFrame, low: int) -> None:
        """Add proven rows as a table; those with a number outside its range are decided one by one."""
        doubtful: set[int] = set()
        for name, first, last in self.layout.ranges:
            column = read[name]
            # A column of nulls has no min; it holds nothing that could be out of range.
            if (least := column.min()) is not None and not first <= least <= column.max() <= last:
                doubtful.update(column.is_between(first, last).not_().fill_null(False).arg_true())
        if isinstance(self.rows, range):
            rows = polars.int_range(low, low + read.height, eager=True).alias(ROW)
        else:
            rows = polars.Series(ROW, self.rows[low : low + read.height], polars.Int64)
        if doubtful:
            kept = [place for place in range(read.height) if place not in doubtful]
            read, rows = read[kept], rows[kept]
        if read.height:
            self.frames.append(self.columns.table_from(read, rows, self.layout))
        self._one_by_one([low + place for place in sorted(doubtful)])

    def _one_by_one(self, places: Sequence[int]) -> None:
        """Decode some records with the per-record decoder; add a table of the good ones, and the bad ones."""
        events, rows = [], []
        for place in places:
            try:
                events.append(self.columns.decoder.decode(self.payloads[place], self.columns.topic))
                rows.append(self.rows[place])
            except BadRecord as refusal:
                self.bad.append((self.rows[place], refusal))
        if events:
            self.frames.append(self.columns.table_of(events, rows))


def _halves(low: int, high: int) -> list[tuple[int, int]]:
    """Return both halves of a span, the first one last, since spans are taken from the end."""
    middle = (low + high) // 2
    return [(middle, high), (low, middle)]


def _dtype(one: Field) -> Any:
    if one.enum is not None:
        return polars.Enum([member.value for member in one.enum])
    kind = one.avro["type"] if isinstance(one.avro, dict) else one.avro
    if kind not in _TYPES:
        raise NotColumnar(f"{one.name}: {kind} does not decode as a column; its topic cannot be hot")
    return _TYPES[kind]


def _column_type(nullable: bool, kind: Any) -> Any:
    read_as = "long" if kind == "boolean" else kind
    return ["null", read_as] if nullable else read_as


def _varint(value: int) -> bytes:
    """Return a non-negative number in Avro's zigzag variable-length coding."""
    value <<= 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
