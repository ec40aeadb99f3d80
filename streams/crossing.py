"""Fetches that a seek crosses: asked for before it, and taken out of the fetcher after it.

Whoever asked may not want those partitions any more, and whoever sought waits for what it sought. The fetcher has gone on,
so that records that are dropped now would never come again: no state would know of a hole.
"""

from collections.abc import Mapping
from typing import Any

# Topic, partition.
Place = tuple[str, int]
Seeks = Mapping[Place, int]


def give_back(consumer: Any, fetched: Mapping[Place, list], before: Seeks, after: Seeks) -> dict[Place, list]:
    """Return what was fetched, without the partitions that were sought meanwhile: these begin again where they began.

    `before` and `after` count the seeks of each partition when the fetch was asked for and when it was taken. To be called
    in the consumer's thread, with no await since the records were taken.
    """
    kept = {}
    for tp, records in fetched.items():
        if before.get(tp) == after.get(tp):
            kept[tp] = records
        elif records:
            consumer.seek(tp, records[0].offset)
    return kept
