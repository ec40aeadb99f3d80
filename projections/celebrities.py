"""Whose photos are pulled at read, and in which spans of time, in one hash of Redis: `celebrities.1`.

Answers: which of the people that I follow must I pull, and which of their photos? Spans are (from, to) in ms, to = 0
while it lasts.
"""

from collections.abc import Iterable

import msgspec

from projections.keys import hash_key
from projections.rows import CelebrityRow
from projections.stores import Stores
from projections.structure import Fields

Spans = tuple[tuple[int, int], ...]


def _value(row: CelebrityRow) -> bytes | None:
    return msgspec.json.encode(row.spans) if row.spans else None


STRUCTURE = Fields("celebrities", field=lambda row: str(row.author_id), value=_value)


async def spans(stores: Stores) -> dict[int, Spans]:
    """Return the spans of all authors that have some."""
    found = await stores.redis.call("HGETALL", hash_key(STRUCTURE, stores.builds.of(STRUCTURE.name)))
    return {int(author): _decode(value) for author, value in zip(found[::2], found[1::2], strict=True)}


async def among(stores: Stores, user_ids: Iterable[int]) -> dict[int, Spans]:
    """Return the spans of those of the people that have some."""
    asked = list(user_ids)
    if not asked:
        return {}
    found = await stores.redis.call("HMGET", hash_key(STRUCTURE, stores.builds.of(STRUCTURE.name)), *asked)
    return {author: _decode(value) for author, value in zip(asked, found, strict=True) if value}


def _decode(value: bytes) -> Spans:
    return msgspec.json.decode(value, type=Spans)
