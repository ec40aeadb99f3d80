"""Read a pinned range of a topic outside every production group, as columns, and count what was read.

Whoever replays asks for a `Selection`; the ends are pinned before the first record is read, so that the same replay gives the
same answer twice while the log grows. Where the rows go is `streams.export`'s work.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars

from streams.kafka import Consumer, TopicPartition
from streams.reading import read_range
from streams.selection import Range, Selection

# Payloads to one frame for each event type (with the column `row`, the index of the payload), and the rows that are bad.
DecodeFrames = Callable[[str, Sequence[bytes | None]], tuple[dict[str, polars.DataFrame], list[tuple[int, str]]]]


@dataclass
class Count:
    """What became of the records of one partition; `read` is the sum of the next three, or the replay is wrong.

    `gaps` counts the offsets of the range that hold no record: compaction or retention took it, or a transaction ended there.
    """

    read: int = 0
    written: int = 0
    filtered: int = 0
    dead: int = 0
    gaps: int = 0

    def is_complete(self) -> bool:
        """Return whether every record that was read is accounted for."""
        return self.read == self.written + self.filtered + self.dead


@dataclass(frozen=True)
class Piece:
    """Rows of one event type and partition, in offset order, with `partition`, `offset` and `timestamp` as first columns."""

    event_type: str
    partition: int
    rows: polars.DataFrame


def pin(consumer: Consumer, selection: Selection) -> tuple[Range, ...]:
    """Return the range of each partition, from the times of the selection; raises KeyError when there is no such topic."""
    metadata = consumer.list_topics(selection.topic, timeout=10).topics[selection.topic]
    if metadata.error is not None or not metadata.partitions:
        raise KeyError(f"topic {selection.topic!r} is not on the broker; `python -m streams topics list` says what is")
    wanted = selection.partitions or tuple(sorted(metadata.partitions))
    ranges = []
    for partition in wanted:
        low, high = consumer.get_watermark_offsets(TopicPartition(selection.topic, partition), timeout=10)
        start = _offset_at(consumer, selection.topic, partition, selection.since_ms, low, high)
        end = (
            high
            if selection.until_ms is None
            else _offset_at(consumer, selection.topic, partition, selection.until_ms, low, high)
        )
        ranges.append(Range(partition, start, max(start, end)))
    return tuple(ranges)


def _offset_at(consumer: Consumer, topic: str, partition: int, time_ms: int | None, low: int, high: int) -> int:
    """Return the first offset at or after a time; `low` for no time, `high` when nothing is that late."""
    if time_ms is None:
        return low
    found = consumer.offsets_for_times([TopicPartition(topic, partition, time_ms)], timeout=10)[0].offset
    return found if found >= 0 else high


class Replay:
    """One replay of pinned ranges; iterate `pieces`, then read `counts`."""

    def __init__(self, consumer: Consumer, selection: Selection, ranges: tuple[Range, ...], decode: DecodeFrames) -> None:
        self._consumer = consumer
        self._selection = selection
        self._decode = decode
        self.ranges = ranges
        self.counts = {part.partition: Count() for part in ranges}
        self.dead: list[tuple[int, int, str]] = []

    @property
    def total(self) -> int:
        """Offsets in the pinned ranges; records are fewer where compaction or transactions left gaps."""
        return sum(part.end - part.start for part in self.ranges)

    def pieces(self) -> Iterator[Piece]:
        """Yield the selected rows, partition by partition, in offset order."""
        for part in self.ranges:
            for messages in read_range(self._consumer, self._selection.topic, part):
                yield from self._select(part.partition, messages)
            count = self.counts[part.partition]
            count.gaps = part.end - part.start - count.read

    def _select(self, partition: int, messages: list) -> Iterator[Piece]:
        """Filter by key, decode, filter by fields, and count what became of each record."""
        count = self.counts[partition]
        count.read += len(messages)
        if self._selection.key is not None:
            wanted = self._selection.key.encode()
            kept = [m for m in messages if m.key() == wanted]
            count.filtered += len(messages) - len(kept)
            messages = kept
        frames, bad = self._decode(self._selection.topic, [m.value() for m in messages])
        count.dead += len(bad)
        self.dead += [(partition, messages[row].offset(), reason) for row, reason in bad]
        places = polars.DataFrame(
            {
                "row": range(len(messages)),
                "offset": [m.offset() for m in messages],
                "timestamp": [m.timestamp()[1] for m in messages],
            },
            schema={"row": polars.Int64, "offset": polars.Int64, "timestamp": polars.Int64},
        )
        for event_type, frame in frames.items():
            rows = self._placed(partition, frame, places)
            found = _where(rows, self._selection.where)
            count.filtered += rows.height - found.height
            count.written += found.height
            if found.height:
                yield Piece(event_type, partition, found)

    def _placed(self, partition: int, frame: polars.DataFrame, places: polars.DataFrame) -> polars.DataFrame:
        """Put partition, offset and timestamp in front of the fields of an event."""
        at = places[frame["row"]] if frame.height < places.height else places
        return frame.select(
            polars.lit(partition, polars.Int32).alias("partition"),
            at["offset"],
            at["timestamp"].cast(polars.Datetime("ms", "UTC")),
            polars.exclude("row"),
        )


def _where(rows: polars.DataFrame, where: dict) -> polars.DataFrame:
    """Return the rows whose fields equal the texts; a type without such a field has no such row."""
    for name, value in where.items():
        if name not in rows.columns:
            return rows.clear()
        rows = rows.filter(polars.col(name).cast(polars.String).str.to_lowercase() == value.lower())
    return rows
