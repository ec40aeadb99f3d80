"""Who likes each photo and each comment, and since which like.

How many they are is counted elsewhere: `likes` for photos, `comments` for comments.
"""

from struct import Struct

import polars as pl

from agents.keys import WIDTHS
from projections.rows import LikeRow
from schemas.events import LikeKind
from streams.fold import Agent, Batch, Changes, State

MEMBER = b"l"
VALUE = Struct(">qq")


def agent() -> Agent:
    """Return the agent `likers`."""
    return Agent(
        name="likers",
        role="content",
        sources=("likes",),
        fold=fold,
        writes=("likes", "liked"),
        max_records=20_000,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold columns of LikeChanged into rows for `likes` and `liked`. Kinds that `likes` refuses are left out here."""
    rows = changed_members(state, outcomes(batch.columns))
    return Changes(rows={"likes": rows, "liked": rows})


def outcomes(columns: pl.DataFrame) -> pl.DataFrame:
    """Return, by target and person, whether the batch holds an unlike, and the like that stands after it.

    Columns: target_id, actor_id, unliked (bool), order and liked_at (of the first like after the last unlike, or null).
    """
    said = columns.select(
        pl.coalesce("comment_id", "photo_id").alias("target_id"),
        "actor_id",
        "offset",
        pl.col("occurred_at").cast(pl.Int64),
        (pl.col("kind").cast(pl.String) == LikeKind.LIKED.value).alias("liked"),
        (pl.col("kind").cast(pl.String) == LikeKind.UNLIKED.value).alias("unliked"),
    ).filter(pl.col("liked") | pl.col("unliked"))
    last_unlike = pl.col("offset").filter(pl.col("unliked")).max().fill_null(-1)
    standing = pl.col("liked") & (pl.col("offset") > last_unlike)
    return said.group_by("target_id", "actor_id", maintain_order=True).agg(
        pl.col("unliked").any(),
        pl.col("offset").filter(standing).first().alias("order"),
        pl.col("occurred_at").filter(standing).first().alias("liked_at"),
    )


def changed_members(state: State, batch_said: pl.DataFrame) -> list[LikeRow]:
    """Write the members that changed, and return their rows: a repeated like keeps its first place in the order."""
    pack = WIDTHS[2].pack
    people = batch_said.rows()
    keys = [pack(MEMBER, target, actor) for target, actor, *_ in people]
    rows, joined = [], []
    for key, (target, actor, unliked, order, liked_at), found in zip(keys, people, state.get_many(keys), strict=True):
        if order is not None and (found is None or unliked):
            joined.append((key, VALUE.pack(liked_at, order)))
            rows.append(LikeRow(target, actor, True, liked_at, order))
        elif order is None and found is not None:
            state.delete(key)
            rows.append(LikeRow(target, actor, False, *VALUE.unpack(found)))
    state.put_many(joined)
    return rows
