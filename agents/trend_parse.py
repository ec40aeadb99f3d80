"""Says which hashtags and places a photo mentions now, and which it no longer does.

Second of the four agents of the trends. It remembers what it last said of each photo, so that an edited caption retracts the
tags that are gone and asserts the new ones, and says nothing of those that stayed.
"""

import msgspec

from agents.keys import key_of
from schemas.events import Board, PostSeen, TermMentioned
from schemas.text import hashtags, place_key
from streams.fold import Agent, Batch, Caused, Changes, Record, State

NAME = "trend_parse"
SAID = b"P"

# What is mentioned, by (board, compared form): the form as typed.
Terms = dict[tuple[str, str], str]


def agent() -> Agent:
    """Return the agent `trend_parse`."""
    return Agent(name=NAME, role="trends", sources=("trend_posts",), fold=fold, emits=("trend_mentions",))


def fold(batch: Batch, state: State) -> Changes:
    """Fold PostSeen into TermMentioned."""
    changes = Changes()
    for record in batch.records:
        post: PostSeen = record.event
        key = key_of(SAID, post.photo_id)
        before = said(state.get(key))
        after = terms_of(post) if post.present else {}
        gone = [mentioned(record, term, shown, present=False) for term, shown in before.items() if term not in after]
        new = [mentioned(record, term, shown, present=True) for term, shown in after.items() if before.get(term) != shown]
        changes.events += gone + new
        if after:
            state.put(key, msgspec.msgpack.encode([(board, term, shown) for (board, term), shown in after.items()]))
        else:
            state.delete(key)
    return changes


def terms_of(post: PostSeen) -> Terms:
    """Return the tags of a caption in their order, then the place; a text that compares as nothing names nothing."""
    terms = {(Board.HASHTAGS.value, key): shown for shown, key in hashtags(post.caption)}
    if post.place and (place := place_key(post.place)):
        terms[Board.PLACES.value, place] = post.place
    return terms


def said(value: bytes | None) -> Terms:
    """Return what the state remembers of a photo."""
    found = msgspec.msgpack.decode(value, type=list[tuple[str, str, str]]) if value else []
    return {(board, term): shown for board, term, shown in found}


def mentioned(record: Record, term: tuple[str, str], shown: str, *, present: bool) -> Caused:
    """Return the event that a photo carries a term, or no longer does."""
    post: PostSeen = record.event
    event = TermMentioned(
        event_id="",
        occurred_at=post.occurred_at,
        actor_id=post.actor_id,
        source=NAME,
        trace=post.trace,
        board=Board(term[0]),
        term=term[1],
        shown=shown,
        photo_id=post.photo_id,
        owner_id=post.owner_id,
        present=present,
    )
    return Caused(record.offset, event)
