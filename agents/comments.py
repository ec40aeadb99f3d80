"""What stands under each photo: comments, how many like each comment, and how many comments a photo has.

A comment's likes come from another topic, and may come before the comment: they are counted, and seen once the comment is
there. A tombstone wins over whatever comes later. Whether a person may delete a comment (its author and the owner of the
photo may) is decided at the edge: this topic does not say whose photo it is.
"""

from collections.abc import Iterable, Iterator

import msgspec
import polars as pl

from agents.counting import all_counts, change_counts, flush_of
from agents.keys import ids_in, key_of
from agents.nonsense import Nonsense, check_not_ahead, check_texts
from agents.printing import items_of, reprint_of
from projections.rows import CommentRow, CounterKind
from schemas.events import CommentAdded, CommentDeleted, LikeKind
from schemas.ids import shard_of
from schemas.text import comment_problems
from streams.fold import Agent, Batch, Changes, Record, Refused, State

COMMENT = b"c"
LIKER = b"l"


class Comment(msgspec.Struct, array_like=True):
    """What is kept of one comment; neither `added` nor `deleted` while only its likes were seen."""

    photo_id: int
    author_id: int = 0
    text: str | None = None
    likes: int = 0
    added: bool = False
    deleted: bool = False

    def is_counted(self) -> bool:
        return self.added and not self.deleted


def agent() -> Agent:
    """Return the agent `comments`."""
    counts = all_counts(CounterKind.PHOTO_COMMENTS)
    return Agent(
        name="comments",
        role="content",
        sources=("comments", "likes"),
        fold=fold,
        flush=flush_of(CounterKind.PHOTO_COMMENTS),
        writes=("comments", "counters", "counter_rows"),
        reprint=reprint_of(comments=standing, counters=counts, counter_rows=counts),
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold comments (records) or likes (columns) into rows for `comments`, and counts of comments by photo."""
    return fold_comments(batch, state) if batch.columns is None else fold_likes(batch.columns, state)


def fold_comments(batch: Batch, state: State) -> Changes:
    touched: dict[int, Comment] = {}
    counted: dict[int, int] = {}
    refused = []
    for record in batch.records:
        event = record.event
        comment = read(state, event.comment_id) or Comment(event.photo_id)
        was_counted = comment.is_counted()
        try:
            decide(record, comment)
        except Nonsense as nonsense:
            refused.append(Refused(record.offset, str(nonsense)))
            continue
        touched[event.comment_id] = comment
        counted[event.photo_id] = counted.get(event.photo_id, 0) + comment.is_counted() - was_counted
        state.put(key_of(COMMENT, event.comment_id), msgspec.msgpack.encode(comment))
    counts = change_counts(state, CounterKind.PHOTO_COMMENTS, counted)
    return Changes(rows={"comments": list(rows_of(touched.items())), "counters": counts}, refused=refused)


def read(state: State, comment_id: int) -> Comment | None:
    found = state.get(key_of(COMMENT, comment_id))
    return None if found is None else msgspec.msgpack.decode(found, type=Comment)


def decide(record: Record, comment: Comment) -> None:
    """Change the comment by one event; `Nonsense` when the event cannot be."""
    event = record.event
    if shard_of(event.comment_id) != shard_of(event.photo_id):
        raise Nonsense(f"comment {event.comment_id} is not in the shard of its photo {event.photo_id}")
    if (comment.added or comment.deleted) and comment.photo_id != event.photo_id:
        raise Nonsense(f"comment {event.comment_id} is of photo {comment.photo_id}, not of {event.photo_id}")
    match event:
        case CommentAdded():
            add(event, comment, record.appended_at)
        case CommentDeleted():
            comment.photo_id, comment.text, comment.deleted = event.photo_id, None, True


def add(event: CommentAdded, comment: Comment, appended_at: int) -> None:
    check_not_ahead("comment", event.comment_id, appended_at)
    check_texts(f"comment {event.comment_id}", comment_problems(event.text))
    if comment.added and comment.author_id != event.actor_id:
        raise Nonsense(f"comment {event.comment_id} was already added by {comment.author_id}")
    if not comment.added and not comment.deleted:
        comment.photo_id, comment.author_id, comment.text = event.photo_id, event.actor_id, event.text
        comment.added = True


def fold_likes(columns: pl.DataFrame, state: State) -> Changes:
    """Count the likes of comments; those of photos and unknown kinds (which `likes` refuses) are left out."""
    kinds = [LikeKind.LIKED.value, LikeKind.UNLIKED.value]
    last = (
        columns.with_columns(pl.col("kind").cast(pl.String))
        .filter(pl.col("comment_id").is_not_null() & pl.col("kind").is_in(kinds))
        .unique(["comment_id", "actor_id"], keep="last", maintain_order=True)
        .select("comment_id", "photo_id", "actor_id", pl.col("kind") == LikeKind.LIKED.value)
    )
    people = last.rows()
    deltas = set_likers(state, people)
    photos = {comment_id: photo_id for comment_id, photo_id, _, _ in people}
    found = state.get_many([key_of(COMMENT, comment_id) for comment_id in deltas])
    touched: dict[int, Comment] = {}
    for (comment_id, delta), packed in zip(deltas.items(), found, strict=True):
        comment = Comment(photos[comment_id]) if packed is None else msgspec.msgpack.decode(packed, type=Comment)
        comment.likes += delta
        touched[comment_id] = comment
    state.put_many((key_of(COMMENT, comment_id), msgspec.msgpack.encode(comment)) for comment_id, comment in touched.items())
    return Changes(rows={"comments": list(rows_of(touched.items()))})


def set_likers(state: State, people: list[tuple[int, int, int, bool]]) -> dict[int, int]:
    """Make each (comment, person) a liker or not, and return by how much each comment's set grew or shrank."""
    keys = [key_of(LIKER, comment_id, actor_id) for comment_id, _, actor_id, _ in people]
    deltas: dict[int, int] = {}
    for key, (*_, liked), found in zip(keys, people, state.get_many(keys), strict=True):
        comment_id, _ = ids_in(key)
        was_liked = found is not None
        deltas[comment_id] = deltas.get(comment_id, 0) + liked - was_liked
        if liked and not was_liked:
            state.put(key, b"")
        elif was_liked and not liked:
            state.delete(key)
    return deltas


def rows_of(comments: Iterable[tuple[int, Comment]]) -> Iterator[CommentRow]:
    """Yield rows of what was added or deleted; a tombstone has no text and no likes."""
    for comment_id, c in comments:
        if c.added or c.deleted:
            yield CommentRow(comment_id, c.photo_id, c.author_id, c.text, 0 if c.deleted else c.likes, c.deleted)


def standing(state: State) -> Iterator[CommentRow]:
    """Yield the row of every comment that was added or deleted."""
    kept = items_of(state, COMMENT)
    return rows_of((ids_in(key)[0], msgspec.msgpack.decode(value, type=Comment)) for key, value in kept)
