"""People who act, each in a thread of their own, until they are stopped; then each finishes what is not yet answered."""

import threading
import time
from collections.abc import Callable
from random import Random

from tests.chaos import content, relations
from tests.chaos.cast import Cast, Person
from tests.chaos.compare import Difference, Kind
from tests.chaos.model import Comment, Photo, truth

# Between two deeds of one person, in seconds.
PAUSES = (0.3, 0.8)
MOST_PHOTOS = 12
# A crowd follows the star for so long, then leaves it for so long.
TIDE_SECONDS = 40.0

# What people do, and how often among a hundred deeds.
DEEDS: tuple[tuple[str, int], ...] = (
    ("like", 16),
    ("like a comment", 7),
    ("comment", 12),
    ("delete a comment", 5),
    ("follow", 9),
    ("tide", 22),
    ("block", 5),
    ("mute", 4),
    ("flip", 3),
    ("decide a request", 3),
    ("remove a follower", 1),
    ("upload", 7),
    ("edit", 4),
    ("delete a photo", 2),
)


class Actors:
    """All who act; `start`, then `stop` and `join`."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast = cast
        self._threads = [
            threading.Thread(target=self._live, args=(person, Random(seed * 1_000 + number)), name=person.name, daemon=True)
            for number, person in enumerate(cast.actors)
        ]

    def start(self) -> None:
        """Let everybody act."""
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait until everybody has finished; who has not is noted."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                self.cast.ledger.differ(Difference(Kind.UNANSWERED, f"{thread.name} still waits for an answer"))

    def _live(self, person: Person, chance: Random) -> None:
        names, weights = zip(*DEEDS, strict=True)
        try:
            while not self.cast.stopping.is_set():
                self._look_after_own(person)
                do(self.cast, person, chance.choices(names, weights)[0], chance)
                self.cast.stopping.wait(chance.uniform(*PAUSES))
        except Exception as trouble:  # A thread that dies in silence would make the load lighter.
            self.cast.ledger.differ(Difference(Kind.STACK, f"{person.name} stopped acting: {trouble!r}"))
            raise

    def _look_after_own(self, person: Person) -> None:
        unready = [photo for photo in list(self.cast.world.photos.values()) if photo.owner == person.id and not photo.ready]
        if unready:
            content.look_whether_ready(self.cast, unready[0])


def do(cast: Cast, who: Person, deed: str, chance: Random) -> None:
    """Do one deed, unless there is nothing to do it to just now."""
    others = [one for one in cast.actors if one is not who]
    other = chance.choice(others)
    match deed:
        case "like" | "comment":
            _react(cast, who, deed, chance)
        case "like a comment" | "delete a comment":
            _to_comment(cast, who, deed, chance)
        case "follow":
            relations.turn_follow(cast, who, other, chance)
        case "tide" if who is not cast.star:
            relations.turn_follow(cast, who, cast.star, chance, wanted=cast.ledger.seconds % (2 * TIDE_SECONDS) < TIDE_SECONDS)
        case "block" if cast.star not in (who, other):
            relations.turn_block(cast, who, other, chance)
        case "mute":
            relations.turn_mute(cast, who, other, chance)
        case "flip" if who.flips:
            relations.flip(cast, who, chance)
        case "decide a request" if who.flips:
            relations.decide_request(cast, who, chance)
        case "remove a follower" if who is not cast.star:
            relations.remove_follower(cast, who, other, chance)
        case "upload" | "edit" | "delete a photo":
            _to_own_photo(cast, who, deed, chance)


def _react(cast: Cast, who: Person, deed: str, chance: Random) -> None:
    photo = _pick(chance, [one for one in _photos(cast) if cast.world.sees(who.id, one.owner)[0]])
    if photo is None:
        return
    if deed == "like":
        content.turn_like(cast, who, photo, None, chance)
    else:
        content.add_comment(cast, who, photo)


def _to_comment(cast: Cast, who: Person, deed: str, chance: Random) -> None:
    photos = {photo.token: photo for photo in _photos(cast)}
    there = [one for one in list(cast.world.comments.values()) if one.id and one.photo in photos and one.there.must(truth)]
    if deed == "delete a comment":
        mine: list[Comment] = [one for one in there if who.id in (one.author, photos[one.photo].owner)]
        if comment := _pick(chance, mine):
            content.delete_comment(cast, who, comment)
        return
    if comment := _pick(chance, [one for one in there if _meets(cast, who, one, photos[one.photo])]):
        content.turn_like(cast, who, photos[comment.photo], comment, chance)


def _meets(cast: Cast, who: Person, comment: Comment, photo: Photo) -> bool:
    """Return whether somebody surely sees a comment: the photo, and its author."""
    if not cast.world.sees(who.id, photo.owner)[0]:
        return False
    if comment.author == who.id:
        return True
    bond, _ = cast.world.bond(who.id, comment.author)
    return bond.must(lambda one: not one.blocked)


def _to_own_photo(cast: Cast, who: Person, deed: str, chance: Random) -> None:
    mine = [photo for photo in _photos(cast) if photo.owner == who.id]
    if deed == "upload" or not mine:
        if len(mine) < MOST_PHOTOS:
            content.upload(cast, who, f"{who.name}.{len(cast.world.photos)}.{chance.randrange(10**6)}", _tag(cast, chance))
        return
    photo = chance.choice(mine)
    if deed == "edit":
        content.edit(cast, who, photo, _tag(cast, chance))
    elif len(mine) > 3:
        content.delete(cast, who, photo)


def _tag(cast: Cast, chance: Random) -> str:
    return cast.tag(chance.randrange(3))


def _photos(cast: Cast) -> list[Photo]:
    """Return the photos that can be liked and commented: ready, there, and of somebody who acts."""
    acting = {one.id for one in cast.actors}
    return [one for one in list(cast.world.photos.values()) if one.ready and one.owner in acting and one.there.must(truth)]


def _pick(chance: Random, among: list) -> Callable | None:
    return chance.choice(among) if among else None
