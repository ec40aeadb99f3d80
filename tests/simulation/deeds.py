"""What people do in a small dense world: seeded histories in which few people and few photos meet often.

A deed names everything that it concerns by ids of its own, so that a history stays one when deeds are left out. What is
avoided, and why, is said in `tests.oracle.not_yet`; who makes no history that is avoided there is checked after each.
"""

from random import Random
from typing import Any, NamedTuple

from schemas import events as e
from schemas.ids import compose_id, shard_of, shard_of_text
from streams.edge import Picture

SHARDS = 8
DAWN = 1_700_006_400_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
NAMES = ("ann", "bob", "cy", "dee", "eve")
CAPTIONS = ("#Dawn", "#dawn #dusk", "#DUSK at #Noon", "no tag", "", None)
PLACES = ("Rome", " rome", "Oslo", None, None)
PICTURE = Picture(b"a picture", "image/jpeg")
BROKEN = Picture(b"broken", "image/jpeg")
MOST_PHOTOS = 7


class Deed(NamedTuple):
    """One thing somebody does: a method of `streams.edge.Edge` and its arguments, or `raw` for what no edge would write."""

    number: int
    at: int
    verb: str
    args: tuple[Any, ...]

    def mint(self, shard: int) -> int:
        """Return the id that this deed mints in a shard, the same whenever it is done again."""
        return compose_id(self.at, shard, self.number % 1024)


class Scribe:
    """Writes one history. What it remembers serves to choose deeds that meet, not to decide anything."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = DAWN
        self.deeds: list[Deed] = []
        self.names: dict[int, str] = {}
        self.people: list[int] = []
        self.photos: dict[int, int] = {}
        self.comments: dict[int, tuple[int, int]] = {}
        self.blocked: set[tuple[int, int]] = set()
        self.wanted: set[tuple[int, int]] = set()
        self.liked: set[tuple[int, int]] = set()
        self.gone: set[int] = set()
        # Who leaves for ever, and who hides: at most one of the five, who keeps to themselves (`tests.oracle.not_yet`).
        self.leaver = self.hider = 0
        self.jumped = False

    def do(self, verb: str, *args: Any, exact: bool = True) -> None:
        """Write down a deed of this moment; one that is not `exact` may be dated by an edge whose clock is some ms behind."""
        skew = 0 if exact else self.random.choice((0, 0, 0, 1, 3))
        self.deeds.append(Deed(len(self.deeds), self.now - skew, verb, args))
        self.now += self.random.choice((1, 1, 5, 500, MINUTE, 6 * MINUTE))

    def open(self, name: str) -> int:
        """Let somebody claim a name."""
        user_id = compose_id(self.now, shard_of_text(name, SHARDS), len(self.deeds) % 1024)
        self.names[user_id] = name
        typed = name.title() if self.random.random() < 0.5 else name
        self.do("open_account", user_id, typed, name.title(), self.random.random() < 0.3)
        return user_id

    def somebody(self) -> int:
        return self.random.choice(self.people)

    def two(self, rather: set[tuple[int, int]] | None = None) -> tuple[int, int]:
        """Return two people: rather a pair of these, if there are any."""
        if rather and self.random.random() < 0.8:
            return self.random.choice(sorted(rather))
        return tuple(self.random.sample(self.people, 2))

    def meets(self, who: int, whom: int) -> bool:
        """Return whether somebody may like, comment or follow what is another's, without coming upon what is not done yet."""
        blocked = (who, whom) in self.blocked or (whom, who) in self.blocked
        return not blocked and who not in (self.leaver, self.hider)


