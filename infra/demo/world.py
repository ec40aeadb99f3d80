"""The world of the demo as a plan: people, whom they follow, what they upload, like and say. Pure; the seed decides all.

`play` performs it through HTTP; `checks` compares what the API then says with `World.likers`, `followers` and `comments_on`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Literal, NamedTuple

from infra.demo.album import RISING_PLACE, RISING_TAG, Shot, plan_album
from infra.demo.words import ANSWERS, CELEBRITY, FAMILY, GIVEN, OPENINGS, REMARKS

CELEBRITY_NUMBER = 0
# The others stay well below a threshold that only the celebrity crosses.
MOST_FOLLOWERS_OF_OTHERS = 70

DeedKind = Literal["follow", "unfollow", "accept", "like", "unlike", "comment", "like_comment"]


class Deed(NamedTuple):
    """Something that a person does; `target` numbers a person, an upload or a comment, as the kind says."""

    kind: DeedKind
    who: int
    target: int
    text: str = ""
    # Which comment this is, for those who like it later.
    number: int = 0


@dataclass(frozen=True)
class Size:
    """How large a world is; a run on two cores ends well within three minutes at the default."""

    people: int = 300
    follows: int = 3000
    uploads: int = 100
    shots: int = 30
    likes: int = 4500
    comments: int = 1000
    comment_likes: int = 500


@dataclass(frozen=True)
class Person:
    """Somebody who will open an account."""

    number: int
    username: str
    display_name: str
    private: bool = False


@dataclass(frozen=True)
class Upload:
    """A photo that somebody will upload, and the follower whose feed will be watched for it."""

    number: int
    who: int
    shot: Shot
    caption: str
    place: str | None
    watcher: int


@dataclass(frozen=True)
class World:
    """Everything that will happen, phase by phase; within a phase the order does not matter."""

    size: Size
    people: tuple[Person, ...]
    shots: tuple[Shot, ...]
    uploads: tuple[Upload, ...]
    follows: tuple[Deed, ...]
    acceptances: tuple[Deed, ...]
    reactions: tuple[Deed, ...]
    comments: tuple[Deed, ...]
    comment_likes: tuple[Deed, ...]
    second_thoughts: tuple[Deed, ...]
    followers: dict[int, set[int]] = field(repr=False)
    likers: dict[int, set[int]] = field(repr=False)

    @property
    def celebrity(self) -> Person:
        return self.people[CELEBRITY_NUMBER]

    @property
    def first_uploads(self) -> tuple[Upload, ...]:
        """Those that nobody times: they open connections and wake what has never run."""
        return self.uploads[: self.size.uploads // 10]

    @property
    def timed_uploads(self) -> tuple[Upload, ...]:
        return self.uploads[self.size.uploads // 10 :]

    def comments_on(self, upload: int) -> int:
        return sum(deed.target == upload for deed in self.comments)


def make_world(seed: int, run: int = 1, size: Size | None = None) -> World:
    """Plan a world; a later `run` of the same seed is the same world with other user names."""
    size = size or Size()
    random = Random(seed)
    people = make_people(random, size.people, run)
    followers = make_graph(random, people, size.follows)
    shots = tuple(plan_album(seed, size.shots))
    uploads = make_uploads(random, people, followers, shots, size.uploads)
    likers = make_likers(random, people, followers, uploads, size.likes)
    comments = make_comments(random, people, followers, uploads, size.comments)
    follows = shuffled(random, (Deed("follow", who, whom) for whom in sorted(followers) for who in sorted(followers[whom])))
    likes = [Deed("like", who, upload) for upload in sorted(likers) for who in sorted(likers[upload])]
    return World(
        size=size,
        people=people,
        shots=shots,
        uploads=uploads,
        follows=follows,
        acceptances=tuple(Deed("accept", d.target, d.who) for d in follows if people[d.target].private),
        reactions=shuffled(random, [*likes, *comments]),
        comments=tuple(comments),
        comment_likes=make_comment_likes(random, people, comments, size.comment_likes),
        second_thoughts=regret(random, followers, likers, uploads),
        followers=followers,
        likers=likers,
    )


def shuffled(random: Random, deeds: Iterable[Deed]) -> tuple[Deed, ...]:
    """Mix the deeds of a phase."""
    mixed = list(deeds)
    random.shuffle(mixed)
    return tuple(mixed)


def make_people(random: Random, count: int, run: int) -> tuple[Person, ...]:
    """Name `count` people; number 0 is the celebrity, one in sixty is private. `run` above 1 ends each user name."""
    suffix = "" if run == 1 else f".{run}"
    people = [Person(CELEBRITY_NUMBER, CELEBRITY[0] + suffix, CELEBRITY[1])]
    taken = {people[0].username.casefold()}
    while len(people) < count:
        given, family = random.choice(GIVEN), random.choice(FAMILY)
        plain_given, plain_family = plain(given), plain(family)
        name = random.choice(
            (f"{plain_given}.{plain_family}", f"{plain_given}_{plain_family[:3]}", f"{plain_given}{plain_family}")
        )
        if name + suffix in taken:
            name = f"{name}{random.randrange(10, 100)}"
        if name + suffix in taken:
            continue
        taken.add(name + suffix)
        people.append(Person(len(people), name + suffix, f"{given} {family}", private=len(people) % 60 == 59))
    return tuple(people)


def plain(name: str) -> str:
    """A name in the letters that user names may have."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii() and c.isalpha()).lower()


