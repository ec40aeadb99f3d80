"""Events of one batch, however many: they are taken chunk by chunk, and named and ordered as if they were one list."""

import asyncio
from dataclasses import replace

import pytest

from schemas.crash_points import CrashPoint
from streams.fold import Changes, InvariantBroken
from tests.specs.batches_made import PARTITION, TELL, World, like, tell

STAMPS = ["tell/1/0/1/0", "tell/1/0/2/0", "tell/1/0/3/0", "tell/1/0/3/1", "tell/1/0/4/0", "tell/1/0/5/0"]


class Died(Exception):
    """Where a test lets a process die."""


def lazily(batch, state):
    return Changes(events=iter(tell(batch, state).events))


LAZY = replace(TELL, fold=lazily)


def likes_of_five(**around) -> World:
    world = World(**around)
    for n in range(1, 6):
        world.log.put(like(n))
    return world


def stamps(world: World) -> list[str]:
    return [event.event_id for event in world.log.events("followers")]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
def test_names_do_not_depend_on_the_size_of_a_chunk(size):
    async def story():
        world = likes_of_five(events_at_once=size)
        loop = await world.folded(LAZY)
        return stamps(world), loop.counts.events

    assert asyncio.run(story()) == (STAMPS, 6)


def test_events_of_several_sources_are_numbered_through_all_chunks():
    async def story():
        world = likes_of_five(events_at_once=2)
        await world.folded(replace(LAZY, sources=("likes", "comments")))
        return stamps(world)

    assert asyncio.run(story()) == [f"tell/1/1/1/{index}" for index in range(6)]


def test_no_more_events_are_taken_than_the_log_has_acknowledged_and_one_chunk():
    async def story():
        world, taken, ahead = likes_of_five(events_at_once=2), [], []

        def fold(batch, state):
            events = tell(batch, state).events
            return Changes(events=(taken.append(caused) or caused for caused in events))

        original = world.log.append_many

        async def append_many(events):
            ahead.append(len(taken) - len(stamps(world)))
            return await original(events)

        world.log.append_many = append_many
        await world.folded(replace(TELL, fold=fold))
        return ahead

    assert asyncio.run(story()) == [2, 2, 2]


def test_an_order_that_breaks_at_the_border_of_two_chunks_stops_the_worker():
    async def story():
        world = likes_of_five(events_at_once=3)

        def fold(batch, state):
            events = tell(batch, state).events
            return Changes(events=iter(events[3:] + events[:3]))

        await world.folded(replace(TELL, fold=fold))

    with pytest.raises(InvariantBroken, match="order of the records"):
        asyncio.run(story())


def test_who_dies_between_two_chunks_says_the_same_under_the_same_names_again():
    async def story():
        passed = []

        def at(point):
            if point is CrashPoint.MID_EVENTS:
                passed.append(point)
                if len(passed) == 2:
                    raise Died

        world = likes_of_five(events_at_once=2, at=at)
        with pytest.raises(Died):
            await world.folded(LAZY)
        said = stamps(world)
        world.crashed()
        loop = await world.folded(LAZY)
        return said, stamps(world), loop.position("likes"), len(world.log.read("followers", PARTITION))

    assert asyncio.run(story()) == (STAMPS[:4], STAMPS[:4] + STAMPS, 5, 10)


def test_what_one_chunk_holds_is_appended_in_one_call_and_no_boundary_is_passed():
    async def story():
        points = []
        world = likes_of_five(events_at_once=6, at=points.append)
        await world.folded(LAZY)
        return CrashPoint.MID_EVENTS in points

    assert asyncio.run(story()) is False
