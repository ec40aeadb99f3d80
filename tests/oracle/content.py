"""What was posted: photos, likes as sets, comments, and the counts that are nothing but the sizes of these sets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas import events as e
from schemas.ids import time_of
from tests.oracle.people import Town
from tests.oracle.relations import Ties
from tests.oracle.told import Told

THUMBNAIL = 150
# A producer's clock may be so much ahead of the log's, in ms; what is dated later was never said.
AHEAD_MS = 60_000
# For so long a submission stands for what was made under it first, by the times of ids.
KEPT_MS = 24 * 3600 * 1000


@dataclass
class Photo:
    """One photo, as its owner and the resizing left it; `cleared` when it is a second one of a submission."""

    photo_id: int
    owner_id: int
    uploaded: bool = False
    state: str = "processing"
    reason: str | None = None
    caption: str | None = None
    place: str | None = None
    size: tuple[int, int] | None = None
    variants: set[int] = field(default_factory=set)
    original_key: str = ""

    def is_ready(self) -> bool:
        return self.uploaded and self.state == "ready"


def photos_of(photos: list[Told]) -> dict[int, Photo]:
    """Return every photo of which the topic `photos` speaks, in the order of each photo (behaviours 4, 5, 8).

    What Darkroom itself deletes (actor 0) is not asked for here, but follows from whose photo it is, and from its submission.
    """
    found: dict[int, Photo] = {}
    for _, appended_at, event in photos:
        if time_of(event.photo_id) > appended_at + AHEAD_MS:
            continue
        if isinstance(event, e.PhotoEdited | e.PhotoDeleted) and event.actor_id != event.owner_id:
            continue
        if isinstance(event, e.PhotoEdited) and not (event.photo_id in found and found[event.photo_id].uploaded):
            continue
        photo = found.setdefault(event.photo_id, Photo(event.photo_id, event.owner_id))
        # Behaviour 8: a tombstone wins over everything that comes later.
        if isinstance(event, e.PhotoDeleted):
            found[event.photo_id] = Photo(event.photo_id, event.owner_id, state="deleted")
        elif photo.state != "deleted":
            develop(photo, event)
    for photo_id in submissions_of(photos, "photo_id").seconds & found.keys():
        found[photo_id].state = "cleared"
    return found


class Submissions(NamedTuple):
    """What came of submissions: by person and submission the first photo or comment, and the others, which have no effect."""

    firsts: dict[tuple[int, str], int]
    seconds: set[int]


def submissions_of(said: Iterable[Told], id_name: str) -> Submissions:
    """Return what came of each submission in the order of the log (behaviour 4); `id_name` is the field of what was made.

    After a day by the times of ids the same submission stands for something new, and what is older by a day is no second of it.
    """
    found = Submissions({}, set())
    for _, appended_at, event in said:
        submission, made = getattr(event, "submission", None), getattr(event, id_name)
        if submission is None or time_of(made) > appended_at + AHEAD_MS:
            continue
        first = found.firsts.setdefault((event.actor_id, submission), made)
        if time_of(made) >= time_of(first) + KEPT_MS:
            found.firsts[event.actor_id, submission] = made
        elif made != first and time_of(first) < time_of(made) + KEPT_MS:
            found.seconds.add(made)
    return found


def develop(photo: Photo, event: e.Event) -> None:
    """Take in one event of a photo that is not deleted, nor is now."""
    match event:
        case e.PhotoUploaded() if not photo.uploaded:
            photo.uploaded, photo.original_key = True, event.original_key
            photo.caption, photo.place = event.caption, event.place
        case e.PhotoEdited():
            photo.caption = event.caption if event.caption_changed else photo.caption
            photo.place = event.place if event.place_changed else photo.place
        case e.VariantReady() if photo.state != "rejected":
            photo.variants.add(event.pixels)
            photo.size = (event.original_width, event.original_height)
            photo.state = "ready" if THUMBNAIL in photo.variants else photo.state
        case e.PhotoRejected() if photo.state == "processing":
            photo.state, photo.reason = "rejected", event.reason


@dataclass
class Comment:
    """One comment; `added` is False while only its deletion was seen."""

    comment_id: int
    photo_id: int
    author_id: int = 0
    text: str | None = None
    added: bool = False
    deleted: bool = False


def comments_of(comments: list[Told], photos: dict[int, Photo], town: Town, ties: Ties) -> dict[int, Comment]:
    """Return every comment (behaviours 4, 8, 9, 14): the first that has an id is the comment, and a tombstone wins."""
    found: dict[int, Comment] = {}
    seconds = submissions_of(comments, "comment_id").seconds
    for _, _, event in comments:
        if event.comment_id in seconds:
            continue
        comment = found.setdefault(event.comment_id, Comment(event.comment_id, event.photo_id))
        if isinstance(event, e.CommentDeleted):
            # Behaviour 8: its author and the owner of the photo may delete it, others may not.
            if event.actor_id in (comment.author_id, owner_of(photos, event.photo_id)):
                comment.deleted, comment.text = True, None
        elif not (comment.added or comment.deleted or refused(event, photos, ties)):
            comment.added, comment.author_id, comment.text = True, event.actor_id, event.text
    for comment in found.values():
        # Behaviour 14: what a deleted person wrote goes.
        if town.is_gone(comment.author_id):
            comment.deleted, comment.text = True, None
    return {comment_id: comment for comment_id, comment in found.items() if comment.added or comment.deleted}


def owner_of(photos: dict[int, Photo], photo_id: int) -> int:
    """Return whose photo it is; -1 when it never was."""
    return photos[photo_id].owner_id if photo_id in photos else -1


def refused(event: e.LikeChanged | e.CommentAdded, photos: dict[int, Photo], ties: Ties) -> bool:
    """Behaviour 9: a block refuses new likes and comments between two people."""
    return ties.were_apart(event.actor_id, owner_of(photos, event.photo_id), event.occurred_at)


# (target, person): when it was liked in ms, and the place of that like in the log, which sorts.
Likes = dict[tuple[int, int], tuple[int, int]]


def likes_of(likes: Iterable[Told], photos: dict[int, Photo], town: Town, ties: Ties) -> Likes:
    """Return who likes which photo or comment (behaviours 1, 2): a like is a member of a set, and the last word decides.

    A like that is said again keeps its first place. Those of people who are gone do not stand (behaviour 14).
    """
    found: Likes = {}
    for offset, _, event in likes:
        member = (event.comment_id or event.photo_id, event.actor_id)
        if event.kind is e.LikeKind.UNLIKED:
            found.pop(member, None)
        elif event.kind is e.LikeKind.LIKED and not refused(event, photos, ties):
            found.setdefault(member, (event.occurred_at, offset))
    return {member: place for member, place in found.items() if town.is_here(member[1])}