def make_graph(random: Random, people: Sequence[Person], follows: int) -> dict[int, set[int]]:
    """Who follows whom, by followee: two in three follow the celebrity, the rest goes to the popular, and friends answer."""
    others = range(1, len(people))
    followers: dict[int, set[int]] = {person.number: set() for person in people}
    followers[CELEBRITY_NUMBER] = {who for who in others if random.random() < 0.68}
    total = len(followers[CELEBRITY_NUMBER])
    ranked = list(others)
    random.shuffle(ranked)
    reach = list(accumulate((rank + 3) ** -0.75 for rank in range(len(ranked))))
    limit = min(MOST_FOLLOWERS_OF_OTHERS, len(people) // 3)
    patience = follows * 20
    while total < follows and patience:
        patience -= 1
        who, whom = random.choice(others), random.choices(ranked, cum_weights=reach)[0]
        for follower, followee in ((who, whom), (whom, who)) if random.random() < 0.3 else ((who, whom),):
            fits = follower != followee and len(followers[followee]) < limit and follower not in followers[followee]
            if fits and total < follows:
                followers[followee].add(follower)
                total += 1
    return followers


def make_uploads(
    random: Random, people: Sequence[Person], followers: dict[int, set[int]], shots: Sequence[Shot], count: int
) -> tuple[Upload, ...]:
    """Photos in the order of their upload: the celebrity's every twelfth, the rising tag's more and more towards the end."""
    rising = [shot for shot in shots if RISING_TAG in shot.scene.tags]
    usual = [shot for shot in shots if RISING_TAG not in shot.scene.tags] or list(shots)
    authors = [p.number for p in people[1:] if len(followers[p.number]) >= 2 and not p.private]
    random.shuffle(authors)
    uploads = []
    for number in range(count):
        takes_off = bool(rising) and random.random() < (0.06 if number < count // 3 else 0.55)
        shot = random.choice(rising) if takes_off else usual[number % len(usual)]
        who = CELEBRITY_NUMBER if number % 12 == 5 else authors[number % len(authors)]
        place = RISING_PLACE if takes_off and random.random() < 0.75 else shot.place.name
        uploads.append(
            Upload(
                number=number,
                who=who,
                shot=shot,
                caption=caption_of(random, people, shot),
                place=None if random.random() < 0.08 and not takes_off else place,
                watcher=random.choice(sorted(followers[who])),
            )
        )
    return tuple(uploads)


def caption_of(random: Random, people: Sequence[Person], shot: Shot) -> str:
    """A sentence and two or three hashtags, sometimes somebody's name."""
    opening = random.choice(OPENINGS.get(shot.scene.key) or OPENINGS[shot.scene.name])
    first, *more = shot.scene.tags
    tags = [first, *random.sample(more, random.randint(1, len(more)))]
    with_whom = f" With @{random.choice(people).username}" if random.random() < 0.12 else ""
    return f"{opening}{with_whom} {' '.join(f'#{tag}' for tag in tags)}"


def make_likers(
    random: Random, people: Sequence[Person], followers: dict[int, set[int]], uploads: Sequence[Upload], likes: int
) -> dict[int, set[int]]:
    """Who likes which upload: Zipf over the uploads, the celebrity's first; followers are quicker to like."""
    order = sorted(uploads, key=lambda upload: (upload.who != CELEBRITY_NUMBER, random.random()))
    weights = {upload.number: (rank + 2) ** -0.8 for rank, upload in enumerate(order)}
    scale = likes / sum(weights.values())
    likers = {}
    for upload in uploads:
        wanted = min(round(weights[upload.number] * scale), round(len(people) * 0.92))
        near = sorted(followers[upload.who])
        random.shuffle(near)
        far = [person.number for person in people if person.number not in followers[upload.who]]
        random.shuffle(far)
        split = min(len(near), round(wanted * 0.7))
        likers[upload.number] = set([*near[:split], *far, *near[split:]][:wanted])
    return likers


def make_comments(
    random: Random, people: Sequence[Person], followers: dict[int, set[int]], uploads: Sequence[Upload], count: int
) -> list[Deed]:
    """Remarks with hot spots: a few uploads draw most of them."""
    order = list(uploads)
    random.shuffle(order)
    order.sort(key=lambda upload: upload.who != CELEBRITY_NUMBER)
    reach = list(accumulate((rank + 1.5) ** -1.05 for rank in range(len(order))))
    comments = []
    for number in range(count):
        upload = random.choices(order, cum_weights=reach)[0]
        near = sorted(followers[upload.who])
        who = random.choice(near) if random.random() < 0.7 else random.randrange(len(people))
        text = random.choice(REMARKS)
        if random.random() < 0.08:
            text = random.choice(ANSWERS).format(name=random.choice(people).username)
        comments.append(Deed("comment", who, upload.number, text, number))
    return comments


def make_comment_likes(random: Random, people: Sequence[Person], comments: Sequence[Deed], count: int) -> tuple[Deed, ...]:
    """Who likes which comment, numbered as in `World.comments`; the first ones on a hot photo draw the most."""
    chosen: dict[tuple[int, int], None] = {}
    reach = list(accumulate((rank + 2) ** -0.7 for rank in range(len(comments))))
    while comments and len(chosen) < min(count, len(comments) * len(people) // 4):
        comment = random.choices(range(len(comments)), cum_weights=reach)[0]
        chosen.setdefault((random.randrange(len(people)), comment))
    return tuple(Deed("like_comment", who, comment) for who, comment in chosen)


def regret(
    random: Random, followers: dict[int, set[int]], likers: dict[int, set[int]], uploads: Sequence[Upload]
) -> tuple[Deed, ...]:
    """Take back some likes and follows, and note it in the sets of what must remain."""
    watched = {(upload.watcher, upload.who) for upload in uploads}
    deeds = []
    for kind, sets, share in (("unlike", likers, 0.02), ("unfollow", followers, 0.01)):
        for target in sorted(sets):
            for who in sorted(sets[target]):
                if random.random() < share and (who, target) not in watched:
                    sets[target].discard(who)
                    deeds.append(Deed(kind, who, target))  # type: ignore[arg-type]
    return tuple(deeds)
