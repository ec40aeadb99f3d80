"""Chooses what happens next, by a seed: the same seed is the same run, to the byte."""

from random import Random
from typing import NamedTuple

from projections.prints import has_shards
from projections.structures import structure_of
from schemas.crash_points import CrashPoint
from tests.simulation import moves as m
from tests.simulation.deeds import written
from tests.simulation.scribe import SHARDS, Deed
from tests.simulation.stage import Setting, Stage

# Where a process that folds can die; the edge and the flush have points of their own.
OF_STEPS = (
    CrashPoint.AFTER_POSTGRES,
    CrashPoint.AFTER_REDIS,
    CrashPoint.MID_FANOUT,
    CrashPoint.AFTER_ROWS,
    CrashPoint.MID_EVENTS,
    CrashPoint.AFTER_EVENTS,
    CrashPoint.AFTER_DEAD_LETTERS,
    CrashPoint.AFTER_STATE,
    CrashPoint.BEFORE_COMMIT,
)
OF_OPENING = (CrashPoint.AFTER_CLAIM, CrashPoint.MID_REPRINT, CrashPoint.AFTER_REPRINT)
OF_EDGE = (CrashPoint.AFTER_BLOB, CrashPoint.AFTER_APPEND)
OF_FLUSH = (CrashPoint.AFTER_POSTGRES, CrashPoint.AFTER_REDIS, CrashPoint.AFTER_FLUSH)
OF_EFFECT = (CrashPoint.MID_EFFECT,)
# Passed only in worlds with disks.
OF_SNAPSHOT = (CrashPoint.AFTER_CHECKPOINT, CrashPoint.MID_SNAPSHOT, CrashPoint.AFTER_MANIFEST)
OF_RESTORE = (CrashPoint.MID_RESTORE,)
HICCUPS = ("half of the events", "no answer from the log", "no answer from the stores")


class Weather(NamedTuple):
    """How much goes wrong, as chances of each move. `batches` are how many records a step may fold; None is all."""

    dying: float
    trouble: float
    folding: float
    batches: tuple[int | None, ...]


# How often each trouble comes, in the order of `_trouble`.
TROUBLES = (4, 2, 5, 8, 1, 1.5, 0.5, 4, 3, 4)

CALM = Weather(0.0, 0.0, 0.55, (1, 2, 5, None))
WINDY = Weather(0.15, 0.1, 0.6, (1, 2, 3, 7, None))
STORM = Weather(0.25, 0.25, 0.65, (1, 2, 3, 7, None))
# Everything is written first, and then read: a rebuild.
REBUILD = Weather(0.1, 0.1, 0.0, (1, 3, 10, None))
# Which topics are not read for so many moves: those of agents that read two.
STARVED = (None, "accounts", "followers", "audience", "audience", "photos", "likes", "comments", "barriers")
STARVING = 25
# So many worlds have disks.
WITH_DISKS = 0.04
WEATHERS = (CALM, WINDY, WINDY, STORM, STORM, REBUILD)


def setting_of(random: Random) -> tuple[Setting, list[Deed]]:
    """Return a world and a history for it."""
    partitions, depth = random.choice((1, 2, 2, 4)), random.choice((2, 3, 50))
    setting = Setting(partitions, depth, trends=random.random() < 0.5, disks=random.random() < WITH_DISKS)
    return setting, written(random, random.choice((15, 30, 45)))


