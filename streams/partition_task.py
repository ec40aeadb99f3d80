"""One open loop with a queue of its own: what is delivered to it is folded in order, and flushed in time."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from streams.batch_loop import BatchLoop
from streams.decoding import Raw

# A batch that is being folded when partitions are taken away may go on for so long; then it is dropped, and done again.
FINISH_SECONDS = 3.0
HEARTBEAT_SECONDS = 1.0
# After a batch a loop rests for as long as it took, at most so long, unless so many records wait: a batch of one record costs
# almost as much as one of a hundred, and under load it is better to take more at once.
REST_SECONDS = 0.02
REST_RECORDS = 500


@dataclass(frozen=True)
class Delivered:
    """Raw records of one topic for one loop. `finished` is called when they are folded all the way."""

    topic: str
    records: Sequence[Raw]
    follows: int
    finished: Callable[[], object]


class PartitionTask:
    """Folds what is delivered to one loop, flushes in time, and tells readers it is alive while there is nothing to do."""

    def __init__(self, loop: BatchLoop, flush_seconds: float, on_failure: Callable[[BaseException], None]) -> None:
        self.loop = loop
        self._flush_seconds = flush_seconds
        self._on_failure = on_failure
        self._waiting: deque[Delivered] = deque()
        self._reached: dict[str, int] = {}
        self._arrived = asyncio.Event()
        self._stopping = False
        self._rest_until = 0.0
        self._task = asyncio.create_task(self._run())

    def reached(self, topic: str) -> int:
        """Return the offset after what was folded, or waits to be: what is wanted next."""
        return max(self._reached.get(topic, 0), self.loop.position(topic))

    def deliver(self, delivered: Delivered) -> None:
        """Queue a batch, without what was delivered before; the transport bounds how many may wait."""
        reached = self.reached(delivered.topic)
        if delivered.records and delivered.records[0].offset < reached:
            fresh = [record for record in delivered.records if record.offset >= reached]
            delivered = replace(delivered, records=fresh, follows=min(delivered.follows, reached))
        if not delivered.records:
            delivered.finished()
            return
        self._reached[delivered.topic] = delivered.records[-1].offset + 1
        self._waiting.append(delivered)
        self._arrived.set()

    async def stop(self) -> bool:
        """Finish the batch at hand and drop what waits; False when it took too long and was cut off."""
        self._stopping = True
        self._waiting.clear()
        self._arrived.set()
        done, _ = await asyncio.wait([self._task], timeout=FINISH_SECONDS)
        self._task.cancel()
        await asyncio.wait([self._task])
        return bool(done)

    async def _run(self) -> None:
        try:
            await self._work()
        except (Exception, asyncio.CancelledError) as error:
            if not isinstance(error, asyncio.CancelledError):
                self._on_failure(error)
            raise

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        flush_at = clock() + self._flush_seconds
        while not self._stopping:
            taken = await self._take()
            if taken:
                records = taken[0].records if len(taken) == 1 else [record for one in taken for record in one.records]
                began = clock()
                await self.loop.fold(taken[0].topic, records, taken[0].follows)
                self._rest_until = clock() + min(clock() - began, REST_SECONDS)
                for one in taken:
                    one.finished()
            elif not self._stopping:
                await self.loop.publish()
            if clock() >= flush_at:
                await self.loop.flush()
                flush_at = clock() + self._flush_seconds

    async def _take(self) -> list[Delivered]:
        """Return what waits first, with what follows it of the same topic, as far as one batch may go; [] after a while."""
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        rest = self._rest_until - asyncio.get_running_loop().time()
        if rest > 0 and sum(len(one.records) for one in self._waiting) < REST_RECORDS:
            await asyncio.sleep(rest)
        taken: list[Delivered] = []
        size = 0
        while self._waiting:
            following = self._waiting[0]
            size += len(following.records)
            if taken and (following.topic != taken[0].topic or size > self.loop.agent.max_records):
                break
            taken.append(self._waiting.popleft())
        return taken
