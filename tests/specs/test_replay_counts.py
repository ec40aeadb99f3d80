"""A replay accounts for every offset of its pinned range: records written, filtered, dead, and offsets that hold none."""

import polars

from streams.kafka import KafkaError
from streams.replay import Replay
from streams.selection import Range, Selection


class Message:
    """A record, or the end of a partition, as the consumer gives it."""

    def __init__(self, partition, offset, end=False):
        self._partition, self._offset, self._end = partition, offset, end

    def error(self):
        return KafkaError(KafkaError._PARTITION_EOF) if self._end else None

    def partition(self):
        return self._partition

    def offset(self):
        return self._offset

    def key(self):
        return b"1" if self._offset % 2 else b"2"

    def value(self):
        return b"bad" if self._offset == 5 else b"good"

    def timestamp(self):
        return 1, self._offset


class Scripted:
    """A consumer that gives what a test says, call by call."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def assign(self, _places):
        pass

    def consume(self, _most, timeout):
        return self._answers.pop(0)


def decode(_topic, payloads):
    rows = [row for row, value in enumerate(payloads) if value == b"good"]
    bad = [(row, "bad") for row, value in enumerate(payloads) if value == b"bad"]
    return {"LikeChanged": polars.DataFrame({"row": rows, "photo_id": rows})}, bad


def replayed(end, *answers, key=None):
    replay = Replay(Scripted(*answers), Selection("likes", key=key), (Range(0, 0, end),), decode)
    offsets = [offset for piece in replay.pieces() for offset in piece.rows["offset"].to_list()]
    return replay.counts[0], offsets


def test_records_are_written_filtered_or_dead_and_missing_offsets_are_gaps():
    """Kills: an end of the partition that is taken for a complete read, and a filter that is counted as written."""
    records = [Message(0, offset) for offset in (0, 1, 2, 5, 6)]
    count, offsets = replayed(9, records, [], [Message(0, 7), Message(0, 9, end=True)], key="1")
    assert offsets == [1, 7]
    assert (count.read, count.written, count.filtered, count.dead, count.gaps) == (6, 2, 3, 1, 3)
    assert count.is_complete()


def test_the_end_of_another_partition_does_not_end_this_one():
    """Kills: a read that stops early when the end of the partition before it is heard late."""
    count, offsets = replayed(2, [Message(3, 44, end=True)], [Message(0, 0)], [Message(0, 1)])
    assert offsets == [0, 1]
    assert count.gaps == 0


def test_what_lies_behind_the_pinned_end_is_not_read():
    count, offsets = replayed(2, [Message(0, 0), Message(0, 1), Message(0, 2)])
    assert (offsets, count.read, count.gaps) == ([0, 1], 2, 0)
