"""One worker process: a Faust app for one role, its agents forwarding batches to the loops that fold them.

Faust brings the group, the rebalances, the agents and the worker's life; `streams.transport` the batches; `streams.holding`
what is done with them. A failure anywhere ends the process without acknowledging (exit code 1), and the supervisor starts the
next one, which begins where the states are.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import faust
import uvloop

from schemas.codec import open_codec
from streams.batch_loop import BatchLoop
from streams.decoding import BatchDecoder
from streams.fold import Agent, NeighbourAway, Sink
from streams.holding import Delivered, Holding
from streams.lease import SESSION_SECONDS, Lease, LeasedLog, LeasedSink
from streams.metrics import LoopCollector, SnapshotCollector, serve
from streams.objects import Objects
from streams.producer import Producer
from streams.restarts import Note, StartAgain
from streams.safekeeping import Safekeeping, open_safekeeping
from streams.surroundings import Patience, Surroundings
from streams.topics import verify_topics
from streams.transport import BatchSchema, BatchTransport
from streams.watchdog import Sight, Watchdog

log = logging.getLogger("darkroom.worker")

# Agents wait for the brokers longer than people do: a broker that restarts is back within seconds.
APPEND_SECONDS = 30.0
# Bytes of one partition in one fetch: some 14,000 likes, since large batches cost the least a record.
FETCH_BYTES = 2 * 1024 * 1024
# A rebalance lasts until the last member has heard of it, with its next heartbeat.
HEARTBEAT_SECONDS = 0.3
STALL_SECONDS = 120.0
STORES_SECONDS = 1.0


@dataclass(frozen=True)
class Worker:
    """What one worker process is. `open_sink` runs in its event loop, and what it returns is closed at the end.

    `open_objects` gives the object store, where a snapshot of each state is kept every `snapshot_seconds`; None keeps none.
    """

    role: str
    slot: int
    agents: Sequence[Agent]
    bootstrap: str
    shards: int
    partitions: int
    state_dir: Path
    flush_seconds: float
    metrics_port: int
    open_sink: Callable[[], Awaitable[Sink]]
    replicas: int = 1
    open_objects: Callable[[], Objects] | None = None
    snapshot_seconds: float = 60.0
    group_prefix: str = "darkroom"
    patience: Patience = field(default_factory=Patience)
    lease: Lease = field(default_factory=Lease)

    @property
    def name(self) -> str:
        """The worker's own name, the same after a restart: group, role and slot."""
        return f"{self.group_prefix}-{self.role}-{self.slot}"

    @property
    def faust_dir(self) -> Path:
        """Where Faust wants a directory; it keeps nothing in it."""
        return self.state_dir / ".faust" / self.name

    @property
    def note(self) -> Note:
        """Where it remembers its failures over restarts."""
        return Note(self.state_dir / ".faust" / f"{self.name}.failed")


def run_worker(worker: Worker, log_level: str = "info") -> None:
    """Run a worker until SIGTERM; ends the process. Raises `WrongTopics` and `NeighbourAway` before anything starts."""
    worker.note.rest(worker.name)
    topics = {topic for agent in worker.agents for topic in (*agent.sources, *agent.emits)} | {"dead_letters"}
    verify_topics(worker.bootstrap, topics, worker.partitions, worker.replicas)
    worker.faust_dir.mkdir(parents=True, exist_ok=True)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    running = RunningWorker(worker)
    fausts = FaustWorker(running.app, loglevel=log_level, redirect_stdouts=False, blocking_timeout=0)
    fausts.note = worker.note
    fausts.execute_from_commandline()


class FaustWorker(faust.Worker):
    """Faust's worker, which ends at once when everything is closed, without waiting seconds for threads and timers."""

    note: Note

    def _shutdown_loop(self) -> None:
        if self.crash_reason:
            log.critical("the worker crashed: %s", self.crash_reason, exc_info=self.crash_reason)
            self.note.remember(self.crash_reason)
        logging.shutdown()
        os._exit(1 if self.crash_reason else 0)


def build_app(worker: Worker) -> faust.App:
    """Return the Faust app of a role, with everything off that Darkroom does itself."""
    return faust.App(
        f"{worker.group_prefix}-{worker.role}",
        broker=[f"kafka://{address}" for address in worker.bootstrap.split(",")],
        broker_client_id=worker.name,
        consumer_group_instance_id=worker.name,
        broker_session_timeout=SESSION_SECONDS,
        broker_rebalance_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=1.0,
        broker_max_poll_records=None,
        consumer_max_fetch_size=FETCH_BYTES,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_buffer_maxsize=64,
        web_enabled=False,
        web_tables_enabled=False,
        autodiscover=False,
        datadir=worker.faust_dir,
    )


