"""Records of reprints in Redis, and chunks of rows under them, each in one call of a function."""

import json
from collections.abc import Sequence

from projections.commands import Commands, add_commands
from projections.keys import guard_key, shard_tag
from projections.prints import Key, Print
from projections.redis_store import BIRTH, PRINTS, RedisStore, framed
from projections.structure import Keyed, Members, Strings, Structure

# What one call brings: readers wait behind it.
CALL_ROWS = 200


def field_of(key: Key) -> str:
    """Return the field of a record."""
    return f"{key[0]}/{key[1]}"


async def read_prints(redis: RedisStore) -> dict[Key, Print]:
    """Return all records."""
    found = await redis.call("HGETALL", PRINTS)
    fields = (field.decode().rpartition("/") for field in found[::2])
    return {(name, int(partition)): _parsed(value) for (name, _, partition), value in zip(fields, found[1::2], strict=True)}


def _parsed(value: bytes) -> Print:
    epoch, number, whole, request, sources = value.split(b" ", 4)
    return Print(int(epoch), int(number), whole == b"1", int(request), json.loads(sources))


async def begin(redis: RedisStore, key: Key, epoch: int, guards: Sequence[str]) -> None:
    """Raise the epoch of a record and delete live guards; `StoreOvertaken` when it is not above the one that is there."""
    await redis.guarded("darkroom_begin_print", (BIRTH, PRINTS, *guards), (field_of(key), epoch))


async def write_chunk(
    redis: RedisStore, record: tuple[Key, int, int], structure: Keyed, build: int, rows: Sequence, shards: int
) -> None:
    """Write the rows that bring a reprint's record = (key, epoch, number of rows) to this number, in a few calls."""
    key, epoch, written = record
    before = written - len(rows)
    for first in range(0, len(rows), CALL_ROWS):
        part = rows[first : first + CALL_ROWS]
        made: Commands = {}
        add_commands(made, structure, build, part, shards)
        words = framed([command for commands in made.values() for command in commands])
        number = before + first + len(part)
        await redis.guarded("darkroom_print", (BIRTH, PRINTS), (field_of(key), epoch, number, *words))


async def finish(redis: RedisStore, key: Key, done: Print) -> None:
    """Note that a reprint came to its end; `StoreOvertaken` when a later one has begun."""
    said = json.dumps(dict(done.sources), sort_keys=True)
    words = (field_of(key), done.epoch, done.number, done.request, said)
    await redis.guarded("darkroom_finish_print", (BIRTH, PRINTS), words)


def guards_of(structure: Structure, build: int, names: Sequence[str], partition: int, shards: Sequence[int]) -> list[str]:
    """Return the keys of the live guards of a partition, in the slots of these shards or in the projection's own."""
    if isinstance(structure, Strings | Members):
        tags = [shard_tag(shard) for shard in shards]
    else:
        tags = [f"{{{structure.name}.{build}}}"]
    return [guard_key(tag, name, partition) for tag in tags for name in names]


async def forget(redis: RedisStore, names: Sequence[str]) -> None:
    """Delete the records and the guards under these names: their build was dropped."""
    fields = [field_of(key) for key in await read_prints(redis) if key[0] in names]
    if fields:
        await redis.call("HDEL", PRINTS, *fields)
    for name in names:
        async for keys in redis.scan(f"{{*}}guard:{name}:*"):
            await redis.call("UNLINK", *keys)
