"""An author with 12,000 followers who posts while they cross both thresholds: every feed is what the oracle says.

People and follows are appended by a producer; photos go in through HTTP and are resized; feeds are read through HTTP.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from infra.settings import Settings
from tests.bench.asking import LARGEST_PAGE, Asker, ids_of, side_by_side
from tests.bench.crowd import append, deeds, openings, people
from tests.bench.figures import Figure, Say, in_words
from tests.bench.settling import settle
from tests.chaos.testimony import KeptLog
from tests.oracle.wanted import World, feed_for

FOLLOWERS = 12_000
# 12,000 - 3,100 = 8,900: below the threshold of 9,000.
LEAVE = 3_100
RETURN = 3_000
# As many followers post a photo themselves, in between; each is followed by so many of the others, and is never pulled.
PHOTOS = 20
SHOWN = 5

Feed = tuple[list[int], bool]


@dataclass
class Stage:
    """Who takes part, and what was measured so far. `photos` counts those of the celebrity."""

    settings: Settings
    say: Say
    asker: Asker
    star: int
    fans: list[int]
    photos: int = 0
    follows: int = 0
    spent: float = field(default=0.0)

    def post(self, many: int) -> None:
        """Let the celebrity post, and after each photo one of the neighbours."""
        for _ in range(many):
            self.asker.upload(self.star)
            self.asker.upload(self.fans[-1 - self.photos])
            self.photos += 1

    def cross(self, who: Sequence[int], kind: str, photos: int) -> None:
        """Let people come or go in as many parts as there are photos, one after each part, and wait until all is folded."""
        began = time.monotonic()
        for part in parts(who, photos):
            append(self.settings, deeds(part, kind, self.star))
            self.post(1)
        settle(self.settings, self.say)
        self.follows += len(who)
        self.spent += time.monotonic() - began
        self.say(f"{len(who):,} {kind}, {photos} photos meanwhile: folded in {time.monotonic() - began:.1f} s")


def celebrity(settings: Settings, say: Say) -> Figure:
    """Cross up, down and up again, then compare every feed."""
    stage = begin(settings, say)
    stage.post(2)
    stage.cross(stage.fans, "FOLLOW_WANTED", 5)
    stage.post(3)
    stage.cross(stage.fans[:LEAVE], "FOLLOW_WITHDRAWN", 4)
    stage.post(2)
    stage.cross(stage.fans[:RETURN], "FOLLOW_WANTED", 3)
    stage.post(1)
    settle(settings, say)
    world = World(KeptLog(settings), time.time_ns() // 1_000_000, settings.celebrity_up, settings.celebrity_down)
    crossings = [at for span in world.pulled.get(stage.star, ()) for at in span if at]
    wrong, seconds = compare(stage, world)
    exact = not wrong and stage.photos == PHOTOS and len(crossings) == 3
    feeds = len(stage.fans) + 1
    return Figure(
        name="celebrity",
        value=feeds - len(wrong),
        unit="feeds equal to the oracle's",
        baseline=feeds,
        against="all feeds",
        note=(
            f"{stage.photos} photos, {len(crossings)} crossings; {in_words(stage.follows / stage.spent)} follows "
            f"and unfollows a second beside the photos; feeds read at {in_words(feeds / seconds)}/s"
        ),
        exact=exact,
    )


def begin(settings: Settings, say: Say) -> Stage:
    """Open the accounts, and let some of the followers post and be followed."""
    named = people("fan", FOLLOWERS, settings.shards)
    star = people("celebrity", 1, settings.shards)
    append(settings, openings(named | star))
    fans = list(named.values())
    for number, neighbour in enumerate(fans[-PHOTOS:]):
        append(settings, deeds((fan for fan in fans[number::PHOTOS] if fan != neighbour), "FOLLOW_WANTED", neighbour))
    say(f"{FOLLOWERS:,} people and their first follows: folded in {settle(settings, say):.1f} s")
    return Stage(settings, say, Asker(settings), next(iter(star.values())), fans)


def parts(who: Sequence[int], many: int) -> Iterator[Sequence[int]]:
    """Yield people in so many parts."""
    for number in range(many):
        yield who[number * len(who) // many : (number + 1) * len(who) // many]


def compare(stage: Stage, world: World) -> tuple[list[int], float]:
    """Read everybody's feed; return whose is not what the oracle says, and the seconds that reading took."""
    readers = [*stage.fans, stage.star]
    began = time.monotonic()
    found = side_by_side(lambda reader: first_page(stage.asker, reader), readers)
    seconds = time.monotonic() - began
    wrong = [reader for reader in readers if found[reader] != (list(feed_for(world, reader)), True)]
    for reader in wrong[:SHOWN]:
        stage.say(f"WRONG: reader {reader} sees {found[reader]}, the oracle says {feed_for(world, reader)}")
    return wrong, seconds


def first_page(asker: Asker, reader: int) -> Feed:
    """Return the photos of a feed's first page, and whether that is all."""
    page = asker.ask(reader, "GET", f"/v1/feed?limit={LARGEST_PAGE}").json
    return ids_of(page), page["next"] is None