def written(random: Random, length: int) -> list[Deed]:
    """Return a history of about so many deeds."""
    scribe = Scribe(random)
    scribe.people = [scribe.open(name) for name in NAMES[: random.choice((3, 4, 5, 5))]]
    role = random.choice(("stays", "stays", "leaves", "hides"))
    scribe.leaver = scribe.people[-1] if role == "leaves" else 0
    scribe.hider = scribe.people[-1] if role == "hides" else 0
    if random.random() < 0.15:
        # Fame comes and goes: thresholds are crossed both ways, with photos in between.
        verbs = (follow, follow, follow, unfollow, unfollow, upload, flip)
        while len(scribe.deeds) < length + 10:
            random.choice(verbs)(scribe)
            length -= random.random() < 0.1
        return scribe.deeds
    # Each history does some things often and others never, so that what rarely happens sometimes happens all the time.
    weights = [weight * random.choice((0, 1, 1, 2, 6)) for weight in VERBS.values()]
    for _ in range(random.choice((1, 2, 4))):
        upload(scribe)
        follow(scribe)
    while any(weights) and len(scribe.deeds) < length:
        random.choices(tuple(VERBS), weights)[0](scribe)
        length -= random.random() < 0.1
    return scribe.deeds


def follow(s: Scribe) -> None:
    who, whom = s.two()
    # Somebody is followed more than others, so that thresholds are crossed.
    whom = s.people[0] if who != s.people[0] and s.random.random() < 0.5 else whom
    if who not in (s.leaver, s.hider) and whom not in (s.hider, *s.gone):
        s.wanted.add((who, whom))
        s.do("relate", who, e.RelationKind.FOLLOW_WANTED, whom, exact=False)


def unfollow(s: Scribe) -> None:
    who, whom = s.two(s.wanted)
    s.wanted.discard((who, whom))
    s.do("relate", who, e.RelationKind.FOLLOW_WITHDRAWN, whom, exact=False)


def answer(s: Scribe) -> None:
    whom, who = s.two(s.wanted)
    kind = s.random.choice((e.RelationKind.FOLLOW_ACCEPTED, e.RelationKind.FOLLOW_ACCEPTED, e.RelationKind.FOLLOW_REJECTED))
    s.do("relate", who, kind, whom, exact=False)


def block(s: Scribe) -> None:
    whom, who = s.two(s.wanted)
    s.wanted -= {(who, whom), (whom, who)}
    s.blocked.add((who, whom))
    s.do("relate", who, e.RelationKind.BLOCKED, whom)


def unblock(s: Scribe) -> None:
    if s.blocked:
        who, whom = s.random.choice(sorted(s.blocked))
        s.blocked.discard((who, whom))
        s.do("relate", who, e.RelationKind.UNBLOCKED, whom)


def mute(s: Scribe) -> None:
    who, whom = s.two()
    until = s.random.choice((None, s.now + MINUTE, s.now + DAY))
    s.do("relate", who, e.RelationKind.MUTED, whom, until)


def unmute(s: Scribe) -> None:
    who, whom = s.two()
    s.do("relate", who, e.RelationKind.UNMUTED, whom)


def upload(s: Scribe) -> None:
    owner = s.somebody() if s.random.random() < 0.7 else s.people[0]
    if len(s.photos) < MOST_PHOTOS and owner not in s.gone:
        photo_id = compose_id(s.now, shard_of(owner), len(s.deeds) % 1024)
        s.photos[photo_id] = owner
        picture = BROKEN if s.random.random() < 0.1 else PICTURE
        s.do("upload_photo", photo_id, owner, picture, s.random.choice(CAPTIONS), s.random.choice(PLACES))


