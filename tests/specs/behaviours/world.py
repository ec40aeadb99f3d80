"""All of Darkroom in memory and in one piece: the real edge, the real folds of the whole catalogue, the real routes over both.

Whoever asks is answered after everything that was said before is folded, but for what a spec holds back.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from agents.catalog import catalog
from agents.rules import Rules
from api.answering import answer_request
from api.auth import Tokens
from api.catalog import ROUTES
from api.context import Context
from api.freshness import Freshness
from api.limits import Limits
from api.metrics import Metrics
from api.people import People
from api.positions import Snapshot
from api.recall import Recall
from api.relations import Relations
from api.remembered import Remembered
from api.routes import Route
from api.shedding import Fuse, Load
from api.signing import Signer
from api.trust import Trust
from projections.catalog import PROJECTIONS
from projections.memory import MemorySink
from projections.progress import Look, decode, encode
from projections.ring_digest import pulled_for, visible_ids
from schemas import events as e
from schemas.catalog import TOPICS
from schemas.codec import open_codec
from schemas.ids import compose_id
from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from streams.batch_loop import BatchLoop
from streams.decoding import BatchDecoder
from streams.edge import Edge
from streams.fold import Batch, Caused, State
from streams.memory import MemoryLog
from streams.memory_objects import MemoryObjects
from streams.producer import Appended
from streams.state import MemoryState
from streams.surroundings import Patience, Surroundings
from tests.specs.behaviours.reading import Reading
from tests.specs.builders import DAWN
from tests.specs.test_api_remembered import OneRedis

SHARDS, PARTITIONS = 64, 1
SECOND = 1_000
# People are asked in this order whether a path is theirs; the names of routes' parameters stand in braces.
PATHS = [(route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))) for route in ROUTES]
CODEC = open_codec()
DERIVED = frozenset(topic.name for topic in TOPICS if topic.derived)
RUNNER = asyncio.Runner()


class Seen(NamedTuple):
    """What the API answered."""

    status: int
    body: Any
    headers: dict[str, str]


class World:
    """One partition of everything. Authors are pulled from `up` followers on, pushed from `down`; feeds hold `depth` ids."""

    def __init__(self, up: int, down: int, depth: int) -> None:
        self.now = DAWN
        self.depth = depth
        self.log = MemoryLog(SHARDS, PARTITIONS, CODEC)
        self.sink = MemorySink(SHARDS, depth)
        self.objects = MemoryObjects()
        # Agents that fold nothing for now, as if they were slow.
        self.held: set[str] = set()
        self.ids: dict[str, int] = {}
        self._minted: Counter = Counter()
        self._decoder = BatchDecoder(CODEC.decoder, remembered=64)
        rules = Rules(up, down, feed_depth=depth, shards=SHARDS, partitions=PARTITIONS)
        self.agents = {agent.name: agent for agent in catalog(rules, self._resize)}
        self._states = {name: MemoryState() for name in self.agents}
        self._loops: dict[str, BatchLoop] = {}
        # The next offset that each agent wants of each of its topics.
        self._positions: dict[tuple[str, str], int] = {}
        self._deleted: set[int] = set()
        self.context = self._opened_api()

    # --- what happens -------------------------------------------------------------------------------------------------

    def mint(self, shard: int) -> int:
        """Mint an id of this moment; every deed takes a second."""
        self.now += SECOND
        self._minted[shard] += 1
        return compose_id(self.now, shard, self._minted[shard] % 1024)

    def ask(
        self,
        who: str | None,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = None,
        form: dict | None = None,
        after: str | None = None,
    ) -> Seen:
        """Let somebody (None: anybody) ask the API, once all that was said before is folded."""
        headers = {b"idempotency-key": key, b"darkroom-after": after}
        return RUNNER.run(self._asked(who, method, path, body, form, headers))

    def says(self, *events: e.Event) -> None:
        """Append events as they are: what comes late, twice, or by another way than the API's."""
        for event in events:
            self.log.put(event)

    def again(self, topic: str, count: int = 1) -> None:
        """Append the newest records of a topic once more, byte for byte, as a producer's retry does."""
        for record in self.log.read(topic, 0)[-count:]:
            self.log.put_raw(topic, 0, record.value, record.key, record.timestamp)

    def later(self, seconds: int = 1) -> int:
        """Let time pass and return what `tests.specs.builders` takes as `at`: ms after dawn."""
        self.now += seconds * SECOND
        return self.now - DAWN

    def forget(self) -> None:
        """Lose every state and both stores: all is folded from the log again, and derived events are said once more."""
        self.sink.lose()
        self._loops.clear()
        self._states = {name: MemoryState() for name in self.agents}

    def lose_redis(self) -> None:
        """Lose Redis, as a FLUSHALL would, and let the API notice; the workers do not, before they start again."""
        RUNNER.run(self.settle())
        self.sink.lose("redis")
        RUNNER.run(self.context.freshness._look())

    def restart(self) -> None:
        """Start every worker again, on the states that it had."""
        self._states = {name: state.reopened() for name, state in self._states.items()}
        self._loops.clear()
        RUNNER.run(self.settle())

    def check_rebuilt(self) -> None:
        """Fold the log from offset zero into other stores, as a rebuild does: both must hold the same."""
        self.held.clear()
        RUNNER.run(self.settle())
        sink = MemorySink(SHARDS, self.depth)
        RUNNER.run(self._rebuilt(sink))
        names = {projection.name for projection in PROJECTIONS} - {"timelines", "authors"}
        differing = [name for name in sorted(names) if self.sink.digest(name) != sink.digest(name)]
        differing += [name for name in ("timelines", "authors") if not self._same_rings(name, sink)]
        assert not differing, f"live and rebuilt differ in {differing}"

    def _same_rings(self, name: str, other: MemorySink) -> bool:
        """Compare what may be seen of rings, above the higher floor of both, as the digests of two builds do."""
        owners = {row.photo_id: row.owner_id for row in self.sink.rows.get("photo_cards", {}).values() if row.state == "ready"}
        spans = {row.author_id: row.spans for row in self.sink.rows.get("celebrities", {}).values()}
        for person in self.ids.values():
            row = self.sink.rows.get("viewers", {}).get(str(person))
            wanted = {person, *(row.following if row and name == "timelines" else ())}
            pages = [sink.ring(name, person).content() for sink in (self.sink, other)]
            floor = max(page.floor for page in pages)
            seen = {visible_ids(page._replace(floor=floor), owners, wanted, pulled_for(person, spans)) for page in pages}
            if len(seen) > 1:
                return False
        return True

    async def _rebuilt(self, sink: MemorySink) -> None:
        """Fold everything, agents and topics from the catalogue's end, and say nothing."""
        for agent in list(self.agents.values())[::-1]:
            if agent.effect is None:
                loop = BatchLoop(agent, 0, MemoryState(), self._around(sink, Silent()))
                await loop.open()
                for topic in agent.sources[::-1]:
                    if records := self.log.read(topic, 0):
                        await loop.fold(topic, records)
                await loop.flush()

    # --- the machinery ------------------------------------------------------------------------------------------------

    async def _asked(self, who: str | None, method: str, path: str, body: Any, form: dict | None, given: dict) -> Seen:
        await self.settle()
        sent, media = (as_form(form), f"multipart/form-data; boundary={BOUNDARY}") if form is not None else (b"", "")
        if body is not None:
            sent, media = json.dumps(body).encode(), "application/json"
        headers = [(b"host", b"town"), (b"content-type", media.encode()), (b"content-length", b"%d" % len(sent))]
        if who is not None:
            headers.append((b"authorization", b"Bearer " + self.context.tokens.make(self.ids[who]).encode()))
        headers += [(name, value.encode()) for name, value in given.items() if value is not None]
        path, _, query = path.partition("?")
        route, params = found_route(method, path)
        scope = {"method": method, "path": path, "query_string": query.encode(), "headers": headers, "scheme": "http"}

        async def receive() -> dict:
            return {"type": "http.request", "body": sent, "more_body": False}

        answer = await answer_request(self.context, route, scope, receive, params)
        told = json.loads(answer.body) if answer.body and "json" in answer.media_type else answer.body
        return Seen(answer.status, told, dict(answer.headers))

    async def settle(self) -> None:
        """Fold everything that was said, but for what is held, flush, and let the API look."""
        if not self._loops:
            await self._start()
        folded: set[str] = set()
        while waiting := [at for at, position in self._positions.items() if self._waits(*at, position)]:
            for name, topic in waiting:
                folded.add(name)
                await self._loops[name].fold(topic, self.log.read(topic, 0, self._positions[name, topic]))
                self._positions[name, topic] = self._loops[name].position(topic)
        for name in folded:
            await self._loops[name].flush()
            await self._loops[name].publish()
        if folded:
            await self.context.freshness._look()

    async def say_how_far(self) -> None:
        """Fold everything, and let those too say how far they are who had nothing to do, as they do once a second."""
        await self.settle()
        for loop in self._loops.values():
            await loop.publish()
        await self.context.freshness._look()

    def _waits(self, name: str, topic: str, position: int) -> bool:
        return name not in self.held and position < self.log.end(topic, 0)

    async def _start(self) -> None:
        """Open every agent on its state: it prints what a store owes and says how far it is."""
        for name, agent in self.agents.items():
            loop = self._loops[name] = BatchLoop(agent, 0, self._states[name], self._around(self.sink, self.log))
            await loop.open()
            await loop.publish()
            self._positions |= {(name, topic): loop.position(topic) for topic in agent.sources}
        await self.context.freshness._look()

    def _around(self, sink: MemorySink, log: Any) -> Surroundings:
        ends = lambda topic, partition: (self.log.end(topic, partition), self.now)  # noqa: E731
        return Surroundings(self._decoder, sink, log, self.log.claim, ends, Patience(pauses_seconds=()))

    async def _resize(self, batch: Batch, state: State) -> AsyncIterator[Caused]:
        """Stand where `agents.resize` does: the same objects and events, without decoding pictures."""
        for record in batch.records:
            told = record.event
            if isinstance(told, e.PhotoUploaded) and told.photo_id not in self._deleted:
                async for event in self._developed(told):
                    yield Caused(record.offset, event)
            elif isinstance(told, e.PhotoDeleted) and told.actor_id in (told.owner_id, 0):
                self._deleted.add(told.photo_id)
                await self.objects.delete(ORIGINALS, original_key(told.photo_id))
                for pixels in PIXELS:
                    await self.objects.delete(VARIANTS, variant_key(told.photo_id, pixels))

    async def _developed(self, upload: e.PhotoUploaded) -> AsyncIterator[e.Event]:
        said = {"event_id": "", "occurred_at": upload.occurred_at, "actor_id": 0, "source": "resize"}
        of = {"photo_id": upload.photo_id, "owner_id": upload.owner_id, "original_width": 40, "original_height": 30}
        for pixels in PIXELS:
            await self.objects.put(VARIANTS, variant_key(upload.photo_id, pixels), b"variant", "image/jpeg")
            yield e.VariantReady(**said, **of, pixels=pixels, width=40, height=30, size_bytes=7)

    def _opened_api(self) -> Context:
        """Return the API's context, put together as `api.opening` does."""
        stores = self.reading = Reading(self.sink, SHARDS)
        freshness = Folding(self, stores)
        trust = Trust(freshness, stores, PARTITIONS)
        of_accounts, of_viewers = (Recall(freshness, agent, SHARDS, PARTITIONS, 100) for agent in ("accounts", "viewers"))
        fuse = Fuse(self.log)
        secret = "a secret of thirty-two characters"
        return Context(
            stores=stores,
            edge=Edge(fuse, self, self.objects, SHARDS, "http"),
            objects=self.objects,
            freshness=freshness,
            tokens=Tokens(secret),
            people=People(stores, trust, of_accounts),
            relations=Relations(stores, freshness, trust, of_viewers),
            trust=trust,
            remembered=Remembered(OneRedis()),
            limits=Limits(OneRedis(), {}),
            load=Load(100, 1 << 24),
            fuse=fuse,
            signer=Signer(secret),
            metrics=Metrics(),
            shards=SHARDS,
            partitions=PARTITIONS,
            trend_window_seconds=300,
            gives_tokens=True,
            now_ms=lambda: self.now,
        )


