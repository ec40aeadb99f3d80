"""A town's stores as readers read them: the readers' own queries, by SQLite, and their own commands, over what folds wrote."""

import json
import re
import sqlite3
from collections.abc import Awaitable, Sequence
from types import SimpleNamespace
from typing import Any

from projections.builds import Builds
from projections.catalog import PROJECTIONS
from projections.keys import key_of
from projections.memory import MemorySink
from projections.ring import RingPage
from projections.shard_map import ShardMap
from projections.structure import Fields, Members, Rings, Strings, Table
from projections.structures import structure_of

STRUCTURES = [structure_of(projection.name) for projection in PROJECTIONS]
FAMILIES = {one.family: one for one in STRUCTURES if isinstance(one, Strings | Members | Rings)}
HASHES = {one.name: one for one in STRUCTURES if isinstance(one, Fields)}
KEY = re.compile(r"\{s\d+\}(\w+)\.\d+:(.*)", re.DOTALL)
# What SQLite says otherwise than PostgreSQL.
DIALECT = (
    (r"(<>|!=) ALL\(%s::\w+\[\]\)", "NOT IN (SELECT value FROM json_each(?))"),
    (r"= ANY\(%s::\w+\[\]\)", "IN (SELECT value FROM json_each(?))"),
    (r"::\w+(\[\])?", ""),
    (r"%s", "?"),
)
OF_OWNERS = """SELECT rowid FROM photos WHERE owner_id IN (SELECT value FROM json_each(?)) AND state = 'ready' AND photo_id < ?
ORDER BY photo_id DESC LIMIT ?"""


class Tables:
    """PostgreSQL for readers (`projections.postgres.Postgres`): each table is filled anew from the rows when it was written."""

    def __init__(self, sink: MemorySink, shards: int) -> None:
        self._sink = sink
        self._base = sqlite3.connect(":memory:")
        self._filled: dict[str, list[tuple]] = {}
        self.shard_map = ShardMap.spread(shards, 1)

    @property
    def found(self) -> list[str]:
        """The birth ids of the servers."""
        return [self._sink.stores.births["postgres"]]

    async def fetch(self, table: Table, build: int, place: int, text: str, params: Sequence = ()) -> list[tuple]:
        return self._asked(table, text.format(columns=f"{table.name}.rowid", table=table.name), params)

    async def fetch_many(
        self, table: Table, build: int, parts: dict, text: str, end: str, end_params: Sequence = ()
    ) -> list[tuple]:
        if "unnest(%s::text[]" in text:
            pairs = {pair for kinds, ids in parts.values() for pair in zip(kinds, ids, strict=True)}
            return [row for row in self._sink.entries.get(table.name, {}).values() if row[:2] in pairs]
        if "unnest" not in text:
            return [row for part in parts.values() for row in await self.fetch(table, build, 0, text, part)]
        owners = [owner for part in parts.values() for owner in part[0]]
        below = next(iter(parts.values()))[1]
        # Readers ask for the first two columns only.
        return [row[:2] for row in self._asked(table, OF_OWNERS, (owners, below, end_params[0]))]

    def _asked(self, table: Table, text: str, params: Sequence) -> list[tuple]:
        rows = self._fill(table)
        for pattern, said in DIALECT:
            text = re.sub(pattern, said, text)
        is_json = [column.type == "json" for column in table.columns]
        given = [json.dumps(list(one)) if isinstance(one, list | tuple) else one for one in params]
        found = [rows[number] for (number,) in self._base.execute(text, given)]
        return [tuple(json.loads(one) if as_json else one for one, as_json in zip(row, is_json, strict=True)) for row in found]

    def _fill(self, table: Table) -> list[tuple]:
        rows = list(self._sink.entries.get(table.name, {}).values())
        if self._filled.get(table.name) != rows:
            columns = [column.name for column in table.columns]
            self._base.execute(f"DROP TABLE IF EXISTS {table.name}")
            self._base.execute(f"CREATE TABLE {table.name} ({', '.join(columns)})")
            marks = ", ".join("?" * (len(columns) + 1))
            plain = ([number, *map(self._plain, row)] for number, row in enumerate(rows))
            self._base.executemany(f"INSERT INTO {table.name} (rowid, {', '.join(columns)}) VALUES ({marks})", plain)  # noqa: S608
            self._filled[table.name] = rows
        return rows

    @staticmethod
    def _plain(value: Any) -> Any:
        return json.dumps(value) if isinstance(value, tuple | list) else value


class Keys:
    """Redis for readers (`projections.redis_store.RedisStore`): the commands that they send, answered from what folds wrote."""

    def __init__(self, sink: MemorySink) -> None:
        self._sink = sink
        # Believed while Redis answers with this birth id; `api.freshness` says which.
        self.birth: str | None = None

    async def call(self, command: str, *words: Any, attempts: int = 1) -> Any:
        return getattr(self, f"_{command.lower()}")(*words)

    def execute_packed(self, packed: bytes) -> Awaitable[Any]:
        """Answer a command in Redis's wire format."""
        _count, *words = packed.split(b"\r\n")[:-1]
        return self.call(*(word.decode() for word in words[1::2]))

    async def page(self, key: str, below: int | None, limit: int) -> RingPage:
        family, suffix = KEY.fullmatch(key).groups()
        return self._sink.ring(FAMILIES[family].name, int(suffix)).page(below, limit)

    def _get(self, key: str) -> bytes | None:
        if not KEY.fullmatch(key):
            # A reader's own cache: nothing is ever in it.
            return None
        family, suffix = KEY.fullmatch(key).groups()
        entry = self._sink.entries.get(FAMILIES[family].name, {}).get(suffix)
        return None if entry is None else entry[1]

    def _set(self, *words: Any) -> bytes:
        return b"OK"

    def _mget(self, *keys: str) -> list[bytes | None]:
        return [self._get(key) for key in keys]

    def _smismember(self, key: str, *members: Any) -> list[int]:
        family, suffix = KEY.fullmatch(key).groups()
        entries = self._sink.entries.get(FAMILIES[family].name, {})
        return [int((suffix, int(member)) in entries) for member in members]

    def _hgetall(self, key: str) -> list[bytes]:
        entries = self._sink.entries.get(HASHES[key.split(".")[0]].name, {})
        return [part for name, value in entries.values() for part in (name.encode(), value)]

    def _hmget(self, key: str, *names: Any) -> list[bytes | None]:
        entries = self._sink.entries.get(HASHES[key.split(".")[0]].name, {})
        return [entries[str(name)][1] if str(name) in entries else None for name in names]


class Reading(SimpleNamespace):
    """What readers take first (`projections.stores.Stores`)."""

    def __init__(self, sink: MemorySink, shards: int) -> None:
        super().__init__(postgres=Tables(sink, shards), redis=Keys(sink), builds=Builds({}), shards=shards)

    def key(self, structure: Strings | Members | Rings, shard: int, suffix: str | int) -> str:
        return key_of(structure, self.builds.of(structure.name), shard, suffix)

    async def select(self, table: Table, place: int, text: str, params: Sequence) -> list[Any]:
        if place >= self.shards:
            return []
        return [table.row(*values) for values in await self.postgres.fetch(table, 1, place, text, params)]

    async def one(self, table: Table, place: int, text: str, params: Sequence) -> Any | None:
        return next(iter(await self.select(table, place, text, params)), None)
