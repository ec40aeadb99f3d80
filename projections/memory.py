"""The sink in memory, for specifications and simulations: the same guards, records, rows and digests, in dictionaries."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from projections.away import StoreOvertaken
from projections.canonical import hash_of, total_of
from projections.prints import (
    CHUNK_ROWS,
    FLUSH_SUFFIX,
    NEVER,
    Owing,
    Print,
    Request,
    chunks,
    has_shards,
    in_shards,
    last_request,
    owing,
    written_by,
)
from projections.ring import Ring
from projections.ring_digest import pulled_for, visible_ids
from projections.rows import Closed, PhotoState
from projections.structure import Rings, Table
from projections.structures import structure_of
from projections.writers import GuardLike
from schemas.crash_points import CrashPoint, Hook, pass_by

STORES = ("postgres", "redis")
Line = tuple[str, str, int]


class MemoryStores:
    """What the two stores hold. Several sinks may write to them, as several processes do."""

    def __init__(self) -> None:
        self.births: dict[str, str] = {}
        self.rows: dict[str, dict[Any, Any]] = {}
        self.entries: dict[str, dict[Any, tuple]] = {}
        self.rings: dict[str, dict[int, Ring]] = {}
        self.progress: dict[tuple[str, int], Any] = {}
        self.guards: dict[tuple, tuple[int, int]] = {}
        self.prints: dict[Line, Print] = {}
        self.requests: list[Request] = []

    def lose(self, store: str) -> None:
        """Forget all that one store held; its birth id is another one."""
        self.births[store] = secrets.token_hex(8)
        for name in {*self.rows, *self.rings, *(line[1] for line in self.prints)}:
            if store_of(name) == store:
                self.empty(name)
        if store == "redis":
            self.progress.clear()

    def empty(self, name: str, shard: int | None = None, shards: int = 0) -> None:
        """Forget a projection, as when an empty build of it is promoted; or its rows in one shard, without anybody's notice."""
        rows = self.rows.get(name, {})
        gone = list(rows) if shard is None else [key for key in rows if structure_of(name).shard(rows[key], shards) == shard]
        for key in gone:
            del rows[key], self.entries[name][key]
        if shard is None:
            self.rings.pop(name, None)
        for line in [line for line in self.guards if line[1] == name and shard in (None, line[-1])]:
            del self.guards[line]
        if shard is None:
            for line in [line for line in self.prints if line[1] == name]:
                del self.prints[line]


def store_of(name: str) -> str:
    """Return which store holds a projection."""
    return "postgres" if isinstance(structure_of(name), Table) else "redis"


