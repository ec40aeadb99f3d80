"""Stores that the API's own readers read in memory: tables in SQLite, which runs the projections' own SQL, and rings.

So orders, limits and comparisons of several columns are those of the statements that PostgreSQL gets. Two statements have no
like in SQLite and are written here once more: the newest photos of several owners, and counts, which are all zero.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from projections import (
    accounts,
    barriers,
    comments,
    counter_rows,
    followers,
    followings,
    inboxes,
    likes,
    notifications,
    photos,
    term_photos,
)
from projections.away import StoreAway
from projections.ring import Ring, RingPage
from projections.structure import Rings, Table

TABLES = (accounts, barriers, comments, followers, followings, inboxes, likes, notifications, photos, term_photos)
_OF_OWNERS = """
SELECT photo_id, owner_id FROM photos WHERE owner_id IN (SELECT value FROM json_each(?)) AND state = 'ready' AND photo_id < ?
ORDER BY photo_id DESC LIMIT ?"""


class PagedStores:
    """What readers are given in the place of `projections.stores.Stores`; `asked` says of each question what was read.

    `meanwhile` is called before each answer: what happens while a page is being read.
    """

    def __init__(self, depth: int, shards: int) -> None:
        self.shards = shards
        self.builds = SimpleNamespace(of=lambda _name: 1, current={})
        self.redis = SimpleNamespace(page=self._page)
        self.postgres = SimpleNamespace(fetch_many=self._fetch_many)
        self.rings: dict[tuple[str, int], Ring] = defaultdict(lambda: Ring(depth))
        self.asked: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self._sql = sqlite3.connect(":memory:")
        for module in TABLES:
            columns = ", ".join(column.name for column in module.STRUCTURE.columns)
            self._sql.execute(f"CREATE TABLE {module.STRUCTURE.name} ({columns})")

    def close(self) -> None:
        self._sql.close()

    def put(self, table: Table, row: Any) -> None:
        """Put a row where it belongs, or take away what stood there."""
        key, values = table.entry(row)
        where = " AND ".join(f"{table.columns[place].name} = ?" for place in table.places)
        self._sql.execute(f"DELETE FROM {table.name} WHERE {where}", key)  # noqa: S608
        if values is not None:
            marks = ", ".join("?" * len(values))
            plain = [json.dumps(value) if isinstance(value, tuple) else value for value in values]
            self._sql.execute(f"INSERT INTO {table.name} VALUES ({marks})", plain)  # noqa: S608

    def offer(self, ring: Rings, owner: int, photo_ids: Sequence[int]) -> None:
        self.rings[ring.family, owner].offer(photo_ids)

    # --- what `Stores` has --------------------------------------------------------------------------------------------

    def key(self, structure: Rings, _shard: int, owner: int) -> tuple[str, int]:
        return structure.family, owner

    async def select(self, table: Table, _place: int, text: str, params: Sequence) -> list[Any]:
        return [table.row(*values) for values in self._read(table, text, params)]

    async def one(self, table: Table, place: int, text: str, params: Sequence) -> Any | None:
        return next(iter(await self.select(table, place, text, params)), None)

    async def _fetch_many(self, table: Table, _build: int, parts: dict, text: str, *_end: Any) -> list[tuple]:
        if table is counter_rows.STRUCTURE:
            return []
        if "LATERAL" in text:
            owners = [owner for ids, *_ in parts.values() for owner in ids]
            before, limit = next(iter(parts.values()))[1:3] if parts else (0, 0)
            self._ask("photos of owners")
            return self._sql.execute(_OF_OWNERS, (json.dumps(owners), before, limit)).fetchall()
        return [values for params in parts.values() for values in self._read(table, text, params)]

    def _read(self, table: Table, text: str, params: Sequence) -> list[tuple]:
        self._ask(table.name)
        columns = [column.name for column in table.columns]
        text = text.replace("= ANY(%s::bigint[])", "IN (SELECT value FROM json_each(%s))")
        text = text.replace("<> ALL(%s::bigint[])", "NOT IN (SELECT value FROM json_each(%s))").replace("%s", "?")
        text = text.replace("{table}", table.name).replace("{columns}", ", ".join(columns))
        plain = [json.dumps(list(value)) if isinstance(value, list | tuple) else value for value in params]
        lists = [column.type.endswith("[]") for column in table.columns]
        found = self._sql.execute(text, plain).fetchall()
        return [tuple(json.loads(v) if one else v for v, one in zip(row, lists, strict=True)) for row in found]

    def _ask(self, what: str) -> None:
        self.meanwhile()
        self.asked.append(what)

    async def _page(self, key: tuple[str, int], below: int | None, limit: int) -> RingPage:
        self._ask("rings")
        return self.rings[key].page(below, limit)


class PagedTrust:
    """What the API believes: of Redis the rings alone, while they are there; PostgreSQL of everything."""

    def __init__(self) -> None:
        self.rings = True

    def redis(self, *projections: str) -> nullcontext:
        if not (self.rings and {*projections} <= {"timelines", "authors"}):
            raise StoreAway("not in memory")
        return nullcontext()

    def check_rows(self, projection: str, id_: int) -> None:
        """PostgreSQL is whole."""
