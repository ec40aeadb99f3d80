"""Appending events to the log: an answer means that the broker has the record.

The edge (`api/`) imports this module and nothing else of `streams`. Ids are minted before an event is appended and travel in
it (`Minter`, re-exported from `streams.minter`).
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from schemas.codec import Encoder, open_codec
from schemas.events import Event
from streams import kafka
from streams.edge import Edge, Invalid, Picture, Written
from streams.fold import NeighbourAway
from streams.minter import Minter
from streams.objects import ObjectMissing, Objects, open_objects
from streams.placement import Placement, Placer

# Claims of agents' partitions; their offsets are epochs.
OWNERSHIP_TOPIC = "ownership"

__all__ = [
    "Appended",
    "Edge",
    "Invalid",
    "Log",
    "LogUnavailable",
    "Minter",
    "NeighbourAway",
    "ObjectMissing",
    "Objects",
    "Picture",
    "Producer",
    "SyncProducer",
    "Written",
    "open_objects",
]


class Appended(NamedTuple):
    """Where the broker put an event."""

    topic: str
    partition: int
    offset: int


class LogUnavailable(NeighbourAway):
    """The brokers did not acknowledge in time; the event may or may not be in the log."""


class Log(Protocol):
    """What can be appended to: Kafka, or memory in tests."""

    async def append(self, event: Event) -> Appended:
        """Append one event and return where it stands; `LogUnavailable` after a bounded time."""

    async def append_many(self, events: Sequence[Event]) -> list[Appended]:
        """Append events and return where each stands, in their order, once every one is acknowledged."""


class _Deliveries:
    """Counts the acknowledgements of one call, and wakes its caller once, from the poll thread."""

    def __init__(self, wanted: int, done: Callable[[], None]) -> None:
        self.places: list[Appended | None] = [None] * wanted
        self.failure: kafka.KafkaError | None = None
        self._left = wanted
        self._done = done

    def slot(self, index: int) -> Callable:
        """Return the delivery callback of one record of the call."""

        def delivered(error: kafka.KafkaError | None, message) -> None:
            if error is None:
                self.places[index] = Appended(message.topic(), message.partition(), message.offset())
            else:
                self.failure = error
            self._left -= 1
            if self._left == 0:
                self._done()

        return delivered


class _Sender:
    """A librdkafka producer with the thread that serves its delivery callbacks."""

    def __init__(self, bootstrap: str, placer: Placer, encoder: Encoder, name: str, delivery_timeout_ms: int) -> None:
        self.bootstrap = bootstrap
        self._placer = placer
        self._encoder = encoder
        self._client = kafka.build_producer(bootstrap, name, delivery_timeout_ms)
        self._open = True
        self._thread = threading.Thread(target=self._poll, name=f"{name}-deliveries", daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        while self._open:
            self._client.poll(0.1)

    def encoded(self, events: Sequence[Event]) -> list[tuple[Placement, bytes]]:
        """Place and encode all events first, so that a wrong one leaves none of its call in the log."""
        return [(self._placer.place(event), self._encoder.encode(event)) for event in events]

    def offer(self, place: Placement, value: bytes | None, delivered: Callable) -> bool:
        """Queue one record; False when the queue is full."""
        try:
            self._client.produce(place.topic, value, place.key, place.partition, delivered)
        except BufferError:
            return False
        except kafka.KafkaException as error:
            raise LogUnavailable(f"cannot append to {place.topic}[{place.partition}]: {error}") from error
        return True

    def look(self, timeout_seconds: float) -> None:
        """Ask a broker for something; `LogUnavailable` when none answers in time."""
        try:
            self._client.list_topics(timeout=timeout_seconds)
        except kafka.KafkaException as error:
            raise LogUnavailable(f"no broker at {self.bootstrap} answers: {error}") from error

    def close(self, timeout_seconds: float) -> int:
        """Wait for what is queued, stop the thread, and return how many records were given up."""
        left = self._client.flush(timeout_seconds)
        self._open = False
        self._thread.join(1.0)
        return left

    def unavailable(self, timeout_seconds: float, failure: kafka.KafkaError | None = None) -> LogUnavailable:
        """Return the error for records that were not acknowledged."""
        cause = failure.str() if failure else f"no acknowledgement within {timeout_seconds:g} s"
        return LogUnavailable(f"the log at {self.bootstrap} did not take the events: {cause}; is Kafka up? (make status)")


class Producer:
    """Appends events and awaits the brokers' acknowledgement of every one. One per event loop."""

    def __init__(
        self,
        bootstrap: str,
        shards: int,
        partitions: int,
        *,
        name: str = "darkroom",
        timeout_seconds: float = 5.0,
        gapless: bool = False,
        encoder: Encoder | None = None,
    ) -> None:
        # A gapless producer never gives up one record and delivers the next: who waits too long must end the process.
        give_up_ms = 0 if gapless else max(1, round(timeout_seconds * 1_000))
        self._sender = _Sender(bootstrap, Placer(shards, partitions), encoder or open_codec().encoder, name, give_up_ms)
        self._name = name
        self._timeout_seconds = timeout_seconds

    async def append(self, event: Event) -> Appended:
        """Append one event and return where it stands; `LogUnavailable` after the time allowed."""
        return (await self.append_many((event,)))[0]

    async def append_many(self, events: Sequence[Event]) -> list[Appended]:
        """Append events in order and return where each stands; `LogUnavailable` when any was not acknowledged in time."""
        if not events:
            return []
        return await self._deliver(self._sender.encoded(events))

    async def look(self, timeout_seconds: float) -> None:
        """`LogUnavailable` when no broker answers in time; nothing is appended."""
        await asyncio.to_thread(self._sender.look, timeout_seconds)

    async def claim(self, agent: str, partition: int) -> int:
        """Return an ownership epoch, above any before: the offset after a claim in the control topic `ownership`."""
        claim = json.dumps({"agent": agent, "partition": partition, "holder": self._name}).encode()
        place = Placement(OWNERSHIP_TOPIC, 0, f"{agent}/{partition}".encode())
        return (await self._deliver([(place, claim)]))[0].offset + 1

    async def _deliver(self, encoded: Sequence[tuple[Placement, bytes]]) -> list[Appended]:
        loop = asyncio.get_running_loop()
        finished = loop.create_future()
        deliveries = _Deliveries(len(encoded), lambda: _wake(loop, finished))
        # One second more than the client's own limit, so that its reason is the one that is told.
        deadline = loop.time() + self._timeout_seconds + 1.0
        for index, (place, value) in enumerate(encoded):
            while not self._sender.offer(place, value, deliveries.slot(index)):
                if loop.time() > deadline:
                    raise self._sender.unavailable(self._timeout_seconds)
                await asyncio.sleep(0.005)
        try:
            await asyncio.wait_for(finished, max(0.0, deadline - loop.time()))
        except TimeoutError:
            raise self._sender.unavailable(self._timeout_seconds) from None
        if deliveries.failure is not None:
            raise self._sender.unavailable(self._timeout_seconds, deliveries.failure)
        return deliveries.places

    async def close(self) -> None:
        """Wait for what is queued (bounded) and stop."""
        await asyncio.to_thread(self._sender.close, self._timeout_seconds)