class MemorySink:
    """A sink that keeps rows by projection and key; a row that removes its key is not kept.

    `rows[name][key]` is the row as the fold gave it, `entries[name][key]` what a store would hold. Guards are per agent,
    projection, partition and shard, and stores are written in the same order as the real ones: a caller may die in between.
    `beside` is a sink of another process on the same stores. Raises `StoreOvertaken` as the real one does: who wants the
    runtime's errors wraps it in `agents.wiring.StoreSink`.
    """

    def __init__(
        self,
        shards: int = 64,
        feed_depth: int = 500,
        at: Hook = pass_by,
        beside: "MemorySink | None" = None,
        chunk: int = CHUNK_ROWS,
    ):
        self._shards = shards
        self._feed_depth = feed_depth
        self._at = at
        self._chunk = chunk
        self._tenures: dict[Line, int] = {}
        self.stores = beside.stores if beside else MemoryStores()
        if not beside:
            self.lose()

    @property
    def rows(self) -> dict[str, dict[Any, Any]]:
        """The rows by projection and key."""
        return self.stores.rows

    @property
    def entries(self) -> dict[str, dict[Any, tuple]]:
        """What a store would hold, by projection and key."""
        return self.stores.entries

    @property
    def rings(self) -> dict[str, dict[int, Ring]]:
        """The rings by projection and owner."""
        return self.stores.rings

    @property
    def progress(self) -> dict[tuple[str, int], Any]:
        """The last progress of each agent and partition."""
        return self.stores.progress

    def lose(self, *stores: str) -> None:
        """Lose what is in `postgres` or `redis`, or in both, as a store that comes back empty; the birth id is another one."""
        for store in stores or STORES:
            self.stores.lose(store)

    def lose_shard(self, shard: int) -> None:
        """Lose all tables of one shard, guards included; no birth id tells of it, so somebody must `request` it."""
        for name in list(self.rows):
            if store_of(name) == "postgres" and has_shards(structure_of(name)):
                self.stores.empty(name, shard, self._shards)

    def request(self, name: str, shard: int) -> None:
        """Ask that a shard of a projection be printed again: `python -m projections reprint NAME --shard N`."""
        self.stores.requests.append(Request(len(self.stores.requests) + 1, name, shard))

    def promote_empty(self, name: str) -> None:
        """Make an empty build of a projection the one in use: `python -m projections reprint NAME`."""
        self.stores.empty(name)

    async def identities(self) -> dict[str, str]:
        """Return the birth ids, and the last request for each projection that was asked for."""
        asked = {request.name for request in self.stores.requests}
        return self.stores.births | {f"reprint/{name}": str(last_request(name, self.stores.requests)) for name in sorted(asked)}

    # --- reprints -----------------------------------------------------------------------------------------------------

    async def owed(self, agent: str, partition: int) -> Sequence[Owing]:
        """Return what the stores do not hold whole for an agent of the catalogue."""
        found = []
        for name in written_by(agent):
            line = (agent, name, partition)
            record = self.stores.prints.get(line, NEVER)
            self._tenures[line] = record.epoch
            held = [(record, frozenset(range(self._shards)))]
            found.append(owing(name, held, self.stores.requests, has_shards(structure_of(name))))
        return [one for one in found if one]

    async def reprint(self, guard: GuardLike, owed: Owing, rows: Iterable[Any], told: Callable[[int], None]) -> None:
        """Write all rows of a projection, chunk by chunk, and note that it is whole."""
        name, structure = owed.projection, structure_of(owed.projection)
        line = (guard.agent, name, guard.partition)
        request = last_request(name, self.stores.requests)
        self._begin(line, guard, owed.shards)
        written = 0
        for chunk in chunks(in_shards(structure, rows, owed.shards, self._shards), self._chunk):
            self._hold(line, guard.epoch)
            for row in chunk:
                self._write(name, structure, row)
            written += len(chunk)
            told(written)
            self._at(CrashPoint.MID_REPRINT)
            await asyncio.sleep(0)
        self._at(CrashPoint.AFTER_REPRINT)
        self._hold(line, guard.epoch)
        self.stores.prints[line] = Print(guard.epoch, written, True, request, dict(guard.sources))
        self._tenures[line] = guard.epoch

    def _begin(self, line: Line, guard: GuardLike, shards: frozenset[int] | None) -> None:
        record = self.stores.prints.get(line, NEVER)
        if guard.epoch <= record.epoch:
            raise StoreOvertaken(f"{line}: a reprint of epoch {record.epoch} has overtaken that of {guard.epoch}")
        self.stores.prints[line] = record._replace(epoch=guard.epoch, number=0)
        # A state that was restored from an older snapshot is behind these, and must not be refused.
        for one in [one for one in self.stores.guards if base_of(one) == line and (shards is None or one[-1] in shards)]:
            del self.stores.guards[one]

    def _hold(self, line: Line, epoch: int) -> None:
        known = self.stores.prints.get(line, NEVER).epoch
        if known != epoch:
            raise StoreOvertaken(f"{line}: a reprint of epoch {known} has overtaken the writer who knows {epoch}")

    def _write(self, name: str, structure: Any, row: Any) -> None:
        if isinstance(structure, Rings):
            self._offer(name, structure, row)
        else:
            self._keep(name, structure.entry(row), row)

    # --- live writes --------------------------------------------------------------------------------------------------

    async def commit(self, guard: GuardLike, rows: Mapping[str, Iterable[Any]]) -> None:
        """Keep rows whose shard has not seen this guard or a newer one."""
        structures = {name: structure_of(name) for name in rows}
        self._commit(guard, {name: rows[name] for name, one in structures.items() if isinstance(one, Table)})
        self._at(CrashPoint.AFTER_POSTGRES)
        self._commit(guard, {name: rows[name] for name, one in structures.items() if not isinstance(one, Table | Rings)})
        self._at(CrashPoint.AFTER_REDIS)
        for name, structure in structures.items():
            if isinstance(structure, Rings):
                for row in rows[name]:
                    self._offer(name, structure, row)
                    self._at(CrashPoint.MID_FANOUT)

    def _commit(self, guard: GuardLike, rows: Mapping[str, Iterable[Any]]) -> None:
        touched: dict[tuple, bool] = {}
        for name, given in rows.items():
            line = (guard.agent.removesuffix(FLUSH_SUFFIX), name, guard.partition)
            self._hold(line, self._tenures.get(line, 0))
            structure = structure_of(name)
            for row in given:
                if self._is_newer(guard, name, self._place(structure, row), touched):
                    self._keep(name, structure.entry(row), row)
        self.stores.guards.update({place: (guard.epoch, guard.number) for place, newer in touched.items() if newer})

    async def publish(self, progress: Any) -> None:
        """Keep the last progress of each agent and partition."""
        self.progress[progress.agent, progress.partition] = progress

    def _place(self, structure: Any, row: Any) -> Any:
        return structure.shard(row, self._shards) if hasattr(structure, "shard") else structure.name

    def _is_newer(self, guard: GuardLike, name: str, place: Any, touched: dict[tuple, bool]) -> bool:
        line = (guard.agent, name, guard.partition, place)
        if line not in touched:
            touched[line] = (guard.epoch, guard.number) > self.stores.guards.get(line, (-1, -1))
        return touched[line]

    def _keep(self, name: str, entry: tuple, row: Any) -> None:
        key, values = entry
        rows, entries = self.rows.setdefault(name, {}), self.entries.setdefault(name, {})
        if values is None:
            rows.pop(key, None)
            entries.pop(key, None)
        else:
            rows[key], entries[key] = row, values

    def _offer(self, name: str, structure: Rings, row: Any) -> None:
        rings = self.rings.setdefault(name, {})
        if isinstance(row, Closed):
            rings.setdefault(row.user_id, Ring(self._feed_depth)).close()
            return
        owners, photo_ids = structure.offers(row)
        for owner in owners:
            rings.setdefault(owner, Ring(self._feed_depth)).offer(photo_ids)

    # --- reading ------------------------------------------------------------------------------------------------------

    def ring(self, name: str, user_id: int) -> Ring:
        """Return somebody's ring of a projection; an empty one when there is none."""
        return self.rings.get(name, {}).get(user_id) or Ring(self._feed_depth)

    def digest(self, name: str) -> int:
        """Return the digest of what is kept, equal to the one that `projections.digest` gives for real stores."""
        if name in self.rings:
            return total_of(hash_of(row) for row in self._ring_rows(name))
        return total_of(hash_of(entry) for entry in self.entries.get(name, {}).values())

    def _ring_rows(self, name: str) -> Iterator[tuple]:
        cards = self.rows.get("photo_cards", {}).values()
        owners = {row.photo_id: row.owner_id for row in cards if row.state == PhotoState.READY}
        viewers = {row.user_id: set(row.following) for row in self.rows.get("viewers", {}).values()}
        spans = {row.author_id: row.spans for row in self.rows.get("celebrities", {}).values()}
        for person, ring in self.rings[name].items():
            followed = viewers.get(person, set()) if name == "timelines" else set()
            if visible := visible_ids(ring.content(), owners, {person} | followed, pulled_for(person, spans)):
                yield person, visible


def base_of(line: tuple) -> Line:
    """Return the line of the record that a guard belongs to."""
    return (line[0].removesuffix(FLUSH_SUFFIX), line[1], line[2])
