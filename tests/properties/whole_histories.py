"""One random history of everything at once: people, photos, likes and comments, filled into a log for the whole catalogue."""

from collections.abc import Iterator
from random import Random

from schemas.events import Event
from streams.memory import MemoryLog
from tests.properties import histories
from tests.specs import builders as b

# Photos are uploaded after the last of them was taken, so that no id is ahead of the log.
UPLOADED = 10_000_000
# So many ms lie between two uploads: three of them fill a window of the trends.
BETWEEN = 100_000
# Moments of relations; photos are taken in the same span, so that spans of being pulled hold some of them.
STEP = 10
WORDS = ("#dawn", "#dawn #dusk", "#Dusk at #Noon", "with @bob", None)
# Following is common, so that audiences grow and shrink through the thresholds.
DEEDS = ("FOLLOW_WANTED",) * 8 + ("FOLLOW_ACCEPTED",) * 3 + ("FOLLOW_WITHDRAWN",) * 4 + ("BLOCKED", "UNBLOCKED", "MUTED")


def accounts(random: Random, length: int) -> Iterator[Event]:
    """Yield four people who open their accounts, flip their privacy, hide and come back; rarely one leaves for ever."""
    for who, name in histories.NAMES.items():
        yield b.opened(who, name, private=random.random() < 0.3)
    for at in range(1, length):
        who = random.choice(histories.PEOPLE)
        flips = [b.made(who, True, at * STEP), b.made(who, False, at * STEP), b.renamed(who, f"Name {at}", at * STEP)]
        flips += [b.deactivated(who, at * STEP), b.reactivated(who, at * STEP)]
        yield b.closed(who, at * STEP) if random.random() < 0.02 else random.choice(flips)


def relations(random: Random, length: int) -> Iterator[Event]:
    """Yield what four people do to each other, of which following each other is most."""
    for at in range(length):
        who, whom = random.sample(histories.PEOPLE, 2)
        yield b.did(who, random.choice(DEEDS), whom, at * STEP)


def shots(length: int) -> list[tuple[int, int]]:
    """Return photos, as (id, owner), taken evenly over the span of the relations, three a person."""
    return [(b.photo(who, 1 + n * length * STEP // 3), who) for who in histories.PEOPLE for n in range(3)]


def photos(random: Random, length: int, of: list[tuple[int, int]]) -> Iterator[Event]:
    """Yield photos that are uploaded, resized, edited, rejected and deleted, in no sensible order."""
    for step in range(length):
        at = UPLOADED + step * BETWEEN
        shot, owner = random.choice(of)
        upload = b.uploaded(shot, owner, at, caption=random.choice(WORDS), place=random.choice(("Rome", None)))
        frequent = [upload, upload, b.variant(shot, owner, random.choice((150, 150, 320)), at)] * 3
        edited = b.edited(shot, owner, caption=random.choice(WORDS), at=at)
        yield random.choice([*frequent, edited, edited, b.erased(shot, owner, at=at), b.rejected(shot, owner, at=at)])


def said(random: Random, length: int, of: list[tuple[int, int]]) -> Iterator[Event]:
    """Yield comments that are added and deleted, and likes of photos and comments, often taken back."""
    for step in range(length):
        at = UPLOADED + step
        place = random.randrange(len(of))
        shot, number = of[place][0], random.choice((1, 2))
        author, remark = histories.PEOPLE[number], b.comment(shot, 2 * place + number)
        kind = random.choice(("LIKED", "LIKED", "UNLIKED"))
        yield random.choice(
            (
                b.commented(author, remark, shot, at=at),
                b.uncommented(author, remark, shot, at),
                b.liked(random.choice(histories.PEOPLE), shot, None, at, kind),
                b.liked(random.choice(histories.PEOPLE), shot, None, at, kind),
                b.liked(random.choice(histories.PEOPLE), shot, remark, at, kind),
            )
        )


def fill(log: MemoryLog, random: Random, length: int = 60) -> None:
    """Append a history of all topics: about four times `length` events."""
    of = shots(length)
    for history in (
        accounts(random, length // 3),
        relations(random, length),
        photos(random, length, of),
        said(random, length, of),
    ):
        for event in history:
            log.put(event)
