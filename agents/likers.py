"""Who likes each photo and each comment, and since which like.

How many they are is counted elsewhere: `likes` for photos, `comments` for comments.
"""

from collections.abc import Iterator
from struct import Struct

import polars as pl

from agents.keys import WIDTHS, ids_in
from agents.printing import items_of, reprint_of
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
        reprint=reprint_of(likes=standing, liked=standing),
        max_records=20_000,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold columns of LikeChanged into rows for `likes` and `liked`. Kinds that `likes` refuses are left out here."""
    rows = members_now(state, outcomes(batch.columns))
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


def members_now(state: State, batch_said: pl.DataFrame) -> list[LikeRow]:
    """Write what changed, and return a row for everyone of whom the batch spoke, member or not.

    Also for those who are what they were: a worker that died may have written the middle of this batch, and what it wrote is
    only corrected by what is said again. A repeated like keeps its first place in the order.
    """
    pack = WIDTHS[2].pack
    people = batch_said.rows()
    keys = [pack(MEMBER, target, actor) for target, actor, *_ in people]
    rows, joined = [], []
    for key, (target, actor, unliked, order, liked_at), found in zip(keys, people, state.get_many(keys), strict=True):
        if order is None:
            if found is not None:
                state.delete(key)
            rows.append(LikeRow(target, actor, False, 0, 0))
        elif found is not None and not unliked:
            rows.append(member_row(target, actor, *VALUE.unpack(found)))
        else:
            joined.append((key, VALUE.pack(liked_at, order)))
            rows.append(member_row(target, actor, liked_at, order))
    state.put_many(joined)
    return rows


def standing(state: State) -> Iterator[LikeRow]:
    """Yield the row of every like that was not taken back."""
    for key, value in items_of(state, MEMBER):
        yield member_row(*ids_in(key), *VALUE.unpack(value))


def member_row(target: int, actor: int, liked_at: int, order: int) -> LikeRow:
    return LikeRow(target, actor, True, liked_at, order)
