"""What people do in a small dense world: seeded histories in which few people and few photos meet often.

What an edge would refuse is avoided (`tests.oracle.left_to_the_edge`); whether a history came upon it is looked at after each.
"""

from random import Random

from schemas import events as e
from schemas.ids import compose_id, shard_of
from streams.edge import Picture
from tests.simulation.scribe import DAY, MINUTE, NAME_HELD, Deed, Scribe

NAMES = ("ann", "bob", "cy", "dee", "eve")
CAPTIONS = ("#Dawn", "#dawn #dusk", "#DUSK at #Noon", "with @bob and @Ann", "no tag", "", None)
WORDS = ("Nice!", "Where?", "@cy, look", "@ann @ANN @eve")
PLACES = ("Rome", " rome", "Oslo", None, None)
PICTURE = Picture(b"a picture", "image/jpeg")
BROKEN = Picture(b"broken", "image/jpeg")
MOST_PHOTOS = 7
# The highest shard that an id can name: of all ids of one ms those in it are the last.
MOST_SHARD = (1 << 13) - 1
# So many people stay, whoever else leaves.
STAY = 2


def written(random: Random, length: int) -> list[Deed]:
    """Return a history of about so many deeds."""
    scribe = Scribe(random)
    # Fame comes and goes: thresholds are crossed both ways, with photos in between, and some who crossed them leave.
    fame = random.random() < 0.15
    scribe.people = [scribe.open(name) for name in NAMES[: 5 if fame else random.choice((3, 4, 5, 5))]]
    if fame:
        verbs = [follow, follow, follow, follow, unfollow, unfollow, upload, upload, flip]
        verbs += random.choice(((), (leave, hide)))
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
    owner = s.somebody() if s.random.random() < 0.7 or s.people[0] in s.gone else s.people[0]
    if len(s.photos) < MOST_PHOTOS:
        photo_id = compose_id(s.now, shard_of(owner), len(s.deeds) % 1024)
        s.photos[photo_id] = owner
        picture = BROKEN if s.random.random() < 0.1 else PICTURE
        what = (picture, s.random.choice(CAPTIONS), s.random.choice(PLACES))
        s.submit("upload_photo", photo_id, owner, *what)


def edit(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
        changed = s.random.choice(({"caption": s.random.choice(CAPTIONS)}, {"place": s.random.choice(PLACES)}))
        s.do("edit_photo", photo_id, owner, changed, exact=False)


def erase(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
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
        s.do("change_like", who, e.LikeKind.UNLIKED, photo_id)


def comment(s: Scribe) -> None:
    if s.photos:
        photo_id, owner = s.random.choice(sorted(s.photos.items()))
        who = s.somebody()
        if s.meets(who, owner):
            comment_id = compose_id(s.now, shard_of(photo_id), len(s.deeds) % 1024)
            s.comments[comment_id] = (photo_id, who)
            s.submit("add_comment", comment_id, who, photo_id, s.random.choice(WORDS))


def submit_again(s: Scribe) -> None:
    """Make once more what was submitted, as who got no answer and lost the id does: another one is minted for it."""
    if s.submitted:
        verb, made, *what = s.random.choice(s.submitted)
        again = compose_id(s.now, shard_of(made), len(s.deeds) % 1024)
        if verb == "upload_photo" and s.random.random() < 0.5:
            # Somebody sees it before Darkroom takes it away.
            s.photos[again] = what[0]
        s.do(verb, again, *what)


def uncomment(s: Scribe) -> None:
    if s.comments:
        comment_id, (photo_id, author) = s.random.choice(sorted(s.comments.items()))
        s.do("delete_comment", s.random.choice((author, s.photos[photo_id])), comment_id, photo_id)


def like_comment(s: Scribe) -> None:
    if s.comments:
        comment_id, (photo_id, author) = s.random.choice(sorted(s.comments.items()))
        who = s.somebody()
        if s.meets(who, s.photos[photo_id]) and s.meets(who, author):
            kind = s.random.choice((e.LikeKind.LIKED, e.LikeKind.LIKED, e.LikeKind.UNLIKED))
            s.do("change_like", who, kind, photo_id, comment_id)


def rename(s: Scribe) -> None:
    s.do("edit_profile", s.somebody(), s.random.choice(("X", "Y")), exact=False)


def flip(s: Scribe) -> None:
    s.do("change_privacy", s.somebody(), s.random.random() < 0.5, exact=False)


def read(s: Scribe) -> None:
    """Read one's notifications up to what somebody did, or to the middle of what happened in that ms."""
    at = s.random.choice(s.deeds).at
    shard = s.random.choice((0, MOST_SHARD // 2, MOST_SHARD))
    s.do("read_inbox", s.somebody(), compose_id(at, shard, 0))


def leave(s: Scribe) -> None:
    staying = [person for person in s.people if person not in s.gone]
    if len(staying) > STAY:
        who = s.random.choice(staying)
        s.gone.setdefault(who, s.now)
        s.do("delete_account", who)


def hide(s: Scribe) -> None:
    """Deactivate an account, or bring one back; once in a while one that is away already, or is not."""
    away = sorted(s.away - s.gone.keys())
    if away and s.random.random() < 0.6:
        who = s.random.choice(away)
        s.away.discard(who)
        s.do("reactivate", who)
    else:
        who = s.somebody()
        s.away.add(who)
        s.do("deactivate", who)


def claim(s: Scribe) -> None:
    """Claim a name that somebody has, or had: once in a while more than 30 days after it was given up."""
    holder = s.random.choice(s.people)
    if s.gone and not s.jumped and s.random.random() < 0.3:
        s.jumped = True
        s.now += NAME_HELD + DAY
        holder = s.random.choice(sorted(s.gone))
    given = holder in s.gone and s.now >= s.gone[holder] + NAME_HELD
    user_id = s.open(s.names[holder])
    if given:
        s.people.append(user_id)


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
    unlike: 5, comment: 7, uncomment: 2, like_comment: 6, rename: 1, flip: 4, leave: 2, hide: 4, claim: 1, read: 5,
    submit_again: 2, say_nonsense: 1,
}  # fmt: skip
