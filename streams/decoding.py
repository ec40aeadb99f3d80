"""Raw records of one topic partition into the batch that a fold takes, with the bad ones aside."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import polars

from schemas.catalog import topic_named
from schemas.codec import Decoder
from schemas.columns import ROW, ColumnDecoder
from streams.fold import Batch, Record


class RawRecord(NamedTuple):
    """One record as the log gives it. `timestamp` is the broker's time in ms."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Raw(Protocol):
    """What is needed of a raw record; the Kafka clients' own have it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Bad(NamedTuple):
    """A record that cannot be folded, and why."""

    record: Raw
    reason: str


class BatchDecoder:
    """Decodes batches for all agents of a process; what one has decoded another one need not decode again."""

    def __init__(self, decoder: Decoder, remembered: int = 16) -> None:
        self._decoder = decoder
        self._columns: dict[str, ColumnDecoder] = {}
        self._remembered = remembered
        self._last: OrderedDict[tuple, tuple[Batch, list[Bad]]] = OrderedDict()

    def decode(self, topic: str, partition: int, records: Sequence[Raw]) -> tuple[Batch, list[Bad]]:
        """Return the batch of some records in offset order, at least one, and the bad ones among them.

        Hot topics come as columns. Raises `NothingDecodes` when that is our own fault, not the records'.
        """
        place = (topic, partition, records[0].offset, records[-1].offset, len(records))
        decoded = self._last.get(place)
        if decoded is None:
            decoded = self._last[place] = self._decode(topic, partition, records)
            if len(self._last) > self._remembered:
                self._last.popitem(last=False)
        batch, bad = decoded
        return batch, list(bad)

    def _decode(self, topic: str, partition: int, records: Sequence[Raw]) -> tuple[Batch, list[Bad]]:
        line = topic_named(topic)
        payloads = [record.value for record in records]
        first, end = records[0].offset, records[-1].offset + 1
        if line.hot:
            if topic not in self._columns:
                self._columns[topic] = ColumnDecoder(self._decoder, line.holds[0])
            frame, bad = self._columns[topic].decode(payloads)
            batch = Batch(topic, partition, first, end, columns=_placed(frame, records))
        else:
            events, bad = self._decoder.decode_many(payloads, topic)
            kept = [Record(records[row].offset, records[row].timestamp, event) for row, event in events]
            batch = Batch(topic, partition, first, end, records=kept)
        return batch, [Bad(records[row], str(refusal)) for row, refusal in bad]


def _placed(frame: polars.DataFrame, records: Sequence[Raw]) -> polars.DataFrame:
    """Put the place of each record beside its fields. Made of whole columns: an expression costs more than a small batch."""
    kept = records if len(frame) == len(records) else [records[row] for row in frame.get_column(ROW)]
    offsets = polars.Series("offset", [record.offset for record in kept], dtype=polars.Int64)
    times = polars.Series("appended_at", [record.timestamp for record in kept], dtype=polars.Int64)
    return polars.DataFrame([*(column for column in frame.get_columns() if column.name != ROW), offsets, times])
