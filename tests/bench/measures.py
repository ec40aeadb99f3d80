"""Every measure by its name, the stack that it wants, and whether it runs when nothing is named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby

from infra.settings import Settings
from tests.bench.figures import Figure, Say
from tests.bench.likes_log import LikesLog, append_likes


@dataclass(frozen=True)
class Stack:
    """A stack that is started empty: `core` is only what others wrote, `all` also our workers and the API.

    `thresholds` are the followers at which an author becomes pulled, and pushed again.
    """

    services: str = "core"
    thresholds: tuple[int, int] | None = None

    def variables(self) -> dict[str, str]:
        """Return what the environment says of it."""
        if self.thresholds is None:
            return {}
        up, down = self.thresholds
        return {"DARKROOM_CELEBRITY_UP": str(up), "DARKROOM_CELEBRITY_DOWN": str(down)}


CORE = Stack()
AS_IN_PRODUCTION = Stack("all", (10_000, 9_000))
# The largest hub of the real graph has 9,458 followers.
FOR_THE_HUB = Stack("all", (9_000, 8_100))


class Bench:
    """What measures on one stack share; the log of likes is made once, when it is first wanted."""

    def __init__(self, settings: Settings, likes: int, say: Say) -> None:
        self.settings = settings
        self.say = say
        self._likes = likes

    @cache  # noqa: B019  # One bench a stack.
    def log(self) -> LikesLog:
        """Return the log of likes."""
        self.say(f"appending {self._likes:,} likes")
        log = append_likes(self.settings, self._likes)
        self.say(f"appended, of {len(log.counts):,} photos")
        return log


@dataclass(frozen=True)
class Measure:
    """One measure. Those of `scale` run when they are named, or all of them as `scale`: they take minutes each."""

    name: str
    run: Callable[[Bench], list[Figure]]
    stack: Stack = CORE
    scale: bool = field(default=False, kw_only=True)


def measures() -> dict[str, Measure]:
    """Return the measures by the name of their first figure, in the order in which they run."""
    from tests.bench import (
        measure_backfill,
        measure_celebrity,
        measure_datasets,
        measure_deliveries,
        measure_feed,
        measure_likes,
        measure_merge,
        measure_replay,
        measure_restore,
        measure_turns,
        measure_variants,
    )

    every = (
        Measure("likes_per_core", lambda b: [measure_likes.likes_per_core(b.settings, b.log(), b.say)]),
        Measure("framework_us", lambda b: [measure_likes.framework_us(b.settings, b.log(), b.say)]),
        Measure("replay_parquet", lambda b: [measure_replay.replay_parquet(b.settings, b.log(), b.say)]),
        Measure("restore_10m", lambda b: [measure_restore.restore_10m(b.settings, b.say)]),
        Measure("deliveries", lambda b: measure_deliveries.deliveries(b.settings, b.say)),
        Measure("feed", lambda b: [measure_feed.feed(b.settings, b.say)]),
        Measure("variants", lambda b: [measure_variants.variants(b.say)]),
        Measure("turns", lambda b: measure_turns.turns(b.settings, b.say), scale=True),
        Measure("merge", lambda b: [measure_merge.merge(b.settings, b.say)], scale=True),
        Measure("celebrity", lambda b: [measure_celebrity.celebrity(b.settings, b.say)], AS_IN_PRODUCTION, scale=True),
        Measure("backfill", lambda b: [measure_backfill.backfill(b.settings, b.say)], AS_IN_PRODUCTION, scale=True),
        Measure("datasets", lambda b: measure_datasets.datasets(b.settings, b.say), FOR_THE_HUB, scale=True),
    )
    return {measure.name: measure for measure in every}


def chosen(names: set[str]) -> list[Measure]:
    """Return the measures of these names, those of `scale` by that name; without any, all others."""
    every = measures().values()
    if not names:
        return [one for one in every if not one.scale]
    return [one for one in every if one.name in names or (one.scale and "scale" in names)]


def by_stack(some: list[Measure]) -> Iterator[tuple[Stack, list[Measure]]]:
    """Yield each stack with the measures that follow each other on it."""
    for stack, group in groupby(some, key=lambda one: one.stack):
        yield stack, list(group)