def _wake(loop: asyncio.AbstractEventLoop, finished: asyncio.Future) -> None:
    """Finish a future of a loop from another thread; who waited may have given up, and the loop may be gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: None if finished.done() else finished.set_result(None))


class SyncProducer:
    """The same for scripts without an event loop; a context manager."""

    def __init__(
        self, bootstrap: str, shards: int, partitions: int, *, name: str = "darkroom-script", timeout_seconds: float = 10.0
    ) -> None:
        give_up_ms = max(1, round(timeout_seconds * 1_000))
        self._sender = _Sender(bootstrap, Placer(shards, partitions), open_codec().encoder, name, give_up_ms)
        self._timeout_seconds = timeout_seconds

    def append(self, event: Event) -> Appended:
        """Append one event and return where it stands; `LogUnavailable` after the time allowed."""
        return self.append_many((event,))[0]

    def append_many(self, events: Sequence[Event]) -> list[Appended]:
        """Append events in order and return where each stands; `LogUnavailable` when any was not acknowledged in time."""
        return self._deliver(self._sender.encoded(events)) if events else []

    def append_raw(self, place: Placement, value: bytes | None) -> Appended:
        """Append any bytes as a record and return where it stands; for records that are appended once more as they were."""
        return self._deliver([(place, value)])[0]

    def _deliver(self, encoded: Sequence[tuple[Placement, bytes | None]]) -> list[Appended]:
        finished = threading.Event()
        deliveries = _Deliveries(len(encoded), finished.set)
        deadline = time.monotonic() + self._timeout_seconds + 1.0
        for index, (place, value) in enumerate(encoded):
            while not self._sender.offer(place, value, deliveries.slot(index)):
                if time.monotonic() > deadline:
                    raise self._sender.unavailable(self._timeout_seconds)
                time.sleep(0.005)
        if not finished.wait(max(0.0, deadline - time.monotonic())):
            raise self._sender.unavailable(self._timeout_seconds)
        if deliveries.failure is not None:
            raise self._sender.unavailable(self._timeout_seconds, deliveries.failure)
        return deliveries.places

    def close(self) -> None:
        """Wait for what is queued (bounded) and stop."""
        self._sender.close(self._timeout_seconds)

    def __enter__(self) -> "SyncProducer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
