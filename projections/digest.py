"""Digests of what stores hold, and at which positions: rebuilt equals live when both digests and positions are equal (I8).

PostgreSQL: rows and guards as of one moment on each server. Redis: all keys of a family. `steady` says that no guard moved
meanwhile, so that servers and keys that were read one after the other belong together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

from projections.canonical import MODULUS, hash_of, total_of
from projections.keys import family_pattern, hash_key, key_of, suffix_of
from projections.positions import Positions, cut, in_order, raise_positions, redis_positions
from projections.prints import guard_names
from projections.ring_digest import ring_rows
from projections.shard_schema import READ_GUARDS, READ_WHOLE
from projections.stores import Stores
from projections.structure import GLOBAL, Fields, Members, Strings, Structure, Table
from projections.structures import structure_of
from projections.tables import canonical_text

KEYS_AT_ONCE = 500

Read = Callable[..., Awaitable[list[tuple]]]

_DIGEST = """
SELECT count(*), coalesce(sum(('x' || left(md5({canonical}), 16))::bit(64)::bigint), 0) FROM {{table}}"""


class Digest(NamedTuple):
    """The digest of one build of a projection. Totals are 16 hex digits; positions are next offsets."""

    name: str
    build: int
    total: str
    rows: int
    by_shard: dict[int, str]
    positions: Positions
    steady: bool


async def digest(stores: Stores, name: str, build: int | None = None, beside: int | None = None) -> Digest:
    """Return the digest of a projection's build, the current one unless said; KeyError for an unknown projection.

    For rings, `beside` is the build that it will be compared with: only ids above both builds' floors count.
    """
    structure = structure_of(name)
    chosen = stores.builds.of(name) if build is None else build
    names = guard_names(name, chosen)
    if isinstance(structure, Table):
        sums, counts, positions = await _digest_table(stores, structure, chosen, names)
        steady = positions == await _table_positions(stores, structure, names)
        return _made(name, chosen, sums, counts, positions, steady)
    before = await redis_positions(stores.redis, names)
    sums, counts = {}, {}
    async for shard, values in _keyed_rows(stores, structure, chosen, beside):
        sums[shard] = sums.get(shard, 0) + hash_of(values)
        counts[shard] = counts.get(shard, 0) + 1
    after = await redis_positions(stores.redis, names)
    return _made(name, chosen, sums, counts, after, before == after)


def _made(name: str, build: int, sums: dict[int, int], counts: dict[int, int], positions: Positions, steady: bool) -> Digest:
    by_shard = {shard: f"{sums[shard] % MODULUS:016x}" for shard in sorted(sums) if counts[shard]}
    total = f"{total_of(sums.values()):016x}"
    return Digest(name, build, total, sum(counts.values()), by_shard, in_order(positions), steady)


async def _digest_table(
    stores: Stores, table: Table, build: int, names: dict[str, str]
) -> tuple[dict[int, int], dict[int, int], Positions]:
    sums: dict[int, int] = {}
    counts: dict[int, int] = {}
    positions: Positions = {}
    text = _DIGEST.format(canonical=canonical_text(table).replace("{", "{{"))
    for server in range(len(stores.postgres.pools)):
        held = set(await stores.postgres.places_with(server, table, build))
        places = await stores.postgres.places_on(server, table)
        async with stores.postgres.one_moment(server) as read:
            await _raise_by(positions, read, READ_WHOLE, GLOBAL, names)
            for place in places:
                await _raise_by(positions, read, READ_GUARDS, place, names)
                if place in held:
                    [(counts[place], total)] = await read(text, place, table, build)
                    sums[place] = int(total)
    return sums, counts, positions


async def _table_positions(stores: Stores, table: Table, names: dict[str, str]) -> Positions:
    positions: Positions = {}
    for server in range(len(stores.postgres.pools)):
        places = await stores.postgres.places_on(server, table)
        async with stores.postgres.one_moment(server) as read:
            await _raise_by(positions, read, READ_WHOLE, GLOBAL, names)
            for place in places:
                await _raise_by(positions, read, READ_GUARDS, place, names)
    return positions


async def _raise_by(positions: Positions, read: Read, text: str, place: int, names: dict[str, str]) -> None:
    for agent, partition, sources in await read(text, place):
        if agent in names:
            raise_positions(positions, names[agent], partition, sources)


async def _keyed_rows(stores: Stores, structure: Structure, build: int, beside: int | None) -> AsyncIterator[tuple[int, tuple]]:
    """Yield the shard and the canonical values of every row in Redis."""
    if isinstance(structure, Fields):
        found = await stores.redis.call("HGETALL", hash_key(structure, build))
        for field, value in zip(found[::2], found[1::2], strict=True):
            yield GLOBAL, (field, value)
        return
    seen: set[bytes] = set()
    async for scanned in stores.redis.scan(family_pattern(structure, build)):
        fresh = [key for key in scanned if key not in seen]
        seen.update(fresh)
        for keys in cut(fresh, KEYS_AT_ONCE):
            rows = _rows_of(stores, structure, keys, beside)
            async for key, values in rows:
                yield int(key[2:6]), values


async def _rows_of(
    stores: Stores, structure: Structure, keys: list[bytes], beside: int | None
) -> AsyncIterator[tuple[bytes, tuple]]:
    if isinstance(structure, Strings):
        for key, value in zip(keys, await stores.redis.call("MGET", *keys), strict=True):
            if value is not None:
                yield key, (suffix_of(key), value)
    elif isinstance(structure, Members):
        sets = await asyncio.gather(*(stores.redis.call("SMEMBERS", key) for key in keys))
        for key, members in zip(keys, sets, strict=True):
            for member in members:
                yield key, (suffix_of(key), member)
    else:
        others = [key_of(structure, beside, int(key[2:6]), suffix_of(key)) for key in keys] if beside else None
        async for key, values in ring_rows(stores, structure, keys, others):
            yield key, values
