"""The moves of a simulation: what happens next, by whom, and where it dies. A list of moves is a run, and can be played again.

A move that cannot be made (nothing to fold, no such zombie) does nothing, so that a run stays one when moves are left out.
"""

from typing import NamedTuple

from schemas.crash_points import CrashPoint

Place = tuple[str, int]


class Doom(NamedTuple):
    """Die when a point is passed for the so-manieth time."""

    point: CrashPoint
    passing: int = 1

    def __str__(self) -> str:
        return f", dies {self.point.value}" + (f" ({self.passing} times passed)" if self.passing > 1 else "")


class Do(NamedTuple):
    """Somebody does a deed at the edge; who got no answer, or does not trust it, does it `again`."""

    deed: int
    doom: Doom | None = None
    again: bool = False


class Step(NamedTuple):
    """An agent folds the next records of a topic, or all; or prints what it owes, on the way."""

    place: Place
    topic: str
    records: int | None
    doom: Doom | None = None


class Flush(NamedTuple):
    """An agent writes what could wait."""

    place: Place
    doom: Doom | None = None


class Rebalance(NamedTuple):
    """A partition is let go of here and opened elsewhere."""

    place: Place


class Fork(NamedTuple):
    """A partition is opened elsewhere, but who had it does not know: a zombie. What a `slow` one says arrives later."""

    place: Place
    slow: bool


class Haunt(NamedTuple):
    """A zombie folds on."""

    zombie: int
    topic: int
    records: int


class Arrive(NamedTuple):
    """What slow zombies said arrives: rows first, or events first."""

    rows_first: bool


class LoseStores(NamedTuple):
    """Redis, or PostgreSQL, or both come back empty."""

    stores: tuple[str, ...]


class Reprint(NamedTuple):
    """A projection is printed again: one shard of it in place, `lost` or not; or all of it, into an empty build."""

    projection: str
    shard: int | None
    lost: bool


class Remember(NamedTuple):
    """A copy of a state is put aside."""

    place: Place
    doom: Doom | None = None


class LoseState(NamedTuple):
    """A state is lost, and begun from nothing; or, `restored`, from what was put aside, if there is any."""

    place: Place
    restored: bool
    doom: Doom | None = None


class Hiccup(NamedTuple):
    """The next write of an agent is made, but its answer is lost; or only half of its next events are appended."""

    place: Place
    what: str


Move = Do | Step | Flush | Rebalance | Fork | Haunt | Arrive | LoseStores | Reprint | Remember | LoseState | Hiccup
