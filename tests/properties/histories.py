"""Random histories of one topic each, small enough that people and things meet often."""

from collections.abc import Iterator, Sequence
from random import Random

from schemas import events as e
from tests.specs import builders as b

PEOPLE = (b.ANN, b.BOB, b.CY, b.DEE)
NAMES = {b.ANN: "ann", b.BOB: "bob", b.CY: "cy", b.DEE: "dee"}


def likes(random: Random, length: int) -> list[e.Event]:
    """Likes and unlikes by four people of two photos and two comments under each."""
    shots = [b.photo(b.ANN, number) for number in (1, 2)]
    history = []
    for at in range(length):
        shot = random.choice(shots)
        target = random.choice([None, b.comment(shot, 1), b.comment(shot, 2)])
        kind = random.choice(["LIKED", "LIKED", "UNLIKED"])
        history.append(b.liked(random.choice(PEOPLE), shot, target, at, kind))
    return history


def comments(random: Random, length: int) -> list[e.Event]:
    """Comments added and deleted under the photos that `likes` knows, some of them deleted first or added twice.

    Half of them are submissions, of which each person has one: the second comment of it is a repeat.
    """
    history = []
    for at in range(length):
        shot = b.photo(b.ANN, random.choice((1, 2)))
        number = random.choice((1, 2, 3))
        author = PEOPLE[min(number, 2)]
        remark = b.comment(shot, number)
        if random.random() < 0.6:
            submission = f"{author:032x}" if number != 1 else None
            history.append(b.commented(author, remark, shot, at=at, submission=submission))
        else:
            history.append(b.uncommented(author, remark, shot, at))
    return history


def accounts(random: Random, length: int, deletions: float = 0.05) -> list[e.Event]:
    """Accounts of four people that open at some time, flip their privacy, come and go; times are even and grow."""
    history = []
    opened: set[int] = set()
    for step in range(length):
        who, at = random.choice(PEOPLE), 2 * step
        private = random.random() < 0.5
        if who not in opened:
            opened.add(who)
            history.append(b.opened(who, NAMES[who], private, at))
        elif random.random() < deletions:
            history.append(b.closed(who, at))
        else:
            flip = b.made(who, private, at)
            hidden = random.choice([b.deactivated, b.reactivated])(who, at)
            history.append(random.choice([flip, flip, flip, b.renamed(who, "X", at), hidden, hidden]))
    return history


def presences(random: Random, length: int) -> list[e.Event]:
    """Four people who hide and come back, also twice in a row, and are rarely gone, as `accounts` tells each partition."""
    gone: set[int] = set()
    history = []
    for at in range(length):
        who = random.choice(PEOPLE)
        if who in gone:
            continue
        presence = "GONE" if random.random() < 0.05 else random.choice(["AWAY", "HERE"])
        history.append(b.present(who, presence, at))
        if presence == "GONE":
            gone.add(who)
    return history


def relations(random: Random, length: int) -> list[e.Event]:
    """Whatever three people may do to each other, themselves included."""
    kinds = [kind.value for kind in e.RelationKind if kind is not e.RelationKind.UNKNOWN]
    weights = [4 if kind in ("FOLLOW_WANTED", "FOLLOW_ACCEPTED") else 1 for kind in kinds]
    history = []
    for at in range(length):
        kind = random.choices(kinds, weights)[0]
        until = b.DAWN + random.choice((50, 60)) if kind == "MUTED" and random.random() < 0.5 else None
        history.append(b.did(random.choice(PEOPLE[:3]), kind, random.choice(PEOPLE[:3]), at, until))
    return history


def wishes(random: Random, length: int) -> list[e.Event]:
    """Wishes between four people as `relations` tells them; some at the very ms at which an account changes."""
    standing: dict[tuple[int, int], tuple[str, int]] = {}
    history = []
    for step in range(length):
        pair = random.sample(PEOPLE, 2)
        follower, followee = pair
        state, wanted = standing.get((follower, followee), ("NONE", 0))
        choices = {"NONE": ["WANTED"], "WANTED": ["ACCEPTED", "NONE"], "ACCEPTED": ["NONE"]}
        after = random.choice(choices[state])
        at = 2 * step + random.randint(0, 1)
        wanted = at if after == "WANTED" else wanted
        standing[follower, followee] = (after, wanted)
        history.append(b.wish(follower, after, followee, wanted, at))
    return history


