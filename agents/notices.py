"""Whom a deed concerns: a like, a comment and a mention, said to the person or to the user name that it is about.

Whose a photo or a comment is comes by other topics than the likes of it. What comes before its photo or comment is kept, and
said when that comes (I7); whatever a record concerns is said again, and whoever keeps the notifications knows which they had.
What hangs on a deleted photo is not taken back here: readers filter it. A deleted comment takes back that it was added, and
whom it mentions; likes of it are filtered as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from agents.keys import ids_in, key_of
from agents.noticed_likes import Early, fold_likes
from agents.printing import items_of
from agents.targets import (
    COMMENT,
    PHOTO,
    Remark,
    Shot,
    Target,
    caused,
    makes_sense,
    names_in,
    read_comment,
    read_photo,
    time_of_deed,
)
from schemas.events import CommentAdded, CommentDeleted, NoticeKind, PhotoUploaded
from streams.fold import Agent, Batch, Caused, Changes, Record, State

# (photo, comment) of a comment that came before its photo. It stays: a photo that is said again says it again.
EARLY_COMMENT = b"k"


def agent() -> Agent:
    """Return the agent `notices`."""
    return Agent(
        name="notices",
        role="content",
        sources=("photos", "comments", "likes"),
        fold=fold,
        emits=("notices",),
        max_records=20_000,
    )


@dataclass
class Turn:
    """One batch of photos or of comments being folded; `said` stands in the order of its records."""

    state: State
    said: list[Caused | Early] = field(default_factory=list)

    def events(self) -> Iterator[Caused]:
        """Yield what is said; nothing that it reads changes within a batch of photos or of comments."""
        for one in self.said:
            if isinstance(one, Early):
                yield from one.said(self.state)
            else:
                yield one


def fold(batch: Batch, state: State) -> Changes:
    """Fold photos and comments (records) or likes (columns) into NoticeChanged, of each deed and of what waited for it."""
    if batch.columns is not None:
        return Changes(events=fold_likes(batch.columns, state))
    turn = Turn(state)
    for record in batch.records:
        match record.event:
            case PhotoUploaded() if makes_sense(record):
                fold_photo(turn, record)
            case CommentAdded() if makes_sense(record):
                fold_comment(turn, record)
            case CommentDeleted() if makes_sense(record):
                fold_deletion(turn, record)
    return Changes(events=turn.events())


def fold_photo(turn: Turn, record: Record) -> None:
    """Say whom the caption mentions, and what was done under the photo before it came; its first upload is what counts."""
    event: PhotoUploaded = record.event
    shot = read_photo(turn.state, event.photo_id)
    if shot is None:
        shot = Shot(event.owner_id, time_of_deed(record), names_in(event.caption))
        turn.state.put(key_of(PHOTO, event.photo_id), msgspec.msgpack.encode(shot))
    target = Target(event.photo_id, None)
    turn.said += mentioned(record, shot.names, shot.owner_id, target, shot.at, standing=True)
    turn.said.append(Early(record, shot.owner_id, target))
    for key, _ in items_of(turn.state, key_of(EARLY_COMMENT, event.photo_id)):
        comment_id = ids_in(key)[1]
        turn.said += told_owner(record, shot, comment_id, read_comment(turn.state, comment_id))


def fold_comment(turn: Turn, record: Record) -> None:
    """Say a comment to the owner of its photo and to whom it mentions, and the likes that came before it to its author."""
    event: CommentAdded = record.event
    remark = read_comment(turn.state, event.comment_id)
    if remark is None:
        remark = Remark(event.photo_id, event.actor_id, time_of_deed(record), names_in(event.text))
        keep_comment(turn.state, event.comment_id, remark)
    say_comment(turn, record, event.comment_id, remark)
    if remark.author_id:
        turn.said.append(Early(record, remark.author_id, Target(remark.photo_id, event.comment_id)))


def fold_deletion(turn: Turn, record: Record) -> None:
    """Take back what a comment said; one that is deleted before it is added says nothing, ever.

    What is said under another photo is not this comment; `comments` refuses it.
    """
    event: CommentDeleted = record.event
    remark = read_comment(turn.state, event.comment_id) or Remark(event.photo_id, 0, 0)
    if remark.photo_id != event.photo_id:
        return
    remark = msgspec.structs.replace(remark, deleted=True)
    keep_comment(turn.state, event.comment_id, remark)
    say_comment(turn, record, event.comment_id, remark)


def say_comment(turn: Turn, record: Record, comment_id: int, remark: Remark) -> None:
    shot = read_photo(turn.state, remark.photo_id)
    if shot is None:
        turn.state.put(key_of(EARLY_COMMENT, remark.photo_id, comment_id), b"")
    else:
        turn.said += told_owner(record, shot, comment_id, remark)
    target = Target(remark.photo_id, comment_id)
    turn.said += mentioned(record, remark.names, remark.author_id, target, remark.at, not remark.deleted)


def told_owner(record: Record, shot: Shot, comment_id: int, remark: Remark) -> Iterator[Caused]:
    """Yield what a comment is to the owner of its photo: nothing when it is their own."""
    if remark.author_id not in (0, shot.owner_id):
        target = Target(remark.photo_id, comment_id)
        standing = not remark.deleted
        yield caused(record, NoticeKind.COMMENT, remark.author_id, target, remark.at, standing, shot.owner_id)


def mentioned(record: Record, names: Iterable[str], by_id: int, target: Target, at: int, standing: bool) -> Iterator[Caused]:
    """Yield a notice for each name; who mentions themselves is left out where the name is looked up."""
    for name in names:
        yield caused(record, NoticeKind.MENTION, by_id, target, at, standing, 0, name)


def keep_comment(state: State, comment_id: int, remark: Remark) -> None:
    state.put(key_of(COMMENT, comment_id), msgspec.msgpack.encode(remark))
