"""Who likes each photo and each comment, and since which like.

How many they are is counted elsewhere: `likes` for photos, `comments` for comments. What somebody likes is kept while they are
away, with its place in the order, and stands again when they are back; of who is gone nothing is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from struct import Struct

import polars as pl

from agents.keys import WIDTHS, ids_in, key_of
from agents.presence import absent_among, set_presence, without_unknown
from agents.printing import CHUNK, chunks_of, reprint_of
from projections.rows import LikeRow
from schemas.events import LikeKind, Presence
from streams.fold import Agent, Batch, Changes, Record, State

# Person first, then photo or comment: what one person likes is one scan.
MEMBER = b"l"
VALUE = Struct(">qq")


def agent() -> Agent:
    """Return the agent `likers`."""
    return Agent(
        name="likers",
        role="content",
        sources=("likes", "presences"),
        fold=fold,
        writes=("likes", "liked"),
        reprint=reprint_of(likes=standing, liked=standing),
        max_records=20_000,
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold likes (columns) or presences (records) into rows of both projections. Kinds that `likes` refuses are not taken."""
    if batch.columns is None:
        records, refused = without_unknown(batch.records)
        keys = fold_presences(records, state)
        return Changes(rows={"likes": rows_now(state, keys), "liked": rows_now(state, keys)}, refused=refused)
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
    keys = [pack(MEMBER, actor, target) for target, actor, *_ in people]
    absent = absent_among(state, [actor for _, actor, *_ in people])
    rows, joined, left = [], [], []
    for key, (target, actor, unliked, order, liked_at), found in zip(keys, people, state.get_many(keys), strict=True):
        if order is None:
            if found is not None:
                left.append(key)
            rows.append(stranger_row(target, actor))
        elif found is not None and not unliked:
            rows.append(member_row(target, actor, *VALUE.unpack(found)))
        else:
            if absent.get(actor) is not Presence.GONE:
                joined.append((key, VALUE.pack(liked_at, order)))
            rows.append(member_row(target, actor, liked_at, order))
    state.put_many(joined)
    state.delete_many(left)
    return without(absent, rows) if absent else rows


def without(absent: Mapping[int, Presence], rows: Sequence[LikeRow]) -> list[LikeRow]:
    """Return the rows with the likes of who is not here as none."""
    return [stranger_row(row.target_id, row.user_id) if row.user_id in absent else row for row in rows]


def fold_presences(records: Sequence[Record], state: State) -> list[bytes]:
    """Keep who is here, remove the likes of who is gone, and return the keys of all likes that the records concern."""
    concerned: dict[bytes, None] = {}
    for record in records:
        _, after = set_presence(state, record.event)
        for chunk in chunks_of(state, key_of(MEMBER, record.event.user_id)):
            keys = [key for key, _ in chunk]
            concerned |= dict.fromkeys(keys)
            if after is Presence.GONE:
                state.delete_many(keys)
    return list(concerned)


def rows_now(state: State, keys: Sequence[bytes]) -> Iterator[LikeRow]:
    """Yield what is so of each of these likes, read chunk by chunk."""
    for first in range(0, len(keys), CHUNK):
        chunk = keys[first : first + CHUNK]
        yield from rows_of(state, chunk, state.get_many(chunk))


def rows_of(state: State, keys: Sequence[bytes], values: Sequence[bytes | None]) -> list[LikeRow]:
    members = [ids_in(key) for key in keys]
    rows = [
        stranger_row(target, actor) if value is None else member_row(target, actor, *VALUE.unpack(value))
        for (actor, target), value in zip(members, values, strict=True)
    ]
    return without(absent_among(state, [actor for actor, _ in members]), rows)


def standing(state: State) -> Iterator[LikeRow]:
    """Yield the row of every like that was not taken back, of people who are here."""
    for chunk in chunks_of(state, MEMBER):
        rows = rows_of(state, [key for key, _ in chunk], [value for _, value in chunk])
        yield from (row for row in rows if row.liked)


def member_row(target: int, actor: int, liked_at: int, order: int) -> LikeRow:
    return LikeRow(target, actor, True, liked_at, order)


def stranger_row(target: int, actor: int) -> LikeRow:
    return LikeRow(target, actor, False, 0, 0)
