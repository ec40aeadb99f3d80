"""Whether the stores still hold anything of a person: every table of every server, every key of Redis, whatever its family.

Nothing is asked of the projections, and no structure is trusted to say what there is: a table or a key that nobody remembers
is where a trace would survive. Ids are looked for as numbers, texts and eight bytes; texts as they were typed.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from projections.stores import Stores

KEYS_AT_ONCE = 500
SHOWN_CHARACTERS = 160
_ID = re.compile(r"\d{12,19}")
_FAMILY = re.compile(rb"(?:\{[^}]*\})?([a-z_]+)")
_BUILD = re.compile(r"_\d+$")

_TABLES = """
SELECT table_schema, table_name, quote_ident(table_schema) || '.' || quote_ident(table_name)
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2"""
# The names come from the server, quoted by it.
_ROWS = """
SELECT shown FROM (SELECT to_jsonb(t)::text AS shown FROM {table} AS t) AS row
WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS trace WHERE strpos(shown, trace) > 0)"""
# How the members of each type of key are read.
_READ = {
    "string": lambda key: ("GET", key),
    "set": lambda key: ("SMEMBERS", key),
    "hash": lambda key: ("HGETALL", key),
    "zset": lambda key: ("ZRANGE", key, 0, -1),
    "list": lambda key: ("LRANGE", key, 0, -1),
}


class Finding(NamedTuple):
    """A trace that was found: in which store, in which place, and of what.

    `place` is `table.column`, `family key`, `family value` (`... of theirs` under the person's own id), or a bucket. `kind` is
    user, photo, comment, name, text or submission; `shown` the row or key that holds it.
    """

    store: str
    place: str
    kind: str
    shown: str


@dataclass(frozen=True)
class Traces:
    """What would show that somebody was here.

    `names` are whole values, since within a text a name is what others said, as in a mention; `texts` may stand anywhere.
    """

    user_id: int
    photos: frozenset[int] = frozenset()
    comments: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    submissions: frozenset[str] = frozenset()
    ids: dict[int, str] = field(init=False)
    words: dict[bytes, str] = field(init=False)

    def __post_init__(self) -> None:
        ids = dict.fromkeys(self.comments, "comment") | dict.fromkeys(self.photos, "photo") | {self.user_id: "user"}
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "words", dict(self._words(ids)))

    def _words(self, ids: dict[int, str]) -> Iterator[tuple[bytes, str]]:
        """Yield what to look for in bytes."""
        for id_, kind in ids.items():
            for form in (str(id_).encode(), id_.to_bytes(8, "big"), id_.to_bytes(8, "little")):
                yield form, kind
        for name in self.names:
            yield f'"{_typed(name)}"'.encode(), "name"
        for kind, texts in (("text", self.texts), ("submission", self.submissions)):
            for text in texts:
                yield text.encode(), kind
                yield _typed(text).encode(), kind

    def in_value(self, value: Any) -> set[str]:
        """Return the kinds of traces in a value of a row, as JSON has it."""
        if isinstance(value, list):
            return set().union(*map(self.in_value, value))
        if isinstance(value, dict):
            return set().union(*map(self.in_value, value.values()))
        if isinstance(value, str):
            kinds = {self.ids[int(found)] for found in _ID.findall(value) if int(found) in self.ids}
            kinds |= {"name"} if value in self.names else set()
            kinds |= {"text"} if any(text in value for text in self.texts) else set()
            return kinds | ({"submission"} if value in self.submissions else set())
        return {self.ids[value]} if isinstance(value, int) and value in self.ids else set()

    def in_bytes(self, value: bytes) -> set[str]:
        """Return the kinds of traces in a key or a value of Redis."""
        kinds = {kind for word, kind in self.words.items() if word in value}
        return kinds | ({"name"} if value.decode("utf-8", "replace") in self.names else set())


def _typed(text: str) -> str:
    """Return a text as it stands within quotes in JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


async def scan_postgres(stores: Stores, traces: Traces) -> AsyncIterator[Finding]:
    """Yield what every table of every server holds of these traces."""
    wanted = [str(id_) for id_ in traces.ids]
    wanted += [_typed(text) for text in (*traces.names, *traces.texts, *traces.submissions)]
    for server in range(len(stores.postgres.pools)):
        for schema, table, quoted in await stores.postgres.fetch_on(server, _TABLES):
            for (shown,) in await stores.postgres.fetch_on(server, _ROWS.replace("{table}", quoted), (wanted,)):
                where = f"{schema}.{table} on server {server}: {shown[:SHOWN_CHARACTERS]}"
                for column, value in json.loads(shown).items():
                    for kind in sorted(traces.in_value(value)):
                        yield Finding("postgres", f"{_BUILD.sub('', table)}.{column}", kind, where)


async def scan_redis(stores: Stores, traces: Traces) -> AsyncIterator[Finding]:
    """Yield what every key of Redis, and what it holds, has of these traces."""
    async for keys in stores.redis.scan("*"):
        for first in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[first : first + KEYS_AT_ONCE]
            for key, parts in zip(some, await _held(stores, some), strict=True):
                for finding in _of_key(traces, key, parts):
                    yield finding


async def _held(stores: Stores, keys: Sequence[bytes]) -> list[list[bytes]]:
    """Return what each key holds, piece by piece; nothing of one that is gone meanwhile."""
    types = await asyncio.gather(*(stores.redis.call("TYPE", key) for key in keys))
    reads = [_READ.get(type_.decode()) for type_ in types]
    values = await asyncio.gather(
        *(stores.redis.call(*(read(key) if read else ("EXISTS", key))) for key, read in zip(keys, reads, strict=True))
    )
    return [[value] if isinstance(value, bytes) else list(value) if isinstance(value, list) else [] for value in values]


def _of_key(traces: Traces, key: bytes, parts: Sequence[bytes]) -> Iterator[Finding]:
    family = _FAMILY.match(key)
    named, shown = family[1].decode() if family else "?", key.decode("utf-8", "replace")
    for kind in sorted(traces.in_bytes(key)):
        yield Finding("redis", f"{named} key", kind, shown)
    # What somebody's own ring or card holds is another matter than what others' hold.
    whose = " of theirs" if shown.endswith(f":{traces.user_id}") else ""
    for kind in sorted(set().union(*map(traces.in_bytes, parts))):
        yield Finding("redis", f"{named} value{whose}", kind, shown)
