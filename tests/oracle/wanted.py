"""What every projection must show, by name and key, from the log alone; shares no code with the folds.

Values are plain tuples, so that `tests.oracle.shown` can say in the same form what a sink holds. What nobody is ever shown is
left out: what lies under a deleted photo, and the counts of people who are gone.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.ids import time_of
from schemas.text import hashtags, name_key, place_key
from tests.oracle.content import Comment, Likes, Photo, comments_of, likes_of, photos_of, submissions_of
from tests.oracle.feeds import feed_of, is_muted, profile_of
from tests.oracle.notifications import Notifications, inboxes_of, notifications_of
from tests.oracle.people import Person, Town, town_of
from tests.oracle.relations import Follow, Pair, Ties, follows_of, pulled_spans, ties_of
from tests.oracle.told import ReadableLog, heard, told
from tests.oracle.trends import boards_of, mentions_of

# What a projection shows: by key.
Shown = dict[Any, Any]
GONE = ("deleted",)
# What a submission makes, by topic: the field of its id.
MADE = (("photos", "photo_id"), ("comments", "comment_id"))


@dataclass
class World:
    """The truth: everything that the log says, as sets and maps. `now` (ms) decides which mutes still stand."""

    log: ReadableLog
    now: int
    celebrity_up: int
    celebrity_down: int
    window_ms: int = 300_000
    town: Town = field(init=False)
    ties: Ties = field(init=False)
    follows: dict[Pair, Follow] = field(init=False)
    photos: dict[int, Photo] = field(init=False)
    comments: dict[int, Comment] = field(init=False)
    likes: Likes = field(init=False)
    pulled: dict[int, tuple[tuple[int, int], ...]] = field(init=False)
    notifications: Notifications = field(init=False)
    inboxes: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.town = town_of(told(self.log, "accounts"))
        self.ties = ties_of(told(self.log, "relations"), self.town)
        self.follows = follows_of(self.ties, self.town)
        self.photos = photos_of(told(self.log, "photos"))
        self.comments = comments_of(told(self.log, "comments"), self.photos, self.town, self.ties)
        self.likes = likes_of(told(self.log, "likes"), self.photos, self.town, self.ties)
        self.pulled = pulled_spans(heard(self.log, "followers"), self.town, self.celebrity_up, self.celebrity_down)
        self.notifications = notifications_of(self.log, self.town)
        self.inboxes = inboxes_of(told(self.log, "inboxes"), self.town)

    def is_buried(self, photo_id: int) -> bool:
        """Return whether a photo is gone for ever: deleted, a second one, or its owner is gone (behaviours 4, 8, 14)."""
        photo = self.photos.get(photo_id)
        return photo is not None and (photo.state in ("deleted", "cleared") or self.town.is_gone(photo.owner_id))

    def has_row(self, photo: Photo) -> bool:
        """Return whether a photo, or the tombstone that its owner left, may be asked for by anybody."""
        here = photo.state != "cleared" and not self.town.is_gone(photo.owner_id)
        return here and (photo.uploaded or photo.state == "deleted")

    def is_shown(self, target_id: int) -> bool:
        """Return whether anybody may ever be shown what lies under a photo or a comment."""
        comment = self.comments.get(target_id)
        if comment is not None:
            return not comment.deleted and not self.is_buried(comment.photo_id)
        return not self.is_buried(target_id)


def wanted(world: World) -> dict[str, Shown]:
    """Return what each projection must show."""
    mentions = mentions_of(world.photos, world.town)
    photos = {photo.photo_id: photo_card(photo) for photo in world.photos.values() if world.has_row(photo)}
    accounts = {person.user_id: account_card(person) for person in world.town.people.values()}
    likes = {member: place for member, place in world.likes.items() if world.is_shown(member[0])}
    return {
        "accounts": accounts,
        "account_cards": accounts,
        "names": {name_key(p.username): p.user_id for p in world.town.people.values() if p.state in ("active", "deactivated")},
        "followers": {(whom, who): tuple(follow) for (who, whom), follow in world.follows.items()},
        "followings": {pair: tuple(follow) for pair, follow in world.follows.items()},
        "barriers": barriers(world.ties),
        "viewers": viewers(world),
        "celebrities": world.pulled,
        "photos": photos,
        "photo_cards": photos,
        "likes": likes,
        "liked": dict.fromkeys(likes, True),
        "comments": comments(world),
        "counters": counts(world),
        "counter_rows": counts(world),
        "feeds": {
            reader: feed for reader in world.town.people if world.town.is_here(reader) if (feed := feed_for(world, reader))
        },
        "profiles": {who: shots for who in world.town.people if (shots := profile_of(who, world.photos, world.town))},
        # Behaviour 14: who is deleted has no feed, and nobody pulls them any more.
        "rings of the deleted": {},
        "submissions": submissions(world),
        "notifications": world.notifications,
        "inboxes": world.inboxes,
        "told": {
            reader: told for reader in world.town.people if world.town.is_here(reader) if (told := told_to(world, reader))
        },
        "term_photos": mentions,
        "trends": boards_of(mentions, world.window_ms),
    }


def account_card(person: Person) -> tuple:
    """Behaviour 14: of a deleted account no name is left."""
    if person.state == "deleted":
        return GONE
    name = name_key(person.username)
    return person.state, person.username, name, person.display_name, person.private, person.changed_at


def photo_card(photo: Photo) -> tuple:
    """Tags as they were typed beside their compared forms, in the order of the caption."""
    if photo.state == "deleted":
        return GONE
    tags = hashtags(photo.caption)
    place = None if photo.place is None else place_key(photo.place)
    words = (photo.caption, tuple(shown for shown, _ in tags), tuple(key for _, key in tags), photo.place, place)
    made = (photo.size, tuple(sorted(photo.variants)), photo.original_key)
    return photo.owner_id, photo.state, photo.reason, *words, *made


def barriers(ties: Ties) -> Shown:
    """Behaviours 9, 10: what stands between a person and another, as (blocking since, blocked by, muting since, until)."""
    sides = {side for who, whom in [*ties.blocks, *ties.mutes] for side in ((who, whom), (whom, who))}
    found = {}
    for who, whom in sides:
        muted = ties.mutes.get((who, whom), (None, None))
        found[who, whom] = (ties.blocks.get((who, whom)), (whom, who) in ties.blocks, *muted)
    return {side: barrier for side, barrier in found.items() if any(barrier)}


def viewers(world: World) -> Shown:
    """What filters need about each reader, ids ascending; nothing for who has no ties."""
    found = {}
    for reader in world.town.people:
        of_state = {state: sorted(whom for (who, whom), f in world.follows.items() if who == reader and f.state == state)
                    for state in ("FOLLOWING", "REQUESTED")}  # fmt: skip
        blocking = sorted(whom for who, whom in world.ties.blocks if who == reader)
        blocked_by = sorted(who for who, whom in world.ties.blocks if whom == reader)
        mutes = sorted((whom, until or 0) for (who, whom), (_, until) in world.ties.mutes.items() if who == reader)
        row = (of_state["FOLLOWING"], of_state["REQUESTED"], blocking, blocked_by, mutes)
        if any(row):
            found[reader] = tuple(map(tuple, row))
    return found


def comments(world: World) -> Shown:
    """Behaviour 8: a deleted comment has no text and no likes; those under deleted photos are hidden.

    Those of who is deactivated keep their rows, which nobody is shown meanwhile.
    """
    liked = Counter(target for target, _ in world.likes)
    return {
        c.comment_id: (c.photo_id, GONE) if c.deleted else (c.photo_id, c.author_id, c.text, liked[c.comment_id])
        for c in world.comments.values()
        if not world.is_buried(c.photo_id)
    }


def counts(world: World) -> Shown:
    """Behaviours 1, 14: a count is the size of a set of what people did who are here, by (kind, entity); 0 is left out."""
    found: Counter = Counter()
    for target, _ in world.likes:
        if target not in world.comments and world.is_shown(target):
            found["likes", target] += 1
    for comment in world.comments.values():
        if world.town.is_here(comment.author_id) and not comment.deleted and not world.is_buried(comment.photo_id):
            found["comments", comment.photo_id] += 1
    for photo in world.photos.values():
        if photo.is_ready() and world.town.is_here(photo.owner_id):
            found["photos", photo.owner_id] += 1
    for (who, whom), follow in world.follows.items():
        if follow.state == "FOLLOWING":
            found["following", who] += 1
            found["followers", whom] += 1
    return dict(found)


def submissions(world: World) -> Shown:
    """Behaviour 4: what came of each submission of who is not gone."""
    firsts = [submissions_of(told(world.log, topic), name).firsts for topic, name in MADE]
    return {key: made for some in firsts for key, made in some.items() if not world.town.is_gone(key[0])}


def told_to(world: World, reader: int) -> tuple[tuple, ...]:
    """Return what a reader is told, newest first, as (id, kind, actor, photo, comment, created at, read)."""
    found = []
    for (recipient, kind, actor, photo_id, comment_id), notification_id in world.notifications.items():
        told_as = seen_as(world, reader, kind, actor, photo_id, comment_id) if recipient == reader else None
        if told_as is not None:
            read = notification_id <= world.inboxes.get(reader, 0)
            found.append((notification_id, told_as, actor, photo_id, comment_id, time_of(notification_id), read))
    return tuple(sorted(found, reverse=True))


def seen_as(world: World, reader: int, kind: str, actor: int, photo_id: int, comment_id: int) -> str | None:
    """Return as what a reader is told of a deed now, None when they are not (behaviours 8 to 11, 14).

    Not of whom one mutes, nor of people, photos and comments that one may not see; of a wish to follow by what it became.
    """
    if not sees(world, reader, actor) or is_muted(world.ties, reader, actor, world.now):
        return None
    if kind == "follow":
        follow = world.follows.get((actor, reader))
        return None if follow is None else {"FOLLOWING": "follow", "REQUESTED": "request"}[follow.state]
    photo, comment = world.photos.get(photo_id), world.comments.get(comment_id)
    shown = photo is not None and photo.is_ready() and sees_photos_of(world, reader, photo.owner_id)
    if comment_id:
        shown = shown and comment is not None and not comment.deleted and sees(world, reader, comment.author_id)
    return kind if shown else None


def sees(world: World, reader: int, other: int) -> bool:
    """Return whether a person may be shown to a reader: here, and no block between them."""
    return world.town.is_here(other) and not world.ties.apart(reader, other)


def sees_photos_of(world: World, reader: int, owner: int) -> bool:
    """Behaviour 11: one's own, and those of public accounts and of whom one follows."""
    follow = world.follows.get((reader, owner))
    followed = follow is not None and follow.state == "FOLLOWING"
    return reader == owner or (sees(world, reader, owner) and (world.town.is_public(owner) or followed))


def feed_for(world: World, reader: int) -> tuple[int, ...]:
    return feed_of(reader, world.photos, world.town, world.ties, world.follows, world.now)