def edit(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
        changed = s.random.choice(({"caption": s.random.choice(CAPTIONS)}, {"place": s.random.choice(PLACES)}))
        if owner not in s.gone:
            s.do("edit_photo", photo_id, owner, changed, exact=False)


def erase(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
        if owner not in s.gone:
            s.do("delete_photo", photo_id, owner)


def like(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
        who = s.somebody()
        if s.meets(who, owner):
            s.liked.add((who, photo_id))
            s.do("change_like", who, e.LikeKind.LIKED, photo_id)


def unlike(s: Scribe) -> None:
    if s.photos:
        who, photo_id = s.somebody(), s.random.choice(sorted(s.photos))
        if s.liked and s.random.random() < 0.8:
            who, photo_id = s.random.choice(sorted(s.liked))
        if s.meets(who, s.photos[photo_id]):
            s.do("change_like", who, e.LikeKind.UNLIKED, photo_id)


def comment(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
        who = s.somebody()
        if s.meets(who, owner):
            comment_id = compose_id(s.now, shard_of(photo_id), len(s.deeds) % 1024)
            s.comments[comment_id] = (photo_id, who)
            s.do("add_comment", comment_id, who, photo_id, s.random.choice(("Nice!", "Where?")))


def uncomment(s: Scribe) -> None:
    if s.comments:
        comment_id, (photo_id, author) = s.random.choice(sorted(s.comments.items()))
        who = s.random.choice((author, s.photos[photo_id]))
        if who not in (s.leaver, s.hider):
            s.do("delete_comment", who, comment_id, photo_id)


def like_comment(s: Scribe) -> None:
    if s.comments:
        comment_id, (photo_id, author) = s.random.choice(sorted(s.comments.items()))
        who = s.somebody()
        if s.meets(who, s.photos[photo_id]) and s.meets(who, author):
            kind = s.random.choice((e.LikeKind.LIKED, e.LikeKind.LIKED, e.LikeKind.UNLIKED))
            s.do("change_like", who, kind, photo_id, comment_id)


def rename(s: Scribe) -> None:
    who = s.somebody()
    if who not in s.gone:
        s.do("edit_profile", who, s.random.choice(("X", "Y")), exact=False)


def flip(s: Scribe) -> None:
    who = s.somebody()
    if who not in s.gone:
        s.do("change_privacy", who, s.random.random() < 0.5, exact=False)


def leave(s: Scribe) -> None:
    if s.leaver and s.leaver not in s.gone and s.random.random() < 0.5:
        s.gone.add(s.leaver)
        s.do("delete_account", s.leaver)


def hide(s: Scribe) -> None:
    if s.hider:
        s.do(s.random.choice(("deactivate", "reactivate")), s.hider)


def claim(s: Scribe) -> None:
    """Claim a name that somebody has, or had: once in a while more than 30 days after it was given up."""
    if s.gone and not s.jumped and s.random.random() < 0.3:
        s.jumped = True
        s.now += 31 * DAY
    s.open(s.names[s.random.choice(s.people)])


def say_nonsense(s: Scribe) -> None:
    """Append what no edge would: bytes that are no event, a photo from the future, a deletion by somebody else."""
    if s.random.random() < 0.3:
        s.do("raw", s.random.choice(("accounts", "photos", "likes", "comments", "relations")), b"nonsense")
        return
    owner, other = s.two()
    common = {"event_id": "1", "occurred_at": s.now, "actor_id": owner, "source": "test"}
    if s.random.random() < 0.5:
        photo_id = compose_id(s.now + DAY, shard_of(owner), 1000)
        s.do("raw", "photos", e.PhotoUploaded(**common, photo_id=photo_id, owner_id=owner, original_key="x",
             content_type="image/jpeg", size_bytes=1, sha256="00", caption="#future"))  # fmt: skip
    elif mine := sorted(photo for photo, who in s.photos.items() if who == owner):
        foreign = e.PhotoDeleted(**(common | {"actor_id": other}), photo_id=s.random.choice(mine), owner_id=owner)
        s.do("raw", "photos", foreign)


VERBS = {
    follow: 12, unfollow: 5, answer: 5, block: 2, unblock: 2, mute: 2, unmute: 1, upload: 9, edit: 3, erase: 2, like: 14,
    unlike: 5, comment: 7, uncomment: 2, like_comment: 6, rename: 1, flip: 4, leave: 3, hide: 3, claim: 1, say_nonsense: 1,
}  # fmt: skip
