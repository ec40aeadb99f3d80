"""Too many dead letters in a row stop a worker, however it came by them: in one batch, in several, or over restarts."""

import asyncio

import pytest

from streams.fold import InvariantBroken
from streams.surroundings import Patience
from tests.specs.batches_made import COUNT, PARTITION, World, like

LIMIT = 20


def world_of(*kinds: str) -> World:
    """A log of good likes (`g`) and garbage (`b`)."""
    world = World(patience=Patience(pauses_seconds=(), dead_letters_in_a_row=LIMIT))
    for n, kind in enumerate("".join(kinds)):
        if kind == "g":
            world.log.put(like(n))
        else:
            world.log.put_raw("likes", PARTITION, b"garbage")
    return world


async def fold_in_batches(world: World, size: int, restart: bool) -> int:
    """Fold all in batches of a size, each by another process if wanted; return how many dead letters there are."""
    loop = await world.opened(COUNT)
    for start in range(loop.position("likes"), world.log.end("likes", PARTITION), size):
        await loop.fold("likes", world.log.read("likes", PARTITION, start, start + size), start)
        if restart:
            world.crashed()
            loop = await world.opened(COUNT)
    return len(world.log.events("dead_letters"))


@pytest.mark.parametrize("restart", [False, True], ids=["one process", "another process for each batch"])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_no_more_than_the_limit_are_written_whatever_the_batches_and_the_processes(size, restart):
    """Kills: a count that a batch or a restart sets back, so that each new process drains as many again."""
    world = world_of("b" * (LIMIT + 30))
    with pytest.raises(InvariantBroken):
        asyncio.run(fold_in_batches(world, size, restart))
    world.crashed()
    # Started again and again, it stops at the same place, and nothing more is written.
    for _ in range(3):
        with pytest.raises(InvariantBroken, match=rf"likes\[1\]@{LIMIT}: the first byte"):
            asyncio.run(fold_in_batches(world, size, restart))
        world.crashed()
    assert len(world.log.events("dead_letters")) == LIMIT // size * size


def test_a_good_record_between_them_begins_the_count_anew():
    world = world_of("b" * LIMIT, "g", "b" * LIMIT, "g")
    assert asyncio.run(fold_in_batches(world, 9, True)) == 2 * LIMIT


def test_with_a_higher_limit_the_same_worker_passes():
    world = world_of("b" * (LIMIT + 5), "g")
    with pytest.raises(InvariantBroken):
        asyncio.run(fold_in_batches(world, 4, False))
    world.crashed()
    world.patience = Patience(pauses_seconds=(), dead_letters_in_a_row=LIMIT + 5)
    assert asyncio.run(fold_in_batches(world, 4, False)) == LIMIT + 5


def test_what_is_said_names_the_place_the_reason_and_what_to_do():
    with pytest.raises(InvariantBroken) as stopped:
        asyncio.run(fold_in_batches(world_of("b" * (LIMIT + 1)), 50, False))
    said = str(stopped.value)
    for part in (
        f"likes[1]@{LIMIT}: the first byte",
        "python -m streams dead list --open --agent count --topic likes",
        "DARKROOM_DEAD_LETTERS_IN_A_ROW",
    ):
        assert part in said, said


def test_how_many_came_in_a_row_can_be_asked():
    async def story():
        world = world_of("gbbb")
        return (await world.folded(COUNT)).in_a_row("likes")

    assert asyncio.run(story()) == 3
