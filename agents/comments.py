"""What stands under each photo: comments, how many like each comment, and how many comments a photo has.

A comment's likes come from another topic, and may come before the comment: they are counted, and seen once the comment is
there. A tombstone wins over whatever comes later. Whether a person may delete a comment (its author and the owner of the
photo may) is decided at the edge: this topic does not say whose photo it is.

What somebody wrote or likes is kept and not counted while they are away. Of who is gone comments are tombstones without an
author, and likes are dropped, whichever topic is read first.
"""

from collections.abc import Iterator

import polars as pl

from agents.comment_state import (
    AUTHORED,
    LIKER,
    Comment,
    counted,
    read,
    read_many,
    rows_now,
    rows_of,
    standing,
    write_many,
)
from agents.counting import all_counts, change_counts, counts_of, flush_of
from agents.keys import ids_in, key_of
from agents.nonsense import Nonsense, check_not_ahead, check_texts
from agents.presence import absent_among, is_back_or_left, presence_of, set_presence, without_unknown
from agents.printing import chunks_of, reprint_of
from agents.submissions import first_of, forgotten, is_second, standing_but_of
from projections.rows import CounterKind, SubmissionRow
from schemas.events import CommentAdded, CommentDeleted, LikeKind, Presence
from schemas.ids import shard_of
from schemas.submissions import submission_problems
from schemas.text import comment_problems
from streams.fold import Agent, Batch, Changes, Record, Refused, State


