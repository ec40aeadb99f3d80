"""What readers see: feeds and profiles, by what the log says, without any timeline."""

from tests.oracle.content import Photo
from tests.oracle.people import Town
from tests.oracle.relations import Follow, Pair, Ties


def is_muted(ties: Ties, reader: int, other: int, now: int) -> bool:
    """Behaviour 10: a mute hides until it expires."""
    _, until = ties.mutes.get((reader, other), (0, 0))
    return until is None or until > now


def feed_of(
    reader: int, photos: dict[int, Photo], town: Town, ties: Ties, follows: dict[Pair, Follow], now: int
) -> tuple[int, ...]:
    """Return the photos that a reader's feed shows, newest first, each once.

    One's own, and those of whom one follows now, whenever the follow began (behaviours 6, 7, 15), pushed or pulled
    (behaviour 12), but ready ones only (8), of people who are here (14), not across a block (9), not of whom one mutes (10).
    """

    def shows(photo: Photo) -> bool:
        owner = photo.owner_id
        if not photo.is_ready() or not town.is_here(owner):
            return False
        if owner == reader:
            return True
        follow = follows.get((reader, owner))
        followed = follow is not None and follow.state == "FOLLOWING"
        return followed and not ties.apart(reader, owner) and not is_muted(ties, reader, owner, now)

    return tuple(sorted((photo.photo_id for photo in photos.values() if shows(photo)), reverse=True))


def profile_of(owner: int, photos: dict[int, Photo], town: Town) -> tuple[int, ...]:
    """Return the ready photos of one author, newest first."""
    if not town.is_here(owner):
        return ()
    return tuple(sorted((p.photo_id for p in photos.values() if p.owner_id == owner and p.is_ready()), reverse=True))
