"""What a process knows, without asking, of whether its partitions are still its own: a moment ago the broker said so.

A worker that was stopped for longer than its session (SIGSTOP, a sleeping laptop, a frozen machine) wakes up in the middle of
a line and knows nothing of it, while others have its partitions. So each durable write first compares the clock with the
lease, which runs from the sending of the last heartbeat that the broker confirmed, as long as the broker's own session.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from schemas.events import Event
from streams.fold import Guard, Overtaken, Owed, Progress, Sink
from streams.producer import Appended, Producer

# So long the broker waits for a heartbeat before it gives a member's partitions to others.
SESSION_SECONDS = 4.0
# So long a write waits for brokers that are away, and with them everybody's lease.
WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.05


class PartitionLost(Overtaken):
    """The broker has given this process's partitions to others, or may have; exit at once, without another try."""


class Lease:
    """The right to write: renewed in the thread that talks to the broker, asked for in the one that folds."""

    def __init__(self, seconds: float = SESSION_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._seconds = seconds
        self._until: float | None = None
        self._is_lost = False

    def renew(self, asked: float) -> None:
        """Note that the broker confirmed what it was asked at that time, of the lease's clock."""
        self._until = max(asked + self._seconds, self._until or asked)

    def lose(self) -> None:
        """Note that the broker does not know this member any more; nothing is written after that."""
        # Before the first assignment there is nothing to lose.
        self._is_lost = self._is_lost or self._until is not None

    def is_held(self) -> bool:
        """Whether the broker was heard within the lease."""
        return not self._is_lost and self._until is not None and self.clock() <= self._until

    async def held(self) -> None:
        """Return when the lease is held. `PartitionLost` when it is lost, or not renewed in time.

        While no broker answers nobody is given anything, so a lease that ran out is waited for: the next heartbeat tells.
        """
        deadline = self.clock() + WAIT_SECONDS
        while not self.is_held():
            if self._is_lost or self.clock() > deadline:
                raise PartitionLost("the broker has not confirmed these partitions; another worker may have them")
            await asyncio.sleep(LOOK_SECONDS)


def follow_membership(coordinator: Any, lease: Lease) -> None:
    """Have a consumer's coordinator renew the lease when it joins and with each heartbeat, and lose it with its membership."""
    join, beat, reset = coordinator._do_rejoin_group, coordinator._do_heartbeat, coordinator.reset_generation

    @wraps(join)
    async def joined(subscription: object) -> bool:
        asked = lease.clock()
        done = await join(subscription)
        if done:
            lease.renew(asked)
        return done

    @wraps(beat)
    async def beaten() -> bool:
        asked = lease.clock()
        alive = await beat()
        # During a rebalance the broker answers too, and may go on without whoever does not join.
        if alive and not coordinator._rejoin_needed_fut.done():
            lease.renew(asked)
        return alive

    @wraps(reset)
    def forgotten() -> None:
        lease.lose()
        reset()

    coordinator._do_rejoin_group, coordinator._do_heartbeat, coordinator.reset_generation = joined, beaten, forgotten


class LeasedSink:
    """A sink that is written to under the lease only."""

    def __init__(self, sink: Sink, lease: Lease) -> None:
        self._sink = sink
        self._lease = lease

    async def identities(self) -> dict[str, str]:
        """Return the birth id of each store."""
        return await self._sink.identities()

    async def owed(self, agent: str, partition: int) -> Sequence[Owed]:
        """Return what was lost."""
        return await self._sink.owed(agent, partition)

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        """Write rows under the guard."""
        await self._lease.held()
        await self._sink.commit(guard, rows)

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Write all rows of a projection."""
        await self._lease.held()
        await self._sink.reprint(guard, owed, rows, told)

    async def publish(self, progress: Progress) -> None:
        """Make progress visible to readers."""
        await self._lease.held()
        await self._sink.publish(progress)


class LeasedLog:
    """A log that is appended to, and partitions claimed in, under the lease only."""

    def __init__(self, log: Producer, lease: Lease) -> None:
        self._log = log
        self._lease = lease

    async def append(self, event: Event) -> Appended:
        """Append one event and return where it stands."""
        await self._lease.held()
        return await self._log.append(event)

    async def append_many(self, events: Sequence[Event]) -> list[Appended]:
        """Append events and return where each stands."""
        await self._lease.held()
        return await self._log.append_many(events)

    async def claim(self, agent: str, partition: int) -> int:
        """Return an ownership epoch."""
        await self._lease.held()
        return await self._log.claim(agent, partition)