class RunningWorker:
    """A worker's Faust app, wired to its holding."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.app = build_app(worker)
        self.app.transport = BatchTransport(self.app, worker.slot, worker.lease, self)
        self._holding: Holding | None = None
        self._log: Producer | None = None
        self._sink: Sink | None = None
        self._keeping: Safekeeping | None = None
        self._stores: dict[str, str] = {}
        for agent in worker.agents:
            self._add_agent(agent)
        self.app.task(self._serve)
        self.app.task(self._watch)
        self.app.task(self._watch_stores)
        self.app.on_before_shutdown.connect(self._close)

    @property
    def is_ready(self) -> bool:
        """Whether all that was assigned is open and being read."""
        return self._is_at_work and self._holding.is_open

    @property
    def _is_at_work(self) -> bool:
        """Whether what is open already is being read; a state that takes long to bring back leaves the others watched."""
        return self._holding is not None and not self.app.rebalancing

    def fail(self, error: BaseException) -> None:
        """End the process without acknowledging; stores, log and state stay as they are, and agree."""
        log.critical("%s stops: %s: %s", self.worker.name, type(error).__name__, error, exc_info=error)
        self.worker.note.remember(error)
        logging.shutdown()
        os._exit(1)

    def _add_agent(self, agent: Agent) -> None:
        async def forward(stream: faust.Stream) -> None:
            events: AsyncIterable[faust.Event] = stream.noack().events()
            async for event in events:
                batch = event.message
                if self.app.consumer.is_fresh(batch):
                    delivered = Delivered(batch.topic, batch.records, batch.follows, event.ack)
                    self._holding.deliver(agent.name, batch.partition, delivered)

        forward.__qualname__ = agent.name
        channel = self.app.topic(*agent.sources, schema=BatchSchema())
        self.app.agent(channel, name=agent.name)(forward)

    async def assign(self, assigned: set) -> None:
        """Begin to hold what is assigned; connect to the neighbours first when this is the first time."""
        try:
            if self._holding is None:
                self._holding = await self._connect()
            self._holding.assign((tp.topic, tp.partition) for tp in assigned)
        except Exception as error:
            self.fail(error)
        log.info("%s holds %d topic partitions", self.worker.name, len(assigned))

    async def opened(self, assigned: set) -> dict:
        """Wait until these are open, and return from where each is wanted."""
        began = time.monotonic()
        try:
            positions = await self._holding.opened((tp.topic, tp.partition) for tp in assigned)
        except Exception as error:
            self.fail(error)
        log.debug("%s opened %s in %.2f s", self.worker.name, sorted(assigned), time.monotonic() - began)
        return {tp: positions[tp.topic, tp.partition] for tp in assigned}

    async def _connect(self) -> Holding:
        worker, codec = self.worker, open_codec()
        self._sink = await worker.open_sink()
        self._stores = await self._sink.identities()
        self._log = Producer(
            worker.bootstrap,
            worker.shards,
            worker.partitions,
            name=worker.name,
            timeout_seconds=APPEND_SECONDS,
            gapless=True,
            encoder=codec.encoder,
        )
        leased = LeasedLog(self._log, worker.lease)
        around = Surroundings(
            decoder=BatchDecoder(codec.decoder),
            sink=LeasedSink(self._sink, worker.lease),
            log=leased,
            claim=leased.claim,
            ends=self._ends,
            patience=self.worker.patience,
        )
        parts = (worker.agents, worker.state_dir, around, worker.flush_seconds, self.fail)
        if worker.open_objects is None:
            return Holding(*parts)
        self._keeping = await open_safekeeping(worker.open_objects, worker.bootstrap, worker.snapshot_seconds, around)
        return Holding(*parts, restoring=self._keeping.restoring, snapshots=self._keeping.snapshots)

    def _ends(self, topic: str, partition: int) -> tuple[int, int] | None:
        return self.app.consumer.ends(topic, partition)

    def _loops(self) -> list[BatchLoop]:
        return list(self._holding.loops.values()) if self._holding else []

    async def _serve(self) -> None:
        collectors = (LoopCollector(self._loops, self._ends), SnapshotCollector(lambda: self._keeping))
        server = await serve(self.worker.metrics_port, collectors, lambda: self.is_ready)
        async with server:
            await self.app.wait_for_stopped(asyncio.Event())

    async def _watch(self) -> None:
        watchdog = Watchdog(STALL_SECONDS)
        while not await self.app.wait_for_stopped(asyncio.sleep(5.0)):
            if not self._is_at_work:
                continue
            seen = {
                (loop.agent.name, topic, loop.partition): Sight(loop.position(topic), loop.counts.signs, *known)
                for loop in self._loops()
                for topic in loop.agent.sources
                if (known := self._ends(topic, loop.partition))
            }
            if stalled := watchdog.look(seen, time.monotonic(), time.time() * 1000):
                self.fail(RuntimeError(stalled))

    async def _watch_stores(self) -> None:
        """End when a store is another one than at the start, or another build was promoted; the next process opens those."""
        while not await self.app.wait_for_stopped(asyncio.sleep(STORES_SECONDS)):
            if self._is_at_work:
                # A store that is away is the business of whoever writes to it.
                with suppress(NeighbourAway):
                    self._compare(await self._sink.identities())

    def _compare(self, found: dict[str, str]) -> None:
        written = {name for agent in self.worker.agents for name in agent.writes}
        changed = sorted(
            name
            for name in {**found, **self._stores}
            # A build, or a reprint, of what others write is nothing to this worker.
            if found.get(name) != self._stores.get(name) and ("/" not in name or name.partition("/")[2] in written)
        )
        if changed:
            self.fail(StartAgain(f"{', '.join(changed)} changed; starting again, to write to what is there now"))

    async def _close(self, app: faust.App, **_: object) -> None:
        if self._holding is not None:
            await self._holding.close()
        if self._log is not None:
            await self._log.close()
        if self._sink is not None and hasattr(self._sink, "close"):
            await self._sink.close()
        if self._keeping is not None:
            await self._keeping.close()
        log.info("%s is closed", self.worker.name)
