"""What may be visible, as sets of possibilities: one for what was acknowledged, more where an outcome is unknown.

Pure. Photos and comments are named by a token in their text that nobody else uses, so that what was made twice shows.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)

NONE, REQUESTED, FOLLOWING = "none", "requested", "following"


class Possible(Generic[T]):
    """What one thing may be now."""

    def __init__(self, *values: T) -> None:
        self.values = frozenset(values)

    def did(self, change: Callable[[T], T]) -> None:
        """Apply a change that was acknowledged."""
        self.values = frozenset(map(change, self.values))

    def perhaps(self, change: Callable[[T], T]) -> None:
        """Apply a change of which nobody knows whether it happened."""
        self.values |= frozenset(map(change, self.values))

    def must(self, holds: Callable[[T], bool]) -> bool:
        """Return whether something is so in any case."""
        return all(map(holds, self.values))

    def may(self, holds: Callable[[T], bool]) -> bool:
        """Return whether something can be so."""
        return any(map(holds, self.values))


def becomes(value: T) -> Callable[[T], T]:
    """Return the change that ends in a value, whatever was before."""
    return lambda _: value


def truth(value: bool) -> bool:
    """Return a truth as it is; the question to ask of a `Possible[bool]`."""
    return value


# --- what two people are to each other -----------------------------------------------------------------------------------


class Side(NamedTuple):
    """What one of two people is towards the other."""

    follow: str = NONE
    blocks: bool = False
    mutes: bool = False


class Bond(NamedTuple):
    """What two people are to each other, and whether each is private; a number 0 or 1 says who acts."""

    sides: tuple[Side, Side]
    private: tuple[bool, bool]

    @property
    def blocked(self) -> bool:
        """Return whether a block stands between the two, whoever made it."""
        return self.sides[0].blocks or self.sides[1].blocks

    def sees(self, who: int) -> bool:
        """Return whether one sees the other's photos."""
        return not self.blocked and (not self.private[1 - who] or self.sides[who].follow == FOLLOWING)

    def with_side(self, who: int, **changes: object) -> "Bond":
        """Return this bond with one side changed."""
        sides = list(self.sides)
        sides[who] = sides[who]._replace(**changes)
        return self._replace(sides=(sides[0], sides[1]))


Change = Callable[[Bond], Bond]


def follows(who: int) -> Change:
    """Follow, or ask to, unless a block stands between."""

    def change(bond: Bond) -> Bond:
        if bond.blocked or bond.sides[who].follow == FOLLOWING:
            return bond
        return bond.with_side(who, follow=REQUESTED if bond.private[1 - who] else FOLLOWING)

    return change


def unfollows(who: int) -> Change:
    """Take a follow or a request back; also what removing a follower does, with the other one as `who`."""
    return lambda bond: bond.with_side(who, follow=NONE)


def accepts(who: int) -> Change:
    """Accept the other's request."""

    def change(bond: Bond) -> Bond:
        return bond.with_side(1 - who, follow=FOLLOWING) if bond.sides[1 - who].follow == REQUESTED else bond

    return change


def rejects(who: int) -> Change:
    """Reject the other's request; who follows already goes on."""

    def change(bond: Bond) -> Bond:
        return bond.with_side(1 - who, follow=NONE) if bond.sides[1 - who].follow == REQUESTED else bond

    return change


def blocks(who: int) -> Change:
    """Block: cuts follows and requests both ways."""
    return lambda bond: bond.with_side(who, blocks=True, follow=NONE).with_side(1 - who, follow=NONE)


def unblocks(who: int) -> Change:
    """Take a block back, which restores nothing."""
    return lambda bond: bond.with_side(who, blocks=False)


def mutes(who: int, muted: bool) -> Change:
    """Mute for ever, or unmute."""
    return lambda bond: bond.with_side(who, mutes=muted)


def turns(who: int, private: bool) -> Change:
    """Become private or public; who becomes public has all requests granted."""

    def change(bond: Bond) -> Bond:
        flags = (private, bond.private[1]) if who == 0 else (bond.private[0], private)
        bond = bond._replace(private=flags)
        return bond if private else accepts(who)(bond)

    return change


# --- what there is --------------------------------------------------------------------------------------------------------


@dataclass
class Photo:
    """A photo by its token; `id` stays empty while no answer has told it."""

    token: str
    owner: str
    id: str = ""
    there: Possible[bool] = field(default_factory=lambda: Possible(True))
    tag: Possible[str] = field(default_factory=lambda: Possible(""))
    ready: bool = False
    position: str = ""


@dataclass
class Comment:
    """A comment by its text, which is a token."""

    text: str
    author: str
    photo: str
    id: str = ""
    there: Possible[bool] = field(default_factory=lambda: Possible(True))
    position: str = ""


class Bounds(NamedTuple):
    """What a list must hold, and what it may hold; `must` is a part of `may`."""

    must: frozenset[str]
    may: frozenset[str]