class Director:
    """Leads one run: deeds in their order, mixed with everything that may happen meanwhile. `moves` is what it was."""

    def __init__(self, random: Random, stage: Stage) -> None:
        self._random = random
        self._stage = stage
        self._weather = random.choice(WEATHERS)
        self._next = 0
        self._again: list[int] = []
        # Troubles come together: where something went wrong, more does, and that place folds on first.
        self._focus: m.Place | None = None
        # What is to follow what was chosen.
        self._script: list[m.Move] = []
        self._last: tuple[m.Place, str] | None = None
        # For a while one topic is not read, so that what it says is not known when others are.
        self._starved: str | None = None
        self._troubles = [weight * random.choice((0, 1, 1, 4)) for weight in TROUBLES]
        if stage.setting.disks:
            self._weather, self._troubles = STORM, [1, 1, 1, 1, 1, 1, 0.5, 8, 8, 1]
        self.moves: list[m.Move] = []

    async def lead(self) -> None:
        """Play until all deeds are done and nothing waits, or what waits is left to the settling."""
        budget = 6 * len(self._stage.deeds) + 40
        while len(self.moves) < budget:
            move = self._choose()
            if move is None:
                return
            self.moves.append(move)
            await self._stage.play(move)

    def _choose(self) -> m.Move | None:
        random, left = self._random, self._next < len(self._stage.deeds)
        if len(self.moves) % STARVING == 0:
            self._starved = random.choice(STARVED)
        if self._script:
            return self._script.pop()
        if any(self._troubles) and random.random() < self._weather.trouble:
            return self._trouble()
        if left and random.random() >= self._weather.folding:
            return self._deed()
        if self._again and random.random() < 0.2:
            return m.Do(self._again.pop(random.randrange(len(self._again))), again=True)
        waiting = self._stage.waiting()
        if self._stage.died and random.random() < 0.7:
            # Who comes after one that died reads the topics in another order, and in other batches.
            others = [step for step in waiting if step[0] == self._stage.died and step != self._last]
            if others:
                return self._step(*others[0])
        fed = [step for step in waiting if step[1] != self._starved]
        if fed and random.random() < 0.9:
            waiting = fed
        if waiting:
            near = [step for step in waiting if step[0] == self._focus]
            return self._step(*random.choice(near if near and random.random() < 0.5 else waiting))
        return self._deed() if left else None

    def _deed(self) -> m.Do:
        number = self._next
        self._next += 1
        doom = self._doom(OF_EDGE)
        # Who got no answer tries again, and so do some who got one.
        if doom or self._random.random() < 0.05:
            self._again.append(number)
        return m.Do(number, doom)

    def _step(self, place: m.Place, topic: str) -> m.Step:
        self._last = (place, topic)
        points = OF_STEPS + (OF_EFFECT * 3 if place[0] == "resize" else ())
        return m.Step(place, topic, self._random.choice(self._weather.batches), self._doom(points, OF_OPENING))

    def _doom(self, *kinds: tuple[CrashPoint, ...]) -> m.Doom | None:
        snapshots = self._stage.setting.disks and kinds[0] in (OF_SNAPSHOT, OF_RESTORE)
        if self._random.random() >= (0.6 if snapshots else self._weather.dying):
            return None
        points = self._random.choice((kinds[0], *kinds))
        return m.Doom(self._random.choice(points), self._random.choice((1, 1, 1, 2)))

    def _trouble(self) -> m.Move:
        random = self._random
        place = self._focus = self._place()
        move = random.choices(
            (
                m.Flush(place, self._doom(OF_FLUSH, OF_OPENING)),
                m.Rebalance(place),
                m.Fork(place, random.random() < 0.5),
                m.Haunt(random.randrange(4), random.randrange(2), random.choice((1, 3, 50))),
                m.Arrive(random.random() < 0.5),
                self._reprint(place),
                m.LoseStores(random.choice((("redis",), ("postgres",), ("postgres", "redis")))),
                m.Remember(place, self._doom(OF_SNAPSHOT)),
                m.LoseState(place, random.random() < 0.7, self._doom(OF_RESTORE)),
                m.Hiccup(place, random.choice(HICCUPS)),
            ),
            self._troubles,
        )[0]
        if isinstance(move, m.LoseState) and move.restored and random.random() < 0.5:
            # A state that is older than what the stores have seen is the one from which a reprint is most delicate.
            self._script = [self._reprint(place) for _ in range(3)]
        return move

    def _reprint(self, place: m.Place) -> m.Move:
        """Return a reprint of something that the agent of a place writes."""
        writes = self._stage.agents[place[0]].writes
        if not writes:
            return m.Rebalance(place)
        name = self._random.choice(writes)
        by_shard = has_shards(structure_of(name)) and self._random.random() < 0.8
        return m.Reprint(name, self._random.randrange(SHARDS) if by_shard else None, self._random.random() < 0.5)

    def _place(self) -> m.Place:
        """Return a place, rather one where something waits."""
        if self._focus is not None and self._random.random() < 0.4:
            return self._focus
        waiting = self._stage.waiting()
        if waiting and self._random.random() < 0.8:
            return self._random.choice(waiting)[0]
        return self._random.choice(list(self._stage.states))
