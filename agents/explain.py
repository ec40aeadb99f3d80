"""Why is this number what it is: the records of the log behind the likes of one photo, folded one by one.

The fold is the one that runs live, so what it says of a record is what the record did. Records of two topics are folded by the
time at which the broker took them, as nearly the order in which they were read live as the log can tell; the last number is
the same in any order.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from typing import NamedTuple

import polars

from agents import likes
from schemas.events import LikeChanged, Presence, PresenceChanged
from streams.fold import Batch, Record, State
from streams.replay import Piece


class Step(NamedTuple):
    """One record about the photo, or about somebody who likes it: where it stands, what it said, and the likes after it."""

    where: str
    occurred_at: datetime
    actor_id: int
    kind: str
    likes: int
    changed: int


class Said(NamedTuple):
    """One record as it was replayed: when the broker took it, its topic and partition, and its row."""

    timestamp: datetime
    topic: str
    partition: int
    row: polars.DataFrame


def explain_likes(liked: Iterable[Piece], presences: Iterable[Piece], photo_id: int, state: State) -> Iterator[Step]:
    """Yield a step for each record that is about the photo itself, or hides or brings back somebody who likes it.

    `liked` are records with the photo as key; `presences` those of the photo's partition, which are kept in memory: few people
    leave. `state` is empty, and holds nothing but this photo's set after.
    """
    about = (polars.col("photo_id") == photo_id) & polars.col("comment_id").is_null()
    left = list(_said("presences", presences, PresenceChanged.__name__, polars.lit(True)))
    before = 0
    for said in merge(_said("likes", liked, LikeChanged.__name__, about), left, key=lambda one: one.timestamp):
        after = _likes_after(said, state)
        if after is not None:
            yield _step(said, after, before)
            before = after


def _said(topic: str, pieces: Iterable[Piece], event_type: str, about: polars.Expr) -> Iterator[Said]:
    for piece in pieces:
        if piece.event_type == event_type:
            for row in piece.rows.filter(about).iter_slices(1):
                yield Said(row["timestamp"][0], topic, piece.partition, row)


def _step(said: Said, after: int, before: int) -> Step:
    told = said.row.row(0, named=True)
    kind, actor = ("kind", "actor_id") if said.topic == "likes" else ("presence", "user_id")
    where = f"{said.topic}[{said.partition}]@{told['offset']}"
    return Step(where, told["occurred_at"], told[actor], str(told[kind]), after, after - before)


def _likes_after(said: Said, state: State) -> int | None:
    """Fold one record and return the count that it left; None when it is about somebody who does not like the photo."""
    rows = list(likes.fold(_batch(said), state).rows["counters"])
    return rows[-1].value if rows else None


def _batch(said: Said) -> Batch:
    offset = said.row["offset"][0]
    place = said.topic, said.partition, offset, offset + 1
    if said.topic == "presences":
        return Batch(*place, records=[Record(offset, 0, _presence_changed(said.row.row(0, named=True)))])
    columns = said.row.rename({"timestamp": "appended_at"}).with_columns(polars.col("appended_at").cast(polars.Int64))
    return Batch(*place, columns=columns)


def _presence_changed(told: dict) -> PresenceChanged:
    """Return the event of a row, with its moments in ms as events have them."""
    moments = {name: int(told[name].timestamp() * 1000) for name in ("occurred_at", "changed_at")}
    fields = {name: told[name] for name in PresenceChanged.__struct_fields__}
    return PresenceChanged(**fields | moments | {"presence": Presence(told["presence"])})
