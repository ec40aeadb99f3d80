"""How many like each photo: exact sets of people in state, counts out.

Likes of comments are counted by `comments`; who likes is told by `likers`. A photo's likes may come before the photo:
they are counted here all the same, since nobody sees the count of a photo that is not there.
"""

import polars as pl

from agents.counting import all_counts, change_counts, flush_of
from agents.keys import WIDTHS
from agents.printing import reprint_of
from projections.rows import CounterKind
from schemas.events import LikeKind
from streams.fold import Agent, Batch, Changes, Refused, State

MEMBER = b"l"
KINDS = (LikeKind.LIKED.value, LikeKind.UNLIKED.value)


def agent() -> Agent:
    """Return the agent `likes`."""
    counts = all_counts(CounterKind.PHOTO_LIKES)
    return Agent(
        name="likes",
        role="content",
        sources=("likes",),
        fold=fold,
        flush=flush_of(CounterKind.PHOTO_LIKES),
        writes=("counters", "counter_rows"),
        reprint=reprint_of(counters=counts, counter_rows=counts),
        max_records=20_000,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold columns of LikeChanged into rows for `counters`, one for each photo that the batch touches."""
    columns = batch.columns.with_columns(pl.col("kind").cast(pl.String))
    refused = [
        Refused(offset, f"kind {kind!r}: wanted {' or '.join(KINDS)}")
        for offset, kind in columns.filter(~pl.col("kind").is_in(KINDS)).select("offset", "kind").rows()
    ]
    # The last thing that a person said about a photo is what stands; what they said before it in the batch is history.
    # In the order of the state's keys, which the state reads and writes for half the work.
    last = (
        columns.filter(pl.col("comment_id").is_null() & pl.col("kind").is_in(KINDS))
        .unique(["photo_id", "actor_id"], keep="last", maintain_order=True)
        .sort("photo_id", "actor_id")
    )
    deltas = set_members(state, last) if len(last) else {}
    return Changes(rows={"counters": change_counts(state, CounterKind.PHOTO_LIKES, deltas)}, refused=refused)


def set_members(state: State, last: pl.DataFrame) -> dict[int, int]:
    """Make each (photo, person) a member or not, and return by how much each photo's set grew or shrank."""
    photos = last["photo_id"].to_list()
    pack = WIDTHS[2].pack
    keys = [pack(MEMBER, photo, actor) for photo, actor in zip(photos, last["actor_id"].to_list(), strict=True)]
    liked = (last["kind"] == LikeKind.LIKED.value).to_list()
    deltas = dict.fromkeys(photos, 0)
    joined = []
    for key, photo, wanted, found in zip(keys, photos, liked, state.get_many(keys), strict=True):
        if wanted and found is None:
            deltas[photo] += 1
            joined.append((key, b""))
        elif not wanted and found is not None:
            deltas[photo] -= 1
            state.delete(key)
    state.put_many(joined)
    return deltas
