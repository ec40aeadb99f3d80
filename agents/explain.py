"""Why is this number what it is: the records of the log behind the likes of one photo, folded one by one.

The fold is the one that runs live, so what it says of a record is what the record did.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import polars

from agents import likes
from schemas.events import LikeChanged
from streams.fold import Batch, State
from streams.replay import Replay


class Step(NamedTuple):
    """One record about the photo: where it stands, what it said, and the number of likes after it."""

    where: str
    occurred_at: datetime
    actor_id: int
    kind: str
    likes: int
    changed: int


def explain_likes(replay: Replay, photo_id: int, state: State) -> Iterator[Step]:
    """Yield a step for each record of the replay that is about the photo itself, in the log's order.

    `replay` reads the topic `likes` with the photo as key; `state` is empty, and holds nothing but this photo's set after.
    """
    before = 0
    for piece in replay.pieces():
        if piece.event_type != LikeChanged.__name__:
            continue
        about = piece.rows.filter((polars.col("photo_id") == photo_id) & polars.col("comment_id").is_null())
        for row in about.iter_slices(1):
            after = _likes_after(row, piece.partition, state)
            said = row.row(0, named=True)
            yield Step(
                f"likes[{piece.partition}]@{said['offset']}",
                said["occurred_at"],
                said["actor_id"],
                str(said["kind"]),
                after,
                after - before,
            )
            before = after


def _likes_after(row: polars.DataFrame, partition: int, state: State) -> int:
    """Fold one record and return the count that it left."""
    offset = row["offset"][0]
    columns = row.rename({"timestamp": "appended_at"}).with_columns(polars.col("appended_at").cast(polars.Int64))
    changes = likes.fold(Batch("likes", partition, offset, offset + 1, columns=columns), state)
    rows = list(changes.rows["counters"])
    return rows[-1].value
