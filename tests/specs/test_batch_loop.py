"""The order of things within a batch, and what each kind of failure leaves behind."""

import asyncio
from dataclasses import replace

import pytest

from streams.fold import Caused, Changes, InvariantBroken, NeighbourAway, Refused
from streams.ledger import Ledger
from streams.surroundings import Patience
from tests.specs.batches_made import AT, COUNT, PARTITION, PHOTO, TELL, World, count, follower, like

KEY = b"n%d" % PHOTO


def run(story):
    return asyncio.run(story)


def test_rows_then_events_then_state_then_progress():
    async def story():
        world, order = World(), []

        def wrap(thing, name, said):
            original = getattr(thing, name)

            async def told(*arguments):
                order.append(said)
                return await original(*arguments)

            setattr(thing, name, told)

        both = replace(COUNT, fold=lambda batch, state: replace_events(count(batch, state), batch), emits=("followers",))
        world.log.put(like(1))
        world.log.put_raw("likes", PARTITION, b"garbage")
        loop = await world.opened(both)
        wrap(world.sink, "commit", "rows")
        wrap(world.log, "append_many", "events")
        wrap(world.sink, "publish", "progress")
        commit = world.state.commit
        world.state.commit = lambda: (order.append("state"), commit())
        await loop.fold("likes", world.log.read("likes", PARTITION))
        return order

    def replace_events(changes: Changes, batch):
        changes.events = [Caused(batch.first_offset, follower(1, ""))]
        return changes

    assert run(story()) == ["rows", "events", "events", "state", "progress"]


def test_what_the_position_has_seen_is_dropped():
    async def story():
        world = World()
        for n in range(4):
            world.log.put(like(n))
        loop = await world.folded(COUNT)
        await loop.fold("likes", world.log.read("likes", PARTITION))
        world.log.put(like(9))
        await loop.fold("likes", world.log.read("likes", PARTITION, 2), follows=2)
        return world.state.get(KEY), loop.position("likes")

    assert run(story()) == (b"5", 5)


def test_a_hole_in_what_is_delivered_stops_the_worker():
    async def story():
        world = World()
        for n in range(4):
            world.log.put(like(n))
        loop = await world.opened(COUNT)
        await loop.fold("likes", world.log.read("likes", PARTITION, 2), follows=2)

    with pytest.raises(InvariantBroken, match=r"likes\[1\] goes on at 2, but the state is at 0: a hole"):
        run(story())


def test_a_bad_record_is_dead_lettered_with_its_bytes_reason_and_place_and_the_next_is_folded():
    async def story():
        world = World()
        world.log.put(like(1))
        world.log.put_raw("likes", PARTITION, b"\0garbage", b"key", AT)
        world.log.put(like(2))
        await world.folded(COUNT)
        return world

    world = run(story())
    (letter,) = world.log.events("dead_letters")
    assert (letter.topic, letter.partition, letter.position, letter.agent) == ("likes", PARTITION, 1, "count")
    assert (letter.raw_key, letter.raw_value) == (b"key", b"\0garbage")
    assert "schema id" in letter.reason
    assert world.state.get(KEY) == b"2"


def test_a_record_that_the_fold_refuses_is_dead_lettered_too():
    async def story():
        world = World()
        world.log.put(like(1))
        picky = replace(COUNT, fold=lambda batch, state: Changes(refused=[Refused(0, "photo_id: nobody's")]))
        await world.folded(picky)
        return world.log.events("dead_letters")

    (letter,) = run(story())
    assert letter.reason == "photo_id: nobody's"


def test_nothing_but_dead_letters_stops_the_worker_and_says_why():
    async def story(poison: int):
        world = World(patience=Patience(pauses_seconds=(), dead_letters_in_a_row=20))
        for _ in range(poison):
            world.log.put_raw("likes", PARTITION, b"garbage")
        world.log.put(like(1))
        loop = await world.folded(COUNT)
        return loop.counts.dead_letters

    assert run(story(20)) == 20
    with pytest.raises(InvariantBroken, match=r"more than 20 records in a row of likes\[1\] .*@20: the first byte"):
        run(story(21))


def test_a_store_away_for_a_moment_gets_the_same_rows_though_they_were_lazy():
    async def story():
        world = World()
        for n in range(3):
            world.log.put(like(n))
        loop = await world.opened(COUNT)
        world.sink.away = 2
        await loop.fold("likes", world.log.read("likes", PARTITION))
        return world.sink.rows["counters"], loop.counts.retries

    assert run(story()) == ([(KEY, 3)], 2)


def test_a_store_away_for_longer_is_raised_and_nothing_is_kept():
    async def story():
        world = World()
        world.log.put(like(1))
        loop = await world.opened(COUNT)
        world.sink.away = 9
        with pytest.raises(NeighbourAway):
            await loop.fold("likes", world.log.read("likes", PARTITION))
        world.crashed()
        return world.state.get(KEY), Ledger(world.state).position("likes")

    assert run(story()) == (None, 0)


def test_events_of_one_source_are_named_by_the_record_that_caused_them_whatever_the_batches():
    async def story(sizes):
        world = World()
        for n in range(1, 6):
            world.log.put(like(n))
        loop = await world.opened(TELL)
        start = 0
        for size in sizes:
            await loop.fold("likes", world.log.read("likes", PARTITION, start, start + size))
            start += size
        return [event.event_id for event in world.log.events("followers")]

    expected = ["tell/1/0/1/0", "tell/1/0/2/0", "tell/1/0/3/0", "tell/1/0/3/1", "tell/1/0/4/0", "tell/1/0/5/0"]
    assert run(story([5])) == expected
    assert run(story([2, 1, 2])) == expected