class Silent:
    """A log to which a rebuild says nothing."""

    async def append_many(self, events: Sequence[e.Event]) -> list[Appended]:
        return [Appended("", 0, 0) for _ in events]


class Folding(Freshness):
    """How far the folds are; who waits for them lets them fold."""

    def __init__(self, world: World, stores: Reading) -> None:
        super().__init__(self._read, DERIVED, stores.redis)
        self._world = world

    async def _read(self) -> Look:
        stores, builds = self._world.sink.stores, self._world.reading.builds
        births = {"postgres0": stores.births["postgres"]}
        return Look(stores.births["redis"], [decode(encode(one, builds, births)[1]) for one in stores.progress.values()])

    async def until(self, holds: Callable[[Snapshot], bool], timeout_seconds: float) -> bool:
        if timeout_seconds > 0 and not await super().until(holds, 0):
            await self._world.say_how_far()
        return await super().until(holds, 0)


BOUNDARY = "picture"


def as_form(fields: dict[str, Any]) -> bytes:
    parts = []
    for name, said in fields.items():
        of_file = '; filename="x"' if name == "file" else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{of_file}\r\n\r\n'.encode()
        parts.append(head + (said if isinstance(said, bytes) else said.encode()) + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def found_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route, pattern in PATHS:
        if route.method == method and (match := pattern.fullmatch(path)):
            return route, {name: unquote(said) for name, said in match.groupdict().items()}
    raise LookupError(f"no route {method} {path}")
