"""Payloads of one topic to one frame for each event type: as columns where the schema allows it, record by record elsewhere."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec
import polars

from schemas.avro import fields_of
from schemas.codec import HEADER_BYTES, BadRecord, Decoder
from schemas.columns import NotColumnar, decode_columns
from schemas.events import Event
from streams.replay import DecodeFrames


def frame_decoder(decoder: Decoder) -> DecodeFrames:
    """Return the function that `streams.replay` decodes with."""

    def decode(topic: str, payloads: Sequence[bytes | None]) -> tuple[dict[str, polars.DataFrame], list[tuple[int, str]]]:
        rows_of, bad = _grouped(decoder, topic, payloads)
        frames = {}
        for event_type, rows in rows_of.items():
            frame, refused = _decode_type(decoder, topic, event_type, [payloads[row] for row in rows])
            places = polars.Series("row", rows, dtype=polars.Int64)
            frames[event_type.__name__] = frame.with_columns(places.gather(frame["row"]).alias("row"))
            bad += [(rows[row], str(why)) for row, why in refused]
        return frames, bad

    return decode


def _grouped(decoder: Decoder, topic: str, payloads: Sequence[bytes | None]) -> tuple[dict, list[tuple[int, str]]]:
    """Return the rows of each event type, and those whose frame names none."""
    heads = {raw[:HEADER_BYTES] if raw else b"" for raw in payloads}
    if len(heads) == 1:
        # The usual case, which is not worth a look at each: one schema wrote them all.
        with suppress(BadRecord):
            return {decoder.writer_of(payloads[0], topic).event_type: range(len(payloads))}, []
    rows_of: dict[type[Event], list[int]] = {}
    types: dict[bytes, type[Event]] = {}
    bad = []
    for row, raw in enumerate(payloads):
        header = raw[:HEADER_BYTES] if raw else b""
        event_type = types.get(header)
        if event_type is None:
            try:
                event_type = types[header] = decoder.writer_of(raw, topic).event_type
            except BadRecord as why:
                bad.append((row, str(why)))
                continue
        rows_of.setdefault(event_type, []).append(row)
    return rows_of, bad


def _decode_type(decoder: Decoder, topic: str, event_type: type[Event], payloads: list) -> tuple[polars.DataFrame, list]:
    """Decode the payloads of one type: as columns, or one by one where a field (a list) is no column."""
    try:
        frame, bad = decode_columns(payloads, decoder, event_type)
    except NotColumnar:
        events, bad = decoder.decode_many(payloads, topic)
        rows = [{"row": row} | msgspec.to_builtins(event, builtin_types=(bytes,)) for row, event in events]
        frame = polars.DataFrame(rows, infer_schema_length=None)
    times = [field.name for field in fields_of(event_type, topic) if "timestamp-millis" in str(field.avro)]
    return frame.with_columns(polars.col(times).cast(polars.Datetime("ms", "UTC"))), bad
