"""One run: a seed's history and moves, or moves that were noted before; then the comparison with the oracle."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from schemas.codec import Codec, Decoder, Writer, open_codec
from schemas.events import Event
from schemas.lock import Lock, read_lock
from streams.fold import InvariantBroken
from tests.oracle.differences import Difference, differences
from tests.oracle.left_to_the_edge import what_the_edge_refuses
from tests.oracle.wanted import World
from tests.simulation import moves as m
from tests.simulation.director import Director, setting_of
from tests.simulation.scribe import DAY, Deed
from tests.simulation.stage import Setting, Stage


class Run(NamedTuple):
    """What came of a run. `avoided` is not empty when the history holds what no edge would have let in."""

    setting: Setting
    deeds: Sequence[Deed]
    moves: Sequence[m.Move]
    differences: list[Difference]
    avoided: list[str]
    fired: Counter[str]
    world: World


class Remembering(Decoder):
    """A decoder that decodes the same bytes once: events do not change, and every agent reads them again."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(lock)
        self._events: dict[bytes, Event] = {}

    def _read(self, raw: bytes, writer: Writer) -> Event:
        found = self._events.get(raw)
        if found is None:
            if len(self._events) > 20_000:
                self._events.clear()
            found = self._events[raw] = super()._read(raw, writer)
        return found


def fast_codec() -> Codec:
    """Return a codec for many runs."""
    lock = read_lock()
    return Codec(open_codec(lock).encoder, Remembering(lock))


def run_seed(seed: int, codec: Codec) -> Run:
    """Return what comes of a seed."""
    random = Random(seed)
    setting, deeds = setting_of(random)
    stage = Stage(setting, deeds, codec)
    director = Director(random, stage)

    async def live() -> None:
        await director.lead()
        await stage.settle()

    return ended(stage, director.moves, live())


def run_again(setting: Setting, deeds: Sequence[Deed], moves: Sequence[m.Move], codec: Codec) -> Run:
    """Return what comes of moves that were noted."""
    stage = Stage(setting, deeds, codec)

    async def live() -> None:
        for move in moves:
            await stage.play(move)
        await stage.settle()

    return ended(stage, moves, live())


def ended(stage: Stage, moves: Sequence[m.Move], life) -> Run:
    """Live a life and compare; a fold or a loop that breaks an invariant is a difference too."""
    broken: list[Difference] = []
    try:
        asyncio.run(life)
    except (InvariantBroken, AssertionError, KeyError, ValueError, TypeError, AttributeError) as error:
        broken = [Difference("a process", "broke", "life", f"{type(error).__name__}: {error}")]
    world = World(stage.log, stage.now, stage.rules.celebrity_up, stage.rules.celebrity_down)
    avoided = what_the_edge_refuses(world)
    # Trends are exact within a week and a day (decision 22); a history that jumps is not compared there.
    long = bool(stage.deeds) and stage.deeds[-1].at - stage.deeds[0].at > DAY
    without = ("trends",) if long else ()
    without += () if stage.setting.trends else ("trends", "term_photos")
    found = broken or differences(stage.stores, world, without)
    return Run(stage.setting, stage.deeds, moves, found, avoided, stage.fired, world)
