"""What a worker tells the outside: `/metrics` for Prometheus and `/ready`, on 127.0.0.1 only."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.batch_loop import BatchLoop
from streams.safekeeping import Safekeeping

COUNTS = {
    "batches": "Batches folded all the way.",
    "records": "Records read, with those that were dropped.",
    "repeats": "Records of derived topics dropped because they were seen before.",
    "dead_letters": "Records refused and dead-lettered.",
    "events": "Events appended, with dead letters.",
    "retries": "Attempts repeated because a store was away.",
    "flushes": "Flushes of rows that could wait.",
}

IN_A_ROW = "Last records of a topic that were all refused; at DARKROOM_DEAD_LETTERS_IN_A_ROW the worker stops."


class LoopCollector:
    """Reads the counts of the loops a worker holds, when asked; nothing is counted twice and no batch pays for it."""

    def __init__(self, loops: Callable[[], list[BatchLoop]], ends: Callable[[str, int], tuple[int, int] | None]) -> None:
        self._loops = loops
        self._ends = ends

    def collect(self) -> Iterator[Metric]:
        """Yield one family for each count, and the lag."""
        loops = self._loops()
        for name, said in COUNTS.items():
            family = CounterMetricFamily(f"darkroom_{name}", said, labels=("agent", "partition"))
            for loop in loops:
                family.add_metric((loop.agent.name, str(loop.partition)), getattr(loop.counts, name))
            yield family
        lag = GaugeMetricFamily("darkroom_lag_records", "Records not folded yet.", labels=("agent", "topic", "partition"))
        for loop in loops:
            for topic in loop.agent.sources:
                if known := self._ends(topic, loop.partition):
                    behind = max(0, known[0] - loop.position(topic))
                    lag.add_metric((loop.agent.name, topic, str(loop.partition)), behind)
        yield lag
        row = GaugeMetricFamily("darkroom_dead_letters_in_a_row", IN_A_ROW, labels=("agent", "topic", "partition"))
        for loop in loops:
            for topic in loop.agent.sources:
                row.add_metric((loop.agent.name, topic, str(loop.partition)), loop.in_a_row(topic))
        yield row


SNAPSHOT_COUNTS = {
    "taken": "Snapshots taken.",
    "skipped": "Snapshots skipped because the object store was away.",
    "sent_bytes": "Bytes sent to the object store for snapshots.",
    "seconds": "Seconds spent on snapshots, beside folding.",
}
RESTORE_COUNTS = {
    "restores": "States brought back from a snapshot.",
    "refused": "Snapshots refused while a state was brought back.",
    "fetched_bytes": "Bytes fetched for states that were brought back.",
    "seconds": "Seconds spent on bringing states back.",
}


class SnapshotCollector(Collector):
    """Reads what was done for the keeping of states, when asked; nothing before there is one."""

    def __init__(self, keeping: Callable[[], Safekeeping | None]) -> None:
        self._keeping = keeping

    def collect(self) -> Iterator[Metric]:
        """Yield counts of snapshots by agent and partition, their age, size and longest stall, and counts of restores."""
        keeping = self._keeping()
        if keeping is None:
            return
        counts = keeping.snapshots.counts
        for name, said in SNAPSHOT_COUNTS.items():
            family = CounterMetricFamily(f"darkroom_snapshot_{name}", said, labels=("agent", "partition"))
            for (agent, partition), one in counts.items():
                family.add_metric((agent, str(partition)), getattr(one, name))
            yield family
        age = GaugeMetricFamily("darkroom_snapshot_age_seconds", "Since the last snapshot.", labels=("agent", "partition"))
        size = GaugeMetricFamily("darkroom_snapshot_size_bytes", "Size of the last snapshot.", labels=("agent", "partition"))
        for (agent, partition), one in counts.items():
            if one.taken:
                age.add_metric((agent, str(partition)), time.time() - one.taken_at_ms / 1000)
                size.add_metric((agent, str(partition)), one.size_bytes)
        stall = max((one.stall_seconds for one in counts.values()), default=0.0)
        yield from (age, size, GaugeMetricFamily("darkroom_snapshot_stall_seconds", "Longest stall by a checkpoint.", stall))
        for name, said in RESTORE_COUNTS.items():
            yield CounterMetricFamily(f"darkroom_restore_{name}", said, getattr(keeping.restoring.counts, name))


async def serve(port: int, collectors: Iterable[Collector], is_ready: Callable[[], bool]) -> asyncio.Server:
    """Answer `GET /metrics` and `GET /ready` (200, or 503 while partitions are not open) until the server is closed."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)

    def answer(path: str) -> tuple[str, bytes]:
        if path == "/ready":
            return ("200 OK", b"ready\n") if is_ready() else ("503 Service Unavailable", b"partitions are not open yet\n")
        return ("200 OK", generate_latest(registry)) if path == "/metrics" else ("404 Not Found", b"/metrics or /ready\n")

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                request = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
            status, body = answer(request[1].decode("latin-1") if len(request) > 1 else "")
            head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # Whoever asked went away or asked nonsense.
            return
        finally:
            writer.close()

    return await asyncio.start_server(respond, "127.0.0.1", port)
