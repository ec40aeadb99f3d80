"""What is kept under each photo: its comments, who wrote each and who likes it.

What a person wrote, and what they like, are keyed by the person first, so that each is one scan.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from agents.keys import ids_in, key_of
from agents.presence import presence_of
from agents.printing import CHUNK, items_of
from projections.rows import CommentRow
from schemas.events import Presence
from streams.fold import State

COMMENT = b"c"
# Person, comment.
LIKER = b"l"
AUTHORED = b"a"


class Comment(msgspec.Struct, array_like=True):
    """What is kept of one comment; neither `added` nor `deleted`, and of no photo, while only its likes were seen.

    `author_gone`: its author left for ever, which made a tombstone of it. Their id is kept, so that the same events are
    refused whenever they are read, and is told to nobody.
    """

    photo_id: int = 0
    author_id: int = 0
    text: str | None = None
    likes: int = 0
    added: bool = False
    deleted: bool = False
    author_gone: bool = False

    def stands(self) -> bool:
        return self.added and not self.deleted

    def bury(self) -> None:
        """Leave a tombstone of what somebody wrote who is gone."""
        self.text, self.deleted, self.author_gone = None, True, True


def read(state: State, comment_id: int) -> Comment | None:
    found = state.get(key_of(COMMENT, comment_id))
    return None if found is None else msgspec.msgpack.decode(found, type=Comment)


def read_many(state: State, comment_ids: Sequence[int]) -> list[Comment | None]:
    """Return the comments of these ids, None where nothing is known."""
    values = state.get_many([key_of(COMMENT, comment_id) for comment_id in comment_ids])
    return [None if value is None else msgspec.msgpack.decode(value, type=Comment) for value in values]


def write_many(state: State, comments: Iterable[tuple[int, Comment]]) -> None:
    state.put_many((key_of(COMMENT, comment_id), msgspec.msgpack.encode(comment)) for comment_id, comment in comments)


def counted(state: State, comment: Comment) -> int:
    """Return 1 when a comment counts: it stands, and its author is here; else 0."""
    return int(comment.stands() and presence_of(state, comment.author_id) is Presence.HERE)


def rows_of(comments: Iterable[tuple[int, Comment]]) -> Iterator[CommentRow]:
    """Yield rows of what was added or deleted; a tombstone has no text and no likes, nor an author who is gone."""
    for comment_id, c in comments:
        if c.added or c.deleted:
            author_id = 0 if c.author_gone else c.author_id
            yield CommentRow(comment_id, c.photo_id, author_id, c.text, 0 if c.deleted else c.likes, c.deleted)


def rows_now(state: State, comment_ids: Sequence[int]) -> Iterator[CommentRow]:
    """Yield the rows of these comments as they stand, read chunk by chunk."""
    for first in range(0, len(comment_ids), CHUNK):
        chunk = comment_ids[first : first + CHUNK]
        yield from rows_of(zip(chunk, read_many(state, chunk), strict=True))


def standing(state: State) -> Iterator[CommentRow]:
    """Yield the row of every comment that was added or deleted."""
    kept = items_of(state, COMMENT)
    return rows_of((ids_in(key)[0], msgspec.msgpack.decode(value, type=Comment)) for key, value in kept)
