"""A worker writes only while the broker confirmed, less than a session ago, that its partitions are its own."""

import asyncio

import pytest

from streams.fold import Overtaken
from streams.lease import Lease, LeasedLog, LeasedSink, PartitionLost, follow_membership
from streams.objects import S3Objects


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lease(clock):
    return Lease(3.0, clock)


def ask(lease):
    asyncio.run(asyncio.wait_for(lease.held(), 1.0))


class Coordinator:
    """What `follow_membership` touches of aiokafka's coordinator."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.answers = True
        self.takes = 0.0
        self._rejoin_needed_fut = asyncio.new_event_loop().create_future()

    async def _do_rejoin_group(self, subscription) -> bool:
        self.clock.now += self.takes
        return self.answers

    async def _do_heartbeat(self) -> bool:
        self.clock.now += self.takes
        return self.answers

    def reset_generation(self) -> None:
        self.answers = False


@pytest.fixture
def coordinator(lease, clock):
    coordinator = Coordinator(clock)
    follow_membership(coordinator, lease)
    return coordinator


def test_a_lease_runs_out_a_session_after_the_heartbeat_was_sent_and_not_after_it_was_answered(lease, clock, coordinator):
    """Kills: a lease that never runs out, one that runs from the answer."""
    assert not lease.is_held()
    coordinator.takes = 2.0
    asyncio.run(coordinator._do_rejoin_group(None))
    clock.now += 0.9
    assert lease.is_held()
    clock.now += 0.2
    assert not lease.is_held()
    asyncio.run(coordinator._do_heartbeat())
    clock.now += 0.9
    assert lease.is_held()
    clock.now += 0.2
    assert not lease.is_held()


def test_a_heartbeat_without_an_answer_or_during_a_rebalance_confirms_nothing(lease, clock, coordinator):
    """Kills: renewal by any heartbeat."""
    asyncio.run(coordinator._do_rejoin_group(None))
    clock.now += 2.0
    coordinator.answers = False
    asyncio.run(coordinator._do_heartbeat())
    coordinator.answers = True
    coordinator._rejoin_needed_fut.set_result(None)
    asyncio.run(coordinator._do_heartbeat())
    clock.now += 1.1
    assert not lease.is_held()


def test_a_member_that_the_broker_does_not_know_has_lost_for_good(lease, coordinator):
    """Kills: a membership that is lost and won again in the middle of a batch."""
    coordinator.reset_generation()
    coordinator.answers = True
    asyncio.run(coordinator._do_rejoin_group(None))
    ask(lease)
    coordinator.reset_generation()
    lease.renew(lease.clock())
    with pytest.raises(PartitionLost):
        ask(lease)


def test_a_lease_that_ran_out_while_no_broker_answers_is_waited_for_and_then_given_up(lease, clock):
    lease.renew(clock())
    clock.now += 5

    async def renewed_later():
        waiting = asyncio.create_task(lease.held())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        lease.renew(clock())
        await asyncio.wait_for(waiting, 1.0)

    asyncio.run(renewed_later())
    clock.now += 5

    async def never():
        waiting = asyncio.create_task(lease.held())
        await asyncio.sleep(0.02)
        clock.now += 31
        await asyncio.wait_for(waiting, 1.0)

    with pytest.raises(PartitionLost, match="another worker may have them"):
        asyncio.run(never())


def test_whoever_lost_its_partitions_writes_nothing_anywhere_and_does_not_try_again(lease, clock):
    """Kills: a sink, a log or an object store that is written to without the lease."""
    written = []

    class Everything:
        def __getattr__(self, name):
            async def call(*_):
                written.append(name)

            return call

    class Client:
        def put_object(self, *_):
            written.append("put_object")

        def remove_object(self, *_):
            written.append("remove_object")

    lease.renew(clock())
    lease.lose()
    sink, log = LeasedSink(Everything(), lease), LeasedLog(Everything(), lease)
    objects = S3Objects(Client(), "nowhere", lease.held)
    for write in (
        lambda: sink.commit(None, {}),
        lambda: sink.publish(None),
        lambda: sink.reprint(None, None, (), None),
        lambda: log.append(None),
        lambda: log.append_many([None]),
        lambda: log.claim("count", 1),
        lambda: objects.put("variants", "key", b"", "image/jpeg"),
        lambda: objects.delete("variants", "key"),
    ):
        with pytest.raises(PartitionLost):
            asyncio.run(write())
    assert written == []
    # What is `Overtaken` is not tried again by whoever is patient with neighbours.
    assert issubclass(PartitionLost, Overtaken)
