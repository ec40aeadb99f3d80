"""Who writes a history down: few people and few photos, so that deeds meet often.

A deed names everything that it concerns by ids of its own, so that a history stays one when deeds are left out. What the scribe
remembers serves to choose deeds that meet, not to decide anything.
"""

from random import Random
from typing import Any, NamedTuple

from schemas.ids import compose_id, shard_of_text

SHARDS = 8
DAWN = 1_700_006_400_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
# For how long the name of who is deleted is given to nobody.
NAME_HELD = 30 * DAY


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
    """Writes one history."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = DAWN
        self.deeds: list[Deed] = []
        self.names: dict[int, str] = {}
        self.people: list[int] = []
        self.photos: dict[int, int] = {}
        self.comments: dict[int, tuple[int, int]] = {}
        self.submitted: list[tuple] = []
        self.blocked: set[tuple[int, int]] = set()
        self.wanted: set[tuple[int, int]] = set()
        self.liked: set[tuple[int, int]] = set()
        # Who left for ever, and when; who hides.
        self.gone: dict[int, int] = {}
        self.away: set[int] = set()
        self.jumped = False

    def do(self, verb: str, *args: Any, exact: bool = True) -> None:
        """Write down a deed of this moment; one that is not `exact` may be dated by an edge whose clock is some ms behind."""
        skew = 0 if exact else self.random.choice((0, 0, 0, 1, 3))
        self.deeds.append(Deed(len(self.deeds), self.now - skew, verb, args))
        self.now += self.random.choice((1, 1, 5, 500, MINUTE, 6 * MINUTE))

    def submit(self, verb: str, made: int, *what: Any) -> None:
        """Write down a deed that makes something; of some under a submission, so that it can be submitted again."""
        if self.random.random() < 0.5:
            what = (*what, f"{made:032x}")
            self.submitted.append((verb, made, *what))
        self.do(verb, made, *what)

    def open(self, name: str) -> int:
        """Let somebody claim a name."""
        user_id = compose_id(self.now, shard_of_text(name, SHARDS), len(self.deeds) % 1024)
        self.names[user_id] = name
        typed = name.title() if self.random.random() < 0.5 else name
        self.do("open_account", user_id, typed, name.title(), self.random.random() < 0.3)
        return user_id

    def here(self) -> list[int]:
        return [person for person in self.people if person not in self.gone and person not in self.away]

    def somebody(self) -> int:
        """Return who does something: rarely somebody who hides or left already, since an edge may not know that yet."""
        here = self.here()
        return self.random.choice(here if here and self.random.random() < 0.94 else self.people)

    def two(self, rather: set[tuple[int, int]] | None = None) -> tuple[int, int]:
        """Return who does something and to whom: rather a pair of these, if there are any."""
        if rather and self.random.random() < 0.8:
            return self.random.choice(sorted(rather))
        who = self.somebody()
        return who, self.random.choice([other for other in self.people if other != who])

    def meets(self, who: int, whom: int) -> bool:
        """Return whether no block stands between two people, across which the edge refuses what is new."""
        return (who, whom) not in self.blocked and (whom, who) not in self.blocked