def test_events_out_of_the_order_of_their_causes_stop_the_worker():
    async def story():
        world = World()
        world.log.put(like(1))
        world.log.put(like(2))
        backwards = replace(TELL, fold=lambda batch, state: Changes(events=TELL.fold(batch, state).events[::-1]))
        await world.folded(backwards)

    with pytest.raises(InvariantBroken, match="order of the records"):
        run(story())


def test_a_repeat_of_a_derived_event_is_dropped_also_after_a_restart():
    seen = []

    def listen(batch, state):
        seen.extend(record.event.follower_id for record in batch.records)
        return Changes()

    async def story():
        world, agent = World(), replace(COUNT, fold=listen, sources=("followers",), writes=())
        for n, stamp in enumerate(("tell/1/0/1/0", "tell/1/0/1/1", "tell/1/0/1/0", "tell/2/0/1/0", "tell/1/0/3/0")):
            world.log.put(follower(n, stamp))
        await world.folded(agent, "followers")
        world.crashed()
        world.log.put(follower(8, "tell/1/0/2/0"))
        world.log.put(follower(9, "tell/1/0/3/1"))
        loop = await world.folded(agent, "followers")
        return loop.counts.repeats

    assert run(story()) == 1
    assert seen == [0, 1, 3, 4, 9]


def test_a_derived_event_without_a_cause_is_dead_lettered():
    async def story():
        world = World()
        world.log.put(follower(1, "17"))
        await world.folded(replace(COUNT, fold=lambda batch, state: Changes(), sources=("followers",)), "followers")
        return world.log.events("dead_letters")

    (letter,) = run(story())
    assert letter.reason.startswith("event_id: '17' does not name a cause")


def test_an_agent_that_cannot_print_begins_again_from_zero_when_a_store_was_lost():
    async def story():
        world = World()
        world.log.put(like(1))
        await world.folded(COUNT)
        world.sink.lose()
        world.crashed()
        await world.folded(COUNT)
        return world.sink.rows["counters"]

    assert run(story()) == [(KEY, 1)]


def test_several_sources_are_numbered_under_an_epoch_that_grows_with_every_opening():
    async def story():
        world = World()
        agent = replace(COUNT, sources=("likes", "comments"))
        world.log.put(like(1))
        world.log.put(like(2))
        loop = await world.opened(agent)
        for offset in range(2):
            await loop.fold("likes", world.log.read("likes", PARTITION, offset, offset + 1))
        first = dict(world.sink.guards)
        world.crashed()
        world.log.put(like(3))
        await world.folded(agent)
        return first, world.sink.guards

    first, then = run(story())
    assert first == {("count", PARTITION): (1, 2)}
    assert then == {("count", PARTITION): (2, 3)}


def test_rows_that_may_wait_are_flushed_once_under_a_guard_of_their_own():
    async def story():
        world = World()
        flushing = replace(COUNT, flush=lambda state: Changes(rows={"counter_rows": list(state.scan(b"n"))}))
        world.log.put(like(1))
        loop = await world.folded(flushing)
        await loop.flush()
        await loop.flush()
        return world.sink, loop.counts.flushes

    sink, flushes = run(story())
    assert sink.rows["counter_rows"] == [(KEY, b"1")]
    assert flushes == 1
    assert sink.guards == {("count", PARTITION): (0, 1), ("count.flush", PARTITION): (0, 1)}


def test_progress_says_how_far_and_until_when_nothing_is_missing():
    async def story():
        world = World()
        world.log.put(like(1))
        world.log.put(like(2))
        loop = await world.opened(TELL)
        await loop.fold("likes", world.log.read("likes", PARTITION, 0, 1))
        behind = world.sink.progress["tell", PARTITION]
        await loop.fold("likes", world.log.read("likes", PARTITION, 1), follows=1)
        return behind, world.sink.progress["tell", PARTITION]

    behind, caught_up = run(story())
    assert (behind.sources, behind.ends, behind.complete_until) == ({"likes": 1}, {"likes": 2}, {"likes": AT + 1})
    assert (caught_up.sources, caught_up.complete_until) == ({"likes": 2}, {"likes": AT + 9_999})
    assert caught_up.emitted == {"followers": {PARTITION: 2}}


def test_an_effect_appends_as_it_comes_and_then_the_position_is_kept():
    async def story():
        world, seen = World(), []

        async def effect(batch, state):
            for offset in batch.columns["offset"]:
                yield Caused(offset, follower(offset, ""))
                seen.append(len(world.log.events("followers")))

        world.log.put(like(1))
        world.log.put(like(2))
        loop = await world.folded(replace(TELL, fold=None, effect=effect))
        return seen, loop.position("likes")

    assert run(story()) == ([1, 2], 2)


def test_each_lazy_row_that_a_store_takes_is_a_sign_of_life():
    async def story():
        world, seen = World(), []
        loop = await world.opened(COUNT)
        original = world.sink.commit

        async def commit(guard, rows):
            for _ in rows["counters"]:
                seen.append(loop.counts.signs)
            await original(guard, {})

        world.sink.commit = commit
        world.log.put(like(1))
        world.log.put(like(2, PHOTO + 1))
        await loop.fold("likes", world.log.read("likes", PARTITION))
        return seen

    assert run(story()) == [1, 2]