def followings(random: Random, length: int) -> list[e.Event]:
    """Follows of three people as `follows` tells them."""
    states = ("NONE", "REQUESTED", "FOLLOWING")
    return [b.following(*(p := random.sample(PEOPLE, 2))[:1], random.choice(states), p[1], at) for at in range(length)]


def barriers(random: Random, length: int) -> list[e.Event]:
    """Blocks and mutes among four people as `relations` tells them."""
    history = []
    for at in range(length):
        who, whom = random.sample(PEOPLE, 2)
        muting = b.DAWN + at if random.random() < 0.4 else None
        blocking = b.DAWN + at if random.random() < 0.4 else None
        blocked = random.random() < 0.3
        history.append(b.barrier(who, whom, at, blocking_since=blocking, blocked_by=blocked, muting_since=muting))
    return history


def notices(random: Random, length: int) -> list[e.Event]:
    """Deeds that concern four people and two names, as `notices` tells them; some are taken back, some never done."""
    history = []
    for at in range(length):
        who, whom = random.choice(PEOPLE), random.choice(PEOPLE[:2])
        number = random.choice((1, 2))
        shot = b.photo(b.ANN, number)
        remark = random.choice((None, b.comment(shot, 1)))
        standing = random.random() < 0.6
        # A text is as old as it is, whenever it is told of; a like is as old as the first one of the batch.
        written = 10 * PEOPLE.index(who) + number + (0 if remark is None else 3)
        like = b.noticed("LIKE", whom, who, shot, remark, at if standing else random.choice((None, at)), standing)
        mention = b.noticed("MENTION", random.choice(("ann", "bob")), who, shot, remark, written, standing)
        history.append(random.choice([like, mention, mention]))
    return history


def names(random: Random, length: int) -> list[e.Event]:
    """Two names that people claim and let go, one after the other, as `accounts` tells of them; claims may be said twice."""
    history = []
    for name in ("ann", "bob"):
        at = 0
        for sequence in range(3):
            who, at = b.user(name, sequence), at + random.randint(0, 12)
            history += [b.named(name, who, at=at)] * random.choice((1, 1, 2))
            if random.random() < 0.3:
                break
            at += random.randint(1, 12)
            history.append(b.named(name, who, held=False, at=at))
    return history[:length]


def inboxes(random: Random, length: int) -> list[e.Event]:
    """Four people who read up to something, in no sensible order."""
    return [b.inbox_read(random.choice(PEOPLE), b.photo(b.ANN, random.randint(0, 2 * at + 1)), at) for at in range(length)]


def photos(random: Random, length: int) -> list[e.Event]:
    """Four photos of two owners that are uploaded, resized, edited, rejected and deleted, in no sensible order."""
    history = []
    for at in range(length):
        owner = random.choice(PEOPLE[:2])
        shot = b.photo(owner, random.choice((1, 2, 3)))
        upload = b.uploaded(shot, owner, at, caption="#one")
        variant = b.variant(shot, owner, random.choice((150, 320)), at)
        rare = [b.erased(shot, owner, at=at), b.rejected(shot, owner, at=at), b.erased(shot, owner, b.DEE, at)]
        history.append(random.choice([upload, upload, variant, variant, b.edited(shot, owner, caption=f"#{at}"), *rare]))
    return history


def interleaved(random: Random, *histories: Sequence[e.Event]) -> Iterator[e.Event]:
    """Yield several topics' histories in one order, each in its own."""
    left = [list(reversed(history)) for history in histories]
    while any(left):
        yield random.choice([history for history in left if history]).pop()


def cut(random: Random, events: Sequence[e.Event]) -> Iterator[Sequence[e.Event]]:
    """Yield the events in batches of random lengths."""
    first = 0
    while first < len(events):
        end = first + random.randint(1, 6)
        yield events[first:end]
        first = end
