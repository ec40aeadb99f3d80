"""The sink in memory, for specifications and simulations: the same guards, rows and digests, in dictionaries."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from projections.canonical import hash_of, total_of
from projections.ring import Ring
from projections.ring_digest import visible_ids
from projections.rows import PhotoState
from projections.structure import Rings, Table
from projections.structures import structure_of
from projections.writers import GuardLike
from schemas.crash_points import CrashPoint, Hook, pass_by


class MemorySink:
    """A sink that keeps rows by projection and key; a row that removes its key is not kept.

    `rows[name][key]` is the row as the fold gave it, `entries[name][key]` what a store would hold. Guards are per agent,
    partition, store and shard, and stores are written in the same order as the real ones: a caller may die in between.
    """

    def __init__(self, shards: int = 64, feed_depth: int = 500, at: Hook = pass_by):
        self._shards = shards
        self._feed_depth = feed_depth
        self._at = at
        self.lose()

    def lose(self) -> None:
        """Forget everything, as a store that was lost; its birth id is another one."""
        self.birth = secrets.token_hex(8)
        self.rows: dict[str, dict[Any, Any]] = {}
        self.entries: dict[str, dict[Any, tuple]] = {}
        self.rings: dict[str, dict[int, Ring]] = {}
        self.progress: dict[tuple[str, int], Any] = {}
        self._guards: dict[tuple, tuple[int, int]] = {}

    async def identities(self) -> dict[str, str]:
        """Return the birth id."""
        return {"memory": self.birth}

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
            structure = structure_of(name)
            for row in given:
                if self._is_newer(guard, self._place(structure, row), touched):
                    self._keep(name, structure.entry(row), row)
        self._guards.update({place: (guard.epoch, guard.number) for place, newer in touched.items() if newer})

    async def publish(self, progress: Any) -> None:
        """Keep the last progress of each agent and partition."""
        self.progress[progress.agent, progress.partition] = progress

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
        for person, ring in self.rings[name].items():
            followed = viewers.get(person, set()) if name == "timelines" else set()
            if visible := visible_ids(ring.content(), owners, {person} | followed):
                yield person, visible

    def _place(self, structure: Any, row: Any) -> tuple:
        store = isinstance(structure, Table)
        shard = structure.shard(row, self._shards) if hasattr(structure, "shard") else structure.name
        return store, shard

    def _is_newer(self, guard: GuardLike, place: tuple, touched: dict[tuple, bool]) -> bool:
        line = (guard.agent, guard.partition, *place)
        if line not in touched:
            touched[line] = (guard.epoch, guard.number) > self._guards.get(line, (-1, -1))
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
        owners, photo_ids = structure.offers(row)
        rings = self.rings.setdefault(name, {})
        for owner in owners:
            rings.setdefault(owner, Ring(self._feed_depth)).offer(photo_ids)
