"""Where a partition ends for whoever reads it: the broker's end, or after the last record when nothing but marks follow it.

A producer with transactions leaves a mark behind each, which has an offset and is given to nobody. Once the fetcher has gone
past all that the broker has, whoever took what was delivered has all there is, though the broker's end is higher.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Passed(NamedTuple):
    """How far the fetcher had gone in a partition, after so many seeks, when all that it had met by then was delivered."""

    seeks: int
    position: int


def visible_end(end: int, passed: Passed | None, seeks: int | None, delivered_to: int) -> int:
    """Return where a partition ends for its reader.

    `end` is the broker's, `seeks` how often the partition was sought until now, `delivered_to` the offset after the last
    record that was delivered, or that was sought.
    """
    if passed is None or passed.seeks != seeks or passed.position < end:
        return end
    return min(end, delivered_to)


def positions_of(consumer: Any, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return how far an aiokafka consumer has gone in those partitions that it has; in its own thread only."""
    assignment = _assignment(consumer)
    if assignment is None:
        return {}
    states = {tp: assignment.state_value(tp) for tp in wanted if tp in assignment.tps}
    return {tp: state.position for tp, state in states.items() if state.has_valid_position}


def last_heard(consumer: Any, topic: str, partition: int) -> tuple[int, int] | None:
    """Return the broker's end of a partition and when it was heard, in Unix ms; None before the first fetch."""
    assignment = _assignment(consumer)
    if assignment is None or (topic, partition) not in assignment.tps:
        return None
    heard = assignment.state_value((topic, partition))
    # The time first: the end that is read after it was heard then, or later.
    when, end = heard.timestamp, heard.highwater
    return None if end is None or when is None else (end, when)


def _assignment(consumer: Any) -> Any:
    subscription = consumer._subscription.subscription if consumer else None
    return subscription.assignment if subscription else None
