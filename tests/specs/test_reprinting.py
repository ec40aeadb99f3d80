"""Opening a partition prints what a store owes, from the state alone, before anything is folded or said."""

import asyncio
import logging
from dataclasses import replace

import pytest

from schemas.crash_points import CrashPoint
from streams.fold import NeighbourAway, Overtaken
from streams.ledger import Ledger
from streams.memory import MemorySink
from tests.specs.batches_made import COUNT, PARTITION, PHOTO, World, like

OTHER = PHOTO + 1
PRINTED = replace(
    COUNT,
    reprint=lambda state, projection: ((key, int(value)) for key, value in state.scan(b"n")),
)


class Died(Exception):
    """The process died here."""


def run(story):
    return asyncio.run(story)


async def lost(world: World, agent=PRINTED) -> None:
    """Fold three likes of two photos, lose the store, and die."""
    for n, photo in enumerate((PHOTO, PHOTO, OTHER)):
        world.log.put(like(n, photo))
    await world.folded(agent)
    world.sink.lose()
    world.crashed()


def test_a_lost_store_is_printed_from_the_state_without_reading_the_log():
    async def story():
        world = World()
        await lost(world)
        world.log.read = None
        loop = await world.opened(PRINTED)
        return world.sink.rows["counters"], loop.position("likes"), loop.counts.rows - 2

    assert run(story()) == ([(b"n%d" % PHOTO, 2), (b"n%d" % OTHER, 1)], 3, 0)


def test_what_is_whole_is_not_printed_again():
    async def story():
        world = World()
        await lost(world)
        await world.opened(PRINTED)
        world.sink.rows.clear()
        world.crashed()
        await world.opened(PRINTED)
        return world.sink.rows["counters"]

    assert run(story()) == []


def test_folding_goes_on_after_the_printing():
    async def story():
        world = World()
        await lost(world)
        world.log.put(like(9))
        await world.folded(PRINTED)
        return world.sink.rows["counters"][-2:]

    assert run(story()) == [(b"n%d" % PHOTO, 3), (b"n%d" % OTHER, 1)]


def test_readers_hear_nothing_before_all_that_is_owed_is_printed():
    """Kills: progress that is published before the reprint."""

    async def story():
        world, order = World(), []
        await lost(world)
        reprint, publish = world.sink.reprint, world.sink.publish

        async def told_reprint(*arguments):
            await reprint(*arguments)
            order.append("printed")

        async def told_publish(progress):
            order.append("said")
            await publish(progress)

        world.sink.reprint, world.sink.publish = told_reprint, told_publish
        loop = await world.opened(PRINTED)
        await loop.publish()
        return order

    assert run(story()) == ["printed", "said"]


@pytest.mark.parametrize("point", [CrashPoint.MID_REPRINT, CrashPoint.AFTER_REPRINT])
def test_who_dies_in_a_reprint_leaves_it_owed_and_the_next_prints_it_again_under_a_higher_epoch(point):
    """Kills: a reprint that is noted as done before its last chunk."""

    def die(at):
        if at is point:
            raise Died

    async def story():
        world = World()
        world.sink = MemorySink(at=die)
        await lost(world)
        with pytest.raises(Died):
            await world.opened(PRINTED)
        world.crashed()
        owed = await world.sink.owed("count", PARTITION)
        world.sink._at = lambda _point: None
        await world.opened(PRINTED)
        return owed, dict(world.sink.rows["counters"]), await world.sink.owed("count", PARTITION)

    owed, rows, then = run(story())
    assert [one.projection for one in owed] == ["counters"]
    assert rows == {b"n%d" % PHOTO: 2, b"n%d" % OTHER: 1}
    assert then == []


def test_a_store_that_goes_away_in_a_reprint_is_waited_for_and_each_try_claims_anew():
    async def story():
        world = World()
        await lost(world)
        before = await world.log.claim("count", PARTITION)
        world.sink.away = 2
        loop = await world.opened(PRINTED)
        return await world.log.claim("count", PARTITION) - before, loop.counts.retries, dict(world.sink.rows["counters"])

    claims, retries, rows = run(story())
    assert (claims, retries) == (4, 2)
    assert rows == {b"n%d" % PHOTO: 2, b"n%d" % OTHER: 1}


def test_a_store_that_stays_away_is_raised_and_it_is_still_owed():
    async def story():
        world = World()
        await lost(world)
        world.sink.away = 9
        with pytest.raises(NeighbourAway):
            await world.opened(PRINTED)
        return [one.projection for one in await world.sink.owed("count", PARTITION)]

    assert run(story()) == ["counters"]


def test_who_was_overtaken_does_not_try_again():
    """Kills: a zombie that claims anew and overtakes the owner."""

    async def story():
        world, tries = World(), []
        await lost(world)

        async def overtaken(guard, owed, rows, told):
            tries.append(guard.epoch)
            raise Overtaken("another has begun a later reprint")

        world.sink.reprint = overtaken
        with pytest.raises(Overtaken):
            await world.opened(PRINTED)
        return len(tries)

    assert run(story()) == 1


def test_an_agent_that_cannot_print_begins_again_from_zero():
    async def story():
        world = World()
        await lost(world, COUNT)
        loop = await world.opened(COUNT)
        began = loop.position("likes"), Ledger(world.state).position("likes")
        await loop.fold("likes", world.log.read("likes", PARTITION))
        return began, dict(world.sink.rows["counters"]), await world.sink.owed("count", PARTITION)

    assert run(story()) == ((0, 0), {b"n%d" % PHOTO: 2, b"n%d" % OTHER: 1}, [])


def test_a_state_that_was_begun_again_keeps_the_version_that_it_was_noted_with():
    """Kills: an agent of a later version that cannot print, whose state is wiped at each opening from then on."""

    async def story():
        world, later = World(), replace(COUNT, state_version=2)
        await lost(world, later)
        await world.folded(later)
        world.crashed()
        return Ledger(world.state).position("likes"), Ledger(world.state).state_version

    assert run(story()) == (3, 2)


def test_the_log_of_the_worker_says_what_was_printed(caplog):
    async def story():
        world = World()
        await lost(world)
        await world.opened(PRINTED)

    with caplog.at_level(logging.INFO, "darkroom.reprint"):
        run(story())
    (line,) = caplog.messages
    assert line.startswith("count/1: reprinted 2 rows of counters in ")