def bounds(found: Iterable[tuple[str, bool, bool]]) -> Bounds:
    """Return the bounds of a list from (name, must be there, may be there)."""
    must, may = set(), set()
    for name, certain, possible in found:
        if possible:
            may.add(name)
            if certain:
                must.add(name)
    return Bounds(frozenset(must), frozenset(may))


class World:
    """Everything that was acknowledged. People are ids; photos and comments are tokens; likes are (person, target id).

    `people` says of each at the start whether they are private. Bonds are by pair; the number of somebody in a bond is their
    place in the sorted pair.
    """

    def __init__(self, people: Mapping[str, bool]) -> None:
        self.people = tuple(people)
        self.photos: dict[str, Photo] = {}
        self.comments: dict[str, Comment] = {}
        self.likes: dict[tuple[str, str], Possible[bool]] = {}
        pairs = combinations(sorted(people), 2)
        self._bonds = {pair: Possible(Bond((Side(), Side()), (people[pair[0]], people[pair[1]]))) for pair in pairs}

    def bond(self, who: str, other: str) -> tuple[Possible[Bond], int]:
        """Return what two people are to each other, and the number of the first of them in it."""
        first, second = sorted((who, other))
        return self._bonds[first, second], 0 if who == first else 1

    def turn(self, who: str, private: bool, happened: bool) -> None:
        """Make somebody private or public in all their bonds; not `happened`: perhaps."""
        for other in self.people:
            if other != who:
                bond, number = self.bond(who, other)
                (bond.did if happened else bond.perhaps)(turns(number, private))

    def _about(self, who: str, other: str, holds: Callable[[Bond, int], bool]) -> tuple[bool, bool]:
        """Return whether something is certain, and whether it is possible, between two people."""
        bond, number = self.bond(who, other)
        return bond.must(lambda one: holds(one, number)), bond.may(lambda one: holds(one, number))

    # --- lists, as somebody sees them who is on good terms with everybody -------------------------------------------------

    def following(self, who: str, state: str = FOLLOWING) -> Bounds:
        """Whom somebody follows, or asks to follow."""
        others = (other for other in self.people if other != who)
        return bounds((other, *self._about(who, other, lambda b, n: b.sides[n].follow == state)) for other in others)

    def followers(self, who: str, state: str = FOLLOWING) -> Bounds:
        """Who follows somebody, or asks to."""
        others = (other for other in self.people if other != who)
        return bounds((other, *self._about(who, other, lambda b, n: b.sides[1 - n].follow == state)) for other in others)

    def blocked(self, who: str) -> Bounds:
        """Whom somebody blocks."""
        others = (other for other in self.people if other != who)
        return bounds((other, *self._about(who, other, lambda b, n: b.sides[n].blocks)) for other in others)

    def muted(self, who: str) -> Bounds:
        """Whom somebody mutes."""
        others = (other for other in self.people if other != who)
        return bounds((other, *self._about(who, other, lambda b, n: b.sides[n].mutes)) for other in others)

    def photos_of(self, owner: str) -> Bounds:
        """The photos of somebody, by token."""
        return bounds((p.token, p.there.must(truth), p.there.may(truth)) for p in self.photos.values() if p.owner == owner)

    def comments_on(self, photo: str) -> Bounds:
        """The comments on a photo, by text."""
        return bounds((c.text, c.there.must(truth), c.there.may(truth)) for c in self.comments.values() if c.photo == photo)

    def likers(self, target: str) -> Bounds:
        """Who likes a photo or a comment."""
        return bounds((who, one.must(truth), one.may(truth)) for (who, of), one in self.likes.items() if of == target)

    def feed(self, who: str) -> Bounds:
        """The photos in somebody's feed, by token."""

        def shown(photo: Photo) -> tuple[bool, bool]:
            if photo.owner == who:
                return True, True
            return self._about(who, photo.owner, _in_feed)

        found = ((photo, *shown(photo)) for photo in self.photos.values())
        return bounds((p.token, p.there.must(truth) and must, p.there.may(truth) and may) for p, must, may in found)

    def tagged(self, tag: str) -> Bounds:
        """The photos of public people that carry a tag, by token."""
        found = []
        for photo in self.photos.values():
            bond, number = self.bond(photo.owner, next(one for one in self.people if one != photo.owner))
            public = [not one.private[number] for one in bond.values]
            certain = photo.there.must(truth) and photo.tag.must(lambda one: one == tag) and all(public)
            possible = photo.there.may(truth) and photo.tag.may(lambda one: one == tag) and any(public)
            found.append((photo.token, certain, possible))
        return bounds(found)

    def sees(self, who: str, owner: str) -> tuple[bool, bool]:
        """Return whether somebody must see, and may see, another's photos."""
        return (True, True) if who == owner else self._about(who, owner, lambda bond, number: bond.sees(number))


def _in_feed(bond: Bond, who: int) -> bool:
    return bond.sides[who].follow == FOLLOWING and not bond.sides[who].mutes and not bond.blocked