def agent() -> Agent:
    """Return the agent `comments`."""
    counts = all_counts(CounterKind.PHOTO_COMMENTS)
    return Agent(
        name="comments",
        role="content",
        sources=("comments", "likes", "presences"),
        fold=fold,
        flush=flush_of(CounterKind.PHOTO_COMMENTS),
        writes=("comments", "submissions", "counters", "counter_rows"),
        reprint=reprint_of(comments=standing, submissions=submissions, counters=counts, counter_rows=counts),
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold comments, likes (columns) or presences into rows for `comments`, submissions, and counts of comments by photo."""
    if batch.columns is not None:
        return fold_likes(batch.columns, state)
    return fold_presences(batch, state) if batch.topic == "presences" else fold_comments(batch, state)


def fold_comments(batch: Batch, state: State) -> Changes:
    touched: dict[int, Comment] = {}
    deltas: dict[int, int] = {}
    made: dict[tuple[int, str], SubmissionRow] = {}
    refused = []
    for record in batch.records:
        event = record.event
        comment = read(state, event.comment_id) or Comment()
        before = counted(state, comment)
        try:
            for row in decide(state, record, comment):
                made[row.person_id, row.submission] = row
        except Nonsense as nonsense:
            refused.append(Refused(record.offset, str(nonsense)))
            continue
        touched[event.comment_id] = comment
        deltas[event.photo_id] = deltas.get(event.photo_id, 0) + counted(state, comment) - before
        write_many(state, [(event.comment_id, comment)])
    counts = change_counts(state, CounterKind.PHOTO_COMMENTS, deltas)
    rows = {"comments": list(rows_of(touched.items())), "submissions": list(made.values()), "counters": counts}
    return Changes(rows=rows, refused=refused)


def decide(state: State, record: Record, comment: Comment) -> list[SubmissionRow]:
    """Change the comment by one event, and return what came of its submission; `Nonsense` when the event cannot be."""
    event = record.event
    if shard_of(event.comment_id) != shard_of(event.photo_id):
        raise Nonsense(f"comment {event.comment_id} is not in the shard of its photo {event.photo_id}")
    if (comment.added or comment.deleted) and comment.photo_id != event.photo_id:
        raise Nonsense(f"comment {event.comment_id} is of photo {comment.photo_id}, not of {event.photo_id}")
    match event:
        case CommentAdded():
            check_added(event, comment, record.appended_at)
            return submit(state, event, comment)
        case CommentDeleted():
            comment.photo_id, comment.text, comment.deleted = event.photo_id, None, True
    return []


def check_added(event: CommentAdded, comment: Comment, appended_at: int) -> None:
    check_not_ahead("comment", event.comment_id, appended_at)
    check_texts(f"comment {event.comment_id}", comment_problems(event.text) + submission_problems(event.submission))
    if comment.added and comment.author_id != event.actor_id:
        raise Nonsense(f"comment {event.comment_id} was already added by {comment.author_id}")


def submit(state: State, event: CommentAdded, comment: Comment) -> list[SubmissionRow]:
    """Add a comment, but not a second one of the same submission: of those the first in the log is the comment."""
    if event.submission is None:
        add(state, event, comment)
        return []
    first = first_of(state, event.actor_id, event.submission, event.comment_id)
    if not is_second(event.comment_id, first):
        add(state, event, comment)
    gone = presence_of(state, event.actor_id) is Presence.GONE
    return [SubmissionRow(event.actor_id, event.submission, first, not gone)]


def add(state: State, event: CommentAdded, comment: Comment) -> None:
    if not comment.added and not comment.deleted:
        comment.photo_id, comment.author_id, comment.text = event.photo_id, event.actor_id, event.text
        comment.added = True
        if presence_of(state, event.actor_id) is Presence.GONE:
            comment.bury()
        else:
            state.put(key_of(AUTHORED, event.actor_id, event.comment_id), b"")


def fold_likes(columns: pl.DataFrame, state: State) -> Changes:
    """Count the likes of comments; those of photos and unknown kinds (which `likes` refuses) are left out."""
    kinds = [LikeKind.LIKED.value, LikeKind.UNLIKED.value]
    last = (
        columns.with_columns(pl.col("kind").cast(pl.String))
        .filter(pl.col("comment_id").is_not_null() & pl.col("kind").is_in(kinds))
        .unique(["comment_id", "actor_id"], keep="last", maintain_order=True)
        .select("comment_id", "actor_id", pl.col("kind") == LikeKind.LIKED.value)
    )
    people = last.rows()
    deltas = set_likers(state, people)
    touched: dict[int, Comment] = {}
    for (comment_id, delta), known in zip(deltas.items(), read_many(state, list(deltas)), strict=True):
        comment = known or Comment()
        comment.likes += delta
        touched[comment_id] = comment
    write_many(state, touched.items())
    return Changes(rows={"comments": list(rows_of(touched.items()))})


def set_likers(state: State, people: list[tuple[int, int, bool]]) -> dict[int, int]:
    """Make each (person, comment) a liker or not, and return by how much each comment's counted set grew or shrank."""
    keys = [key_of(LIKER, actor_id, comment_id) for comment_id, actor_id, _ in people]
    absent = absent_among(state, [actor_id for _, actor_id, _ in people])
    deltas: dict[int, int] = {}
    for key, (comment_id, actor_id, liked), found in zip(keys, people, state.get_many(keys), strict=True):
        was_liked = found is not None
        change = 0 if actor_id in absent else liked - was_liked
        deltas[comment_id] = deltas.get(comment_id, 0) + change
        if liked and not was_liked and absent.get(actor_id) is not Presence.GONE:
            state.put(key, b"")
        elif was_liked and not liked:
            state.delete(key)
    return deltas


def fold_presences(batch: Batch, state: State) -> Changes:
    """Count what people wrote and like while they are here, and leave nothing of it when they are gone."""
    comments: dict[int, None] = {}
    photos: dict[int, None] = {}
    gone: list[int] = []
    records, refused = without_unknown(batch.records)
    for record in records:
        person_id = record.event.user_id
        before, after = set_presence(state, record.event)
        if after is Presence.GONE:
            gone.append(person_id)
        change = is_back_or_left(before, after)
        for liked in chunks_of(state, key_of(LIKER, person_id)):
            comments |= dict.fromkeys(change_likes(state, [key for key, _ in liked], change, after))
        for authored in chunks_of(state, key_of(AUTHORED, person_id)):
            keys = [key for key, _ in authored]
            comments |= dict.fromkeys(ids_in(key)[1] for key in keys)
            photos |= dict.fromkeys(change_authored(state, keys, change, after))
    rows = {
        "comments": rows_now(state, list(comments)),
        "submissions": (row for person_id in dict.fromkeys(gone) for row in forgotten(state, person_id)),
        "counters": counts_of(state, CounterKind.PHOTO_COMMENTS, list(photos)),
    }
    return Changes(rows=rows, refused=refused)


def change_likes(state: State, keys: list[bytes], change: int, presence: Presence) -> list[int]:
    """Add to the likes of the comments that a person likes, and return these comments."""
    comment_ids = [ids_in(key)[1] for key in keys]
    liked = read_many(state, comment_ids)
    for comment in liked:
        comment.likes += change
    write_many(state, zip(comment_ids, liked, strict=True))
    if presence is Presence.GONE:
        state.delete_many(keys)
    return comment_ids


def change_authored(state: State, keys: list[bytes], change: int, presence: Presence) -> list[int]:
    """Count or uncount the comments that a person wrote, and bury them when the person is gone; return their photos."""
    comment_ids = [ids_in(key)[1] for key in keys]
    deltas: dict[int, int] = {}
    written = read_many(state, comment_ids)
    for comment in written:
        deltas[comment.photo_id] = deltas.get(comment.photo_id, 0) + change * comment.stands()
        if presence is Presence.GONE:
            comment.bury()
    change_counts(state, CounterKind.PHOTO_COMMENTS, deltas)
    write_many(state, zip(comment_ids, written, strict=True))
    if presence is Presence.GONE:
        state.delete_many(keys)
    return list(deltas)


def submissions(state: State) -> Iterator[SubmissionRow]:
    """Yield the row of every submission of somebody who is not gone."""
    return standing_but_of(state, lambda person_id: presence_of(state, person_id) is Presence.GONE)
