"""What the records of reprints in Redis promise, on a Redis that lives for these tests alone and needs no stack."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from projections import redis_prints
from projections.away import StoreLost, StoreOvertaken
from projections.builds import Builds
from projections.prints import CHUNK_ROWS, Owing, Print
from projections.redis_prints import field_of
from projections.reprinting import Reprints
from projections.rows import CounterKind, CounterRow
from projections.structures import structure_of
from schemas.crash_points import CrashPoint, pass_by
from schemas.ids import compose_id
from tests.contracts.projection_rows import START_MS

KEY = ("likes@counters.1", 3)
PHOTO = compose_id(START_MS, 1, 32)
COUNT = f"{{s0001}}n.1:likes:{PHOTO}"
GUARD = "{s0001}guard:likes@counters.1:3"
COUNTERS = structure_of("counters")


@dataclass(frozen=True)
class Place:
    epoch: int
    agent: str = "likes"
    partition: int = 3
    sources: dict = field(default_factory=lambda: {"likes": 9})


class Died(Exception):
    """The process died here."""


def count(value: int) -> CounterRow:
    return CounterRow(CounterKind.PHOTO_LIKES, PHOTO, value)


def chunk(store, epoch: int, number: int, value: int):
    return redis_prints.write_chunk(store, (KEY, epoch, number), COUNTERS, 1, [count(value)], 8)


def live(store, known: int, number: int, value: int):
    return store.commit(GUARD, (0, number, "{}"), [("SET", COUNT, value)], (field_of(KEY), known))


def reprints(store, at=pass_by) -> Reprints:
    """The reprints of one process, which writes nothing but Redis here."""

    async def offer(*_given) -> None:
        return None

    return Reprints(SimpleNamespace(pools=[]), store, Builds({}), 8, offer, at)


def test_a_chunk_of_an_older_reprint_changes_nothing_and_says_so(play):
    async def story(store):
        await redis_prints.begin(store, KEY, 5, [])
        await chunk(store, 5, 1, 50)
        await redis_prints.begin(store, KEY, 6, [])
        await chunk(store, 6, 1, 60)
        with pytest.raises(StoreOvertaken):
            await chunk(store, 5, 2, 51)
        with pytest.raises(StoreOvertaken):
            await redis_prints.finish(store, KEY, Print(5, 2, True))
        with pytest.raises(StoreOvertaken):
            await redis_prints.begin(store, KEY, 4, [])
        return await store.call("GET", COUNT), (await redis_prints.read_prints(store))[KEY]

    value, record = play(story)
    assert value == b"60"
    assert (record.epoch, record.whole) == (6, False)


def test_a_chunk_that_repeats_changes_nothing(play):
    async def story(store):
        await redis_prints.begin(store, KEY, 5, [])
        await chunk(store, 5, 2, 50)
        await chunk(store, 5, 2, 51)
        await chunk(store, 5, 1, 52)
        return await store.call("GET", COUNT)

    assert play(story) == b"50"


def test_a_begin_that_repeats_puts_no_guard_back_twice(play):
    async def story(store):
        await redis_prints.begin(store, KEY, 5, [GUARD])
        await redis_prints.finish(store, KEY, Print(5, 0, True))
        await live(store, 5, 9, 90)
        await redis_prints.begin(store, KEY, 5, [GUARD])
        return await store.call("EXISTS", GUARD), (await redis_prints.read_prints(store))[KEY].whole

    assert play(story) == (1, True)


def test_a_live_write_of_who_does_not_know_the_last_reprint_is_refused(play):
    async def story(store):
        await live(store, 0, 9, 90)
        await redis_prints.begin(store, KEY, 5, [GUARD])
        with pytest.raises(StoreOvertaken):
            await live(store, 0, 10, 100)
        return await store.call("GET", COUNT), await live(store, 5, 4, 40), await store.call("GET", COUNT)

    assert play(story) == (b"90", True, b"40")


def test_a_redis_that_was_emptied_takes_no_chunk(play):
    async def story(store):
        await redis_prints.begin(store, KEY, 5, [])
        await store.call("FLUSHALL")
        await store.prepare()
        for attempt in (chunk(store, 5, 1, 50), redis_prints.begin(store, KEY, 6, []), live(store, 0, 1, 1)):
            with pytest.raises(StoreLost):
                await attempt
        return await store.call("EXISTS", COUNT, "prints")

    assert play(story) == 0


@pytest.mark.parametrize(("point", "whole"), [(CrashPoint.MID_REPRINT, False), (CrashPoint.AFTER_REPRINT, False), (None, True)])
def test_a_reprint_is_noted_as_whole_after_its_last_chunk_and_not_before(play, point, whole):
    """Kills: a reprint that is noted as done before the last chunk."""

    def die(at):
        if at is point:
            raise Died

    async def story(store):
        rows = (CounterRow(CounterKind.PHOTO_LIKES, PHOTO + n, 7) for n in range(CHUNK_ROWS + 5))
        try:
            await reprints(store, die).reprint(Place(5), Owing("counters"), rows, lambda _: None)
        except Died:
            assert point
        return (await redis_prints.read_prints(store))[KEY]

    record = play(story)
    assert record.whole is whole
    if whole:
        assert record == Print(5, CHUNK_ROWS + 5, True, 0, {"likes": 9})
