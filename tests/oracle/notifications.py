"""What people are told of what others did to them: one notification of each deed, as old as the first time that it was done.

Behaviours 2, 3, 9, 14 and 17, and decision 35. Whether a reader sees a notification now is said in `tests.oracle.wanted`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas import events as e
from schemas.ids import EPOCH_MS
from schemas.text import mentions, name_key
from tests.oracle.people import Town
from tests.oracle.relations import Pair, Ties, tie
from tests.oracle.told import ReadableLog, Told, told

# (who is told, kind, who did it, photo or 0, comment or 0): the id of the notification.
Notifications = dict[tuple[int, str, int, int, int], int]
# The bits of an id below its time.
LOW_BITS = 23


class Deed(NamedTuple):
    """Something that was done to somebody: when first in ms, and whether it stands."""

    whom: int
    kind: str
    by: int
    photo_id: int
    comment_id: int
    at: int
    stands: bool


def notifications_of(log: ReadableLog, town: Town) -> Notifications:
    """Return what stands. Nobody is told of their own deeds (behaviour 3), nor of who is gone, nor is who is gone (14)."""
    shots, remarks, deleted = made(log)
    deeds = [*likes(log, shots, remarks), *said(names_of(log, town), shots, remarks, deleted), *wishes(log)]
    told_of = [deed for deed in deeds if deed.stands and deed.whom != deed.by]
    present = [deed for deed in told_of if not town.is_gone(deed.whom) and not town.is_gone(deed.by)]
    return {deed[:5]: id_of(deed) for deed in present}


def id_of(deed: Deed) -> int:
    """Return the id of a notification: the time of the deed, then a hash of what it is, so that it is the same for ever."""
    digest = hashlib.blake2b(f"{deed.kind}:{deed.by}:{deed.photo_id}:{deed.comment_id}".encode(), digest_size=8).digest()
    return (deed.at - EPOCH_MS) << LOW_BITS | int.from_bytes(digest, "big") % (1 << LOW_BITS)


def done_at(one: Told) -> int:
    """Return when something was done: not later than the log had it."""
    return min(one.event.occurred_at, one.appended_at)


def made(log: ReadableLog) -> tuple[dict[int, Told], dict[int, Told], set[int]]:
    """Return the first upload of each photo, the first word of each comment, and which comments were deleted."""
    shots: dict[int, Told] = {}
    remarks: dict[int, Told] = {}
    deleted = set()
    for one in told(log, "photos"):
        if isinstance(one.event, e.PhotoUploaded):
            shots.setdefault(one.event.photo_id, one)
    for one in told(log, "comments"):
        if isinstance(one.event, e.CommentAdded):
            remarks.setdefault(one.event.comment_id, one)
        else:
            deleted.add(one.event.comment_id)
    return shots, remarks, deleted


def likes(log: ReadableLog, shots: dict[int, Told], remarks: dict[int, Told]) -> Iterator[Deed]:
    """Yield each like once, of photos to their owners and of comments to their authors (behaviours 1, 2).

    Like, unlike, like is one deed, as old as the first; an unlike takes it back.
    """
    firsts: dict[tuple[int, int], int] = {}
    standing: dict[tuple[int, int], bool] = {}
    for one in told(log, "likes"):
        member = (one.event.comment_id or one.event.photo_id, one.event.actor_id)
        standing[member] = one.event.kind is e.LikeKind.LIKED
        if standing[member]:
            firsts.setdefault(member, done_at(one))
    for (target, by), at in firsts.items():
        if target in shots:
            yield Deed(shots[target].event.owner_id, "like", by, target, 0, at, standing[target, by])
        elif target in remarks:
            remark = remarks[target].event
            yield Deed(remark.actor_id, "like", by, remark.photo_id, target, at, standing[target, by])


# Who held a name, from when and until when in ms; None: still.
Holding = tuple[int, int, int | None]


def names_of(log: ReadableLog, town: Town) -> dict[str, list[Holding]]:
    """Return who held each name when; who was refused never did."""
    released = {}
    for _, _, event in told(log, "accounts"):
        if isinstance(event, e.AccountDeleted):
            released.setdefault(event.user_id, event.occurred_at)
    held: dict[str, list[Holding]] = {}
    opened = set()
    for _, _, event in told(log, "accounts"):
        who = event.user_id
        if isinstance(event, e.AccountOpened) and who not in opened and town.people[who].state != "refused":
            opened.add(who)
            held.setdefault(name_key(event.username), []).append((who, event.occurred_at, released.get(who)))
    return held


def said(
    names: dict[str, list[Holding]], shots: dict[int, Told], remarks: dict[int, Told], deleted: set[int]
) -> Iterator[Deed]:
    """Yield comments to the owner of the photo, and mentions to who held the name then; an edit of a caption tells nobody."""
    for photo_id, one in shots.items():
        for whom in meant(one.event.caption, done_at(one), names):
            yield Deed(whom, "mention", one.event.owner_id, photo_id, 0, done_at(one), True)
    for comment_id, one in remarks.items():
        photo_id, by, stands = one.event.photo_id, one.event.actor_id, comment_id not in deleted
        if photo_id in shots:
            yield Deed(shots[photo_id].event.owner_id, "comment", by, photo_id, comment_id, done_at(one), stands)
        for whom in meant(one.event.text, done_at(one), names):
            yield Deed(whom, "mention", by, photo_id, comment_id, done_at(one), stands)


def meant(text: str | None, at: int, names: dict[str, list[Holding]]) -> Iterator[int]:
    """Yield whom a text of a time means."""
    for name in mentions(text):
        for who, since, until in names.get(name_key(name), ()):
            if since <= at and (until is None or at < until):
                yield who


def wishes(log: ReadableLog) -> Iterator[Deed]:
    """Yield each wish to follow, as old as the first of the pair; behaviours 6, 7 and 9 take it back."""
    firsts: dict[Pair, int] = {}
    ties = Ties()
    for _, _, event in told(log, "relations"):
        pair = (event.actor_id, event.other_id)
        if pair[0] != pair[1]:
            tie(ties, event.kind, pair, event.occurred_at, event.until)
        if pair in ties.wishes:
            firsts.setdefault(pair, ties.wishes[pair][0])
    for (who, whom), at in firsts.items():
        yield Deed(whom, "follow", who, 0, 0, at, (who, whom) in ties.wishes)


def inboxes_of(said_read: Iterable[Told], town: Town) -> dict[int, int]:
    """Return up to which id each person has read (clause 17.2): never back, and nothing that had not come yet by then."""
    found: dict[int, int] = {}
    for _, appended_at, event in said_read:
        newest = (appended_at - EPOCH_MS + 1 << LOW_BITS) - 1
        found[event.user_id] = max(found.get(event.user_id, 0), min(event.up_to, newest))
    return {who: up_to for who, up_to in found.items() if up_to and not town.is_gone(who)}
