"""Darkroom in memory, one move at a time: the real edge, the real loops and folds, a log and stores that can die anywhere.

Each open loop is a process with a connection of its own to the stores. `play` makes a move; `settle` lets everything be
folded in peace, so that the stores can be compared with the oracle.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from agents.catalog import catalog
from agents.rules import Rules
from projections.away import StoreAway
from projections.memory import MemorySink
from schemas import events as e
from schemas.codec import Codec
from schemas.crash_points import CrashPoint
from schemas.object_keys import ORIGINALS, VARIANTS, original_key, variant_key
from streams.batch_loop import BatchLoop
from streams.decoding import BatchDecoder
from streams.edge import Edge
from streams.fold import Batch, Caused, Guard, NeighbourAway, Owed, Progress, State
from streams.ledger import Ledger
from streams.memory import MemoryLog
from streams.memory_objects import MemoryObjects
from streams.objects import ObjectMissing
from streams.producer import Appended
from streams.state import MemoryState
from streams.surroundings import Patience, Surroundings
from tests.simulation import moves as m
from tests.simulation.scribe import SHARDS, Deed
from tests.simulation.shelf import Shelf

TRENDS = ("trend_preprocess", "trend_parse", "trend_score", "trend_rank", "terms")
NO_PAUSES = Patience(pauses_seconds=())


class Setting(NamedTuple):
    """The size of a world: partitions, the depth of feeds, whether its trends are folded.

    With `disks`, states that are put aside go through real databases and snapshots, which takes longer.
    """

    partitions: int
    depth: int
    trends: bool
    disks: bool = False


class Death(BaseException):
    """A process died here. No `except Exception` may survive it."""


class Process(NamedTuple):
    """An open loop, its state, and its ways to the log and the stores."""

    loop: BatchLoop
    state: MemoryState
    line: "Line"


class Line:
    """One process's connection to the log: it may lose an answer, send only half, or be slow."""

    def __init__(self, stage: "Stage", place: m.Place) -> None:
        self.stage = stage
        self.place = place
        self.slow = False

    async def append(self, event: e.Event) -> Appended:
        return (await self.append_many([event]))[0]

    async def append_many(self, events: Sequence[e.Event]) -> list[Appended]:
        log = self.stage.log
        if self.slow:
            self.stage.late_events.append(list(events))
            return [Appended(*log.place(event)[:2], 0) for event in events]
        hiccup = self.stage.hiccup(self.place, "half of the events", "no answer from the log")
        if hiccup == "half of the events":
            await log.append_many(events[: len(events) // 2])
            raise NeighbourAway(hiccup)
        appended = await log.append_many(events)
        if hiccup:
            raise NeighbourAway(hiccup)
        return appended


class Connection:
    """One process's connection to the stores (`streams.fold.Sink`): it may lose an answer, or be slow."""

    def __init__(self, sink: MemorySink, line: Line) -> None:
        self._sink = sink
        self._line = line

    async def identities(self) -> dict[str, str]:
        return await self._sink.identities()

    async def owed(self, agent: str, partition: int) -> Sequence[Any]:
        return await self._sink.owed(agent, partition)

    async def reprint(self, guard: Guard, owed: Owed, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        await self._told(self._sink.reprint(guard, owed, rows, told))

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        stage = self._line.stage
        if self._line.slow:
            kept = {name: list(given) for name, given in rows.items()}
            stage.late_rows.append(lambda: self._told(self._sink.commit(guard, kept)))
            return
        hiccup = stage.hiccup(self._line.place, "no answer from the stores")
        await self._told(self._sink.commit(guard, rows))
        if hiccup:
            raise NeighbourAway(hiccup)

    async def publish(self, progress: Progress) -> None:
        if not self._line.slow:
            await self._told(self._sink.publish(progress))

    async def _told(self, answer: Awaitable[None]) -> None:
        try:
            await answer
        except StoreAway as away:
            raise NeighbourAway(str(away)) from away


class RoomyLog(MemoryLog):
    """A log in memory that also says where an event would go."""

    def place(self, event: e.Event) -> tuple:
        return self._placer.place(event)


class Stage:
    """One world: people do deeds, agents fold, and whatever can go wrong does. `fired` counts what did."""

    def __init__(self, setting: Setting, deeds: Sequence[Deed], codec: Codec) -> None:
        self.setting, self.deeds = setting, deeds
        self.fired: Counter[str] = Counter()
        self.rules = Rules(3, 1, feed_depth=setting.depth, shards=SHARDS, partitions=setting.partitions)
        self.log = RoomyLog(SHARDS, setting.partitions, codec)
        self.stores = MemorySink(SHARDS, setting.depth)
        self.objects = MemoryObjects()
        self.agents = {
            agent.name: agent for agent in catalog(self.rules, self.resize) if setting.trends or agent.name not in TRENDS
        }
        self.now = 0
        self.died: m.Place | None = None
        self.late_events: list[list[e.Event]] = []
        self.late_rows: list[Callable] = []
        self._doom: m.Doom | None = None
        self._left = 0
        self._hiccups: set[tuple[m.Place, str]] = set()
        self._decoder = BatchDecoder(codec.decoder, remembered=64)
        self._claims = 0
        self._remembered: dict[m.Place, MemoryState] = {}
        self._shelf = Shelf(self.objects, self._at)
        self._zombies: list[Process] = []
        self._open: dict[m.Place, Process] = {}
        self.states = {(name, p): MemoryState() for name in self.agents for p in range(setting.partitions)}
        self._positions = {(place, topic): 0 for place in self.states for topic in self.agents[place[0]].sources}
        self._minting: Deed | None = None
        self._edge = Edge(self.log, self, self.objects, SHARDS, "http", self._at)

    # --- the world around ---------------------------------------------------------------------------------------------

    def mint(self, shard: int) -> int:
        """Mint an id for the deed that is being done."""
        return self._minting.mint(shard)

    def hiccup(self, place: m.Place, *kinds: str) -> str | None:
        """Return which of these goes wrong now for a process, once."""
        for kind in kinds:
            if (place, kind) in self._hiccups:
                self._hiccups.discard((place, kind))
                self.fired[kind] += 1
                return kind
        return None

    def _at(self, point: CrashPoint) -> None:
        if self._doom is not None and self._doom.point is point:
            self._left -= 1
            if self._left == 0:
                self._doom = None
                self.fired[point.value] += 1
                raise Death(point)

    async def resize(self, batch: Batch, state: State) -> AsyncIterator[Caused]:
        """Stand where `agents.resize` does: the same objects and events, without decoding pictures."""
        deleted = {r.event.photo_id for r in batch.records if isinstance(r.event, e.PhotoDeleted) and said_by_owner(r.event)}
        for record in batch.records:
            if isinstance(record.event, e.PhotoUploaded) and record.event.photo_id not in deleted:
                async for event in developed(record.event, self.objects):
                    yield Caused(record.offset, event)
        for photo_id in sorted(deleted):
            await self.objects.delete(ORIGINALS, original_key(photo_id))
            for pixels in (150, 320):
                await self.objects.delete(VARIANTS, variant_key(photo_id, pixels))

    # --- processes ----------------------------------------------------------------------------------------------------

    async def _claim(self, agent: str, partition: int) -> int:
        self._claims += 1
        return self._claims

    async def _process(self, place: m.Place) -> Process:
        """Return the open loop of a place, opened now if there is none."""
        found = self._open.get(place)
        if found is None:
            agent, state, line = self.agents[place[0]], self.states[place], Line(self, place)
            sink = MemorySink(SHARDS, self.setting.depth, at=self._at, beside=self.stores, chunk=2)
            ends = lambda topic, partition: (self.log.end(topic, partition), 0)  # noqa: E731
            # Two words about one pair are a chunk, so that a process dies between pairs of one batch.
            around = Surroundings(self._decoder, Connection(sink, line), line, self._claim, ends, NO_PAUSES, self._at, 2)
            loop = BatchLoop(agent, place[1], state, around)
            await loop.open()
            found = self._open[place] = Process(loop, state, line)
        return found

    def _close(self, place: m.Place) -> None:
        """Leave of a process what it has committed."""
        self._open.pop(place, None)
        self._renew(place, self.states[place].reopened())

    def _renew(self, place: m.Place, state: MemoryState) -> None:
        self._open.pop(place, None)
        self.states[place] = state
        ledger = Ledger(state)
        for topic in self.agents[place[0]].sources:
            self._positions[place, topic] = ledger.position(topic)

    def waiting(self) -> list[tuple[m.Place, str]]:
        """Return where records wait to be folded."""
        return [
            (place, topic) for (place, topic), position in self._positions.items() if position < self.log.end(topic, place[1])
        ]

    # --- moves --------------------------------------------------------------------------------------------------------

    async def play(self, move: m.Move) -> None:
        """Make one move; a process that dies in it (`died` says where) leaves what it has committed."""
        self.died = None
        self._doom = getattr(move, "doom", None)
        self._left = self._doom.passing if self._doom else 0
        try:
            await PLAYS[type(move)](self, move)
        except (Death, NeighbourAway):
            self.died = getattr(move, "place", None)
            # A deed's process is the edge, which keeps nothing.
            if not isinstance(move, m.Do):
                self._close(move.place)
        finally:
            self._doom = None

    async def do(self, move: m.Do) -> None:
        deed = self.deeds[move.deed]
        self._minting, self.now = deed, max(self.now, deed.at)
        self.fired["deed done again"] += move.again
        if deed.verb == "raw":
            self.put_raw(*deed.args)
        else:
            await getattr(self._edge, deed.verb)(*deed.args)

    def put_raw(self, topic: str, said: bytes | e.Event) -> None:
        self.fired["nonsense appended"] += 1
        if isinstance(said, bytes):
            self.log.put_raw(topic, self.deeds[0].number % self.setting.partitions, said, at_ms=self.now)
        else:
            self.log.put(said)

    async def step(self, move: m.Step) -> None:
        process = await self._process(move.place)
        start = process.loop.position(move.topic)
        self._positions[move.place, move.topic] = start
        records = self.log.read(move.topic, move.place[1], start, None if move.records is None else start + move.records)
        await process.loop.fold(move.topic, records)
        self._positions[move.place, move.topic] = process.loop.position(move.topic)
        self.fired["repeat dropped"] += process.loop.counts.repeats
        process.loop.counts.repeats = 0

    async def flush(self, move: m.Flush) -> None:
        await (await self._process(move.place)).loop.flush()

    async def rebalance(self, move: m.Rebalance) -> None:
        if move.place in self._open:
            self.fired["rebalance"] += 1
            self._close(move.place)
            await self._process(move.place)

    async def fork(self, move: m.Fork) -> None:
        """Open a place elsewhere while who had it lives on, on an old copy of the state."""
        zombie = self._open.get(move.place)
        if zombie is not None:
            self._close(move.place)
            zombie.line.slow = move.slow
            self._zombies.append(zombie)
            await self._process(move.place)

    async def haunt(self, move: m.Haunt) -> None:
        if move.zombie >= len(self._zombies):
            return
        loop = self._zombies[move.zombie].loop
        topic = loop.agent.sources[move.topic % len(loop.agent.sources)]
        start = loop.position(topic)
        try:
            await loop.fold(topic, self.log.read(topic, loop.partition, start, start + move.records))
            self.fired["zombie wrote late" if self._zombies[move.zombie].line.slow else "zombie wrote"] += 1
        except NeighbourAway:
            self.fired["zombie overtaken"] += 1

    async def arrive(self, move: m.Arrive) -> None:
        """Let everything arrive that was on its way."""
        rows, self.late_rows = self.late_rows, []
        events, self.late_events = self.late_events, []
        for write in rows if move.rows_first else ():
            await self._written_late(write)
        for some in events:
            self.fired["events arrived late"] += 1
            await self.log.append_many(some)
        for write in () if move.rows_first else rows:
            await self._written_late(write)

    async def _written_late(self, write: Callable) -> None:
        try:
            await write()
            self.fired["rows arrived late"] += 1
        except NeighbourAway:
            self.fired["late rows refused"] += 1

    async def lose_stores(self, move: m.LoseStores) -> None:
        """Lose stores; every process notices, and is restarted, but for those of which nobody knows any more."""
        self.stores.lose(*move.stores)
        self.fired[f"{' and '.join(move.stores)} lost"] += 1
        for place in list(self._open):
            self._close(place)

    async def reprint(self, move: m.Reprint) -> None:
        """Ask for a reprint; workers see that, end, and are restarted."""
        if move.shard is None:
            self.stores.promote_empty(move.projection)
        else:
            if move.lost:
                self.stores.stores.empty(move.projection, move.shard, SHARDS)
            self.stores.request(move.projection, move.shard)
        self.fired["reprint of a projection" if move.shard is None else "reprint of a shard"] += 1
        for place in list(self._open):
            if move.projection in self.agents[place[0]].writes:
                self._close(place)

    async def remember(self, move: m.Remember) -> None:
        if self.setting.disks:
            await self._shelf.put(self.agents[move.place[0]], move.place[1], self.states[move.place])
        else:
            self._remembered[move.place] = self.states[move.place].reopened()

    async def lose_state(self, move: m.LoseState) -> None:
        """Lose a state, and begin from what was put aside, or from nothing: the log is still there.

        Nobody begins from nothing while there is something to begin from, so that is lost as well: restored later, it would
        know of words that whoever began anew has not said again.
        """
        kept = await self._kept(move.place) if move.restored else None
        if not move.restored:
            await self._lose_kept(move.place)
        if kept is not None or not move.restored:
            self._renew(move.place, kept or MemoryState())
            self.fired["state lost" if kept is None else "state restored"] += 1

    async def _kept(self, place: m.Place) -> MemoryState | None:
        if self.setting.disks:
            return await self._shelf.get(self.agents[place[0]], place[1], self.log.end)
        kept = self._remembered.get(place)
        return None if kept is None else kept.reopened()

    async def _lose_kept(self, place: m.Place) -> None:
        if self.setting.disks:
            await self._shelf.empty(self.agents[place[0]], place[1])
        self._remembered.pop(place, None)

    async def trip(self, move: m.Hiccup) -> None:
        self._hiccups.add((move.place, move.what))

    async def settle(self) -> None:
        """Let what is on its way arrive, then fold everything in peace, and flush."""
        self._hiccups.clear()
        await self.arrive(m.Arrive(True))
        self._zombies.clear()
        for place in self.states:
            await self._process(place)
        while waiting := self.waiting():
            for place, topic in waiting:
                await self.step(m.Step(place, topic, None))
        for process in self._open.values():
            await process.loop.flush()


PLAYS: dict[type, Callable] = {
    m.Do: Stage.do,
    m.Step: Stage.step,
    m.Flush: Stage.flush,
    m.Rebalance: Stage.rebalance,
    m.Fork: Stage.fork,
    m.Haunt: Stage.haunt,
    m.Arrive: Stage.arrive,
    m.LoseStores: Stage.lose_stores,
    m.Reprint: Stage.reprint,
    m.Remember: Stage.remember,
    m.LoseState: Stage.lose_state,
    m.Hiccup: Stage.trip,
}


def said_by_owner(event: e.PhotoDeleted) -> bool:
    return event.actor_id in (event.owner_id, 0)


async def developed(upload: e.PhotoUploaded, objects: MemoryObjects) -> AsyncIterator[e.Event]:
    """Store two variants of an original and yield their events; a broken one is rejected."""
    common = {"event_id": "", "occurred_at": upload.occurred_at, "actor_id": 0, "source": "resize", "photo_id": upload.photo_id,
              "owner_id": upload.owner_id}  # fmt: skip
    try:
        original = await objects.get(ORIGINALS, upload.original_key)
    except ObjectMissing:
        yield e.PhotoRejected(**common, reason="gone")
        return
    if original == b"broken":
        yield e.PhotoRejected(**common, reason="broken")
        return
    for pixels in (150, 320):
        await objects.put(VARIANTS, variant_key(upload.photo_id, pixels), b"variant", "image/jpeg")
        size = {"width": pixels, "height": pixels, "size_bytes": 7, "original_width": 400, "original_height": 300}
        yield e.VariantReady(**common, pixels=pixels, **size)
