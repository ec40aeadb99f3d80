"""How many like each photo: exact sets of people in state, counts out.

Likes of comments are counted by `comments`; who likes is told by `likers`. A photo's likes may come before the photo:
they are counted here all the same, since nobody sees the count of a photo that is not there. Likes of who is away are kept and
not counted; those of who is gone are dropped, whichever topic is read first.
"""

import polars as pl

from agents.counting import all_counts, change_counts, counts_of, flush_of
from agents.keys import WIDTHS, ids_in, key_of
from agents.presence import absent_among, is_back_or_left, set_presence, without_unknown
from agents.printing import chunks_of, reprint_of
from projections.rows import CounterKind
from schemas.events import LikeKind, Presence
from streams.fold import Agent, Batch, Changes, Refused, State

# Person first, then photo: what one person likes is one scan.
MEMBER = b"l"
KINDS = (LikeKind.LIKED.value, LikeKind.UNLIKED.value)


def agent() -> Agent:
    """Return the agent `likes`."""
    counts = all_counts(CounterKind.PHOTO_LIKES)
    return Agent(
        name="likes",
        role="content",
        sources=("likes", "presences"),
        fold=fold,
        flush=flush_of(CounterKind.PHOTO_LIKES),
        writes=("counters", "counter_rows"),
        reprint=reprint_of(counters=counts, counter_rows=counts),
        max_records=20_000,
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold likes (columns) or presences (records) into rows for `counters`, one for each photo that the batch concerns."""
    return fold_presences(batch, state) if batch.columns is None else fold_likes(batch.columns, state)


def fold_likes(columns: pl.DataFrame, state: State) -> Changes:
    columns = columns.with_columns(pl.col("kind").cast(pl.String))
    refused = [
        Refused(offset, f"kind {kind!r}: wanted {' or '.join(KINDS)}")
        for offset, kind in columns.filter(~pl.col("kind").is_in(KINDS)).select("offset", "kind").rows()
    ]
    # The last thing that a person said about a photo is what stands; what they said before it in the batch is history.
    # In the order of the state's keys, which the state reads and writes for half the work.
    last = (
        columns.filter(pl.col("comment_id").is_null() & pl.col("kind").is_in(KINDS))
        .unique(["photo_id", "actor_id"], keep="last", maintain_order=True)
        .sort("actor_id", "photo_id")
    )
    # Each photo is told, also when nothing came of what was said of it: a worker that died may have told otherwise.
    deltas = dict.fromkeys(last["photo_id"].unique().sort().to_list(), 0)
    if deltas:
        set_members(state, last, deltas)
    return Changes(rows={"counters": change_counts(state, CounterKind.PHOTO_LIKES, deltas)}, refused=refused)


def set_members(state: State, last: pl.DataFrame, deltas: dict[int, int]) -> None:
    """Make each (person, photo) a member or not, and add to the deltas by how much each photo's counted set changed."""
    actors, photos = last["actor_id"].to_list(), last["photo_id"].to_list()
    pack = WIDTHS[2].pack
    keys = [pack(MEMBER, actor, photo) for actor, photo in zip(actors, photos, strict=True)]
    liked = (last["kind"] == LikeKind.LIKED.value).to_list()
    absent = absent_among(state, actors)
    joined, left = [], []
    for key, actor, photo, wanted, found in zip(keys, actors, photos, liked, state.get_many(keys), strict=True):
        if wanted and found is None:
            deltas[photo] += actor not in absent
            if absent.get(actor) is not Presence.GONE:
                joined.append((key, b""))
        elif not wanted and found is not None:
            deltas[photo] -= actor not in absent
            left.append(key)
    state.put_many(joined)
    state.delete_many(left)


def fold_presences(batch: Batch, state: State) -> Changes:
    """Count what people like while they are here, and tell each photo that somebody likes of whom the batch speaks."""
    told: dict[int, None] = {}
    records, refused = without_unknown(batch.records)
    for record in records:
        before, after = set_presence(state, record.event)
        for chunk in chunks_of(state, key_of(MEMBER, record.event.user_id)):
            photos = [ids_in(key)[1] for key, _ in chunk]
            told |= dict.fromkeys(photos)
            change_counts(state, CounterKind.PHOTO_LIKES, dict.fromkeys(photos, is_back_or_left(before, after)))
            if after is Presence.GONE:
                state.delete_many([key for key, _ in chunk])
    return Changes(rows={"counters": counts_of(state, CounterKind.PHOTO_LIKES, list(told))}, refused=refused)
