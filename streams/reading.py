"""Read bounded ranges of the log outside every consumer group, for replays, rebuilds and explanations."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from time import monotonic

from streams.decoding import RawRecord
from streams.fold import NeighbourAway
from streams.kafka import Consumer, KafkaError, TopicPartition
from streams.selection import Range

# Records asked of the consumer at once: past 10,000 the decoder is no faster, and memory stays flat.
CHUNK = 10_000
# Seconds that one call waits for its records.
POLL_SECONDS = 0.2
# Seconds without a record, while the pinned end is not reached, after which the broker counts as away.
PATIENCE_SECONDS = 15.0


def read_range(consumer: Consumer, topic: str, part: Range) -> Iterator[list]:
    """Yield the messages of one partition's range in offset order, in lists of at most 10,000.

    Raises NeighbourAway when the broker stops answering before the end. Offsets that compaction removed are passed over.
    """
    if part.end <= part.start:
        return
    consumer.assign([TopicPartition(topic, part.partition, part.start)])
    position, heard_at = part.start, monotonic()
    while position < part.end:
        # No more than what is left is asked for: the consumer waits until it has as many as were asked.
        messages = consumer.consume(min(CHUNK, part.end - position), timeout=POLL_SECONDS)
        if not messages:
            _lose_patience(topic, part, position, heard_at)
            continue
        heard_at = monotonic()
        failed = [message for message in messages if message.error() is not None]
        records = [message for message in messages if message.error() is None] if failed else messages
        _raise_other_errors(failed)
        if records:
            position = records[-1].offset() + 1
        if any(end.partition() == part.partition for end in failed):
            # At the end of this partition, what is missing up to the pinned end are gaps and not records.
            position = part.end
        if records and records[-1].offset() >= part.end:
            records = [record for record in records if record.offset() < part.end]
        if records:
            yield records


def _lose_patience(topic: str, part: Range, position: int, heard_at: float) -> None:
    """Raise when nothing has come for too long."""
    if monotonic() - heard_at > PATIENCE_SECONDS:
        raise NeighbourAway(
            f"no record of {topic}[{part.partition}]@{position} in {PATIENCE_SECONDS:.0f} s, "
            f"wanted up to {part.end}; is Kafka up? `make status` says"
        )


def _raise_other_errors(failed: list) -> None:
    """Raise what is not the end of a partition."""
    for message in failed:
        error = message.error()
        if error.code() != KafkaError._PARTITION_EOF:
            raise NeighbourAway(f"Kafka answered {error.str()} while reading; is it up? `make status` says")


class RangeReader:
    """Reads ranges as raw records for `streams.pipeline.fold_range`, on one consumer, off the event loop."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[list[RawRecord]]:
        """Yield the records of a range in offset order."""
        messages = read_range(self._consumer, topic, Range(partition, start, end))
        while (chunk := await asyncio.to_thread(next, messages, None)) is not None:
            yield [RawRecord(one.offset(), one.timestamp()[1], one.key(), one.value()) for one in chunk]

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()
