"""From rows of keyed projections to Redis commands, by hash tag: what one guarded call runs at once."""

from collections.abc import Iterable, Iterator
from typing import Any

from projections.keys import hash_key, key_of, shard_tag
from projections.structure import Fields, Keyed, Members, Strings

# Lua passes at most some 8,000 words to one command.
WORDS = 2_000

Commands = dict[str, list[tuple]]


def add_commands(made: Commands, structure: Keyed, build: int, rows: Iterable[Any], shards: int) -> None:
    """Add what writes these rows to the commands by hash tag; of several rows under one key the last one counts."""
    adders = {Strings: _strings, Members: _members, Fields: _fields}
    for tag, command in adders[type(structure)](structure, build, rows, shards):
        made.setdefault(tag, []).append(command)


def _strings(structure: Strings, build: int, rows: Iterable[Any], shards: int) -> Iterator[tuple[str, tuple]]:
    by_shard: dict[int, dict[str, bytes | None]] = {}
    for row in rows:
        suffix, entry = structure.entry(row)
        by_shard.setdefault(structure.shard(row, shards), {})[suffix] = entry and entry[1]
    for shard, entries in by_shard.items():
        keys = {suffix: key_of(structure, build, shard, suffix) for suffix in entries}
        pairs = [word for suffix, value in entries.items() if value is not None for word in (keys[suffix], value)]
        removed = [keys[suffix] for suffix, value in entries.items() if value is None]
        yield from _in_parts(shard_tag(shard), ("MSET",), pairs)
        yield from _in_parts(shard_tag(shard), ("UNLINK",), removed)


def _members(structure: Members, build: int, rows: Iterable[Any], shards: int) -> Iterator[tuple[str, tuple]]:
    kept: dict[tuple[int, str], dict[int, bool]] = {}
    for row in rows:
        (suffix, member), entry = structure.entry(row)
        kept.setdefault((structure.shard(row, shards), suffix), {})[member] = entry is not None
    for (shard, suffix), members in kept.items():
        key = key_of(structure, build, shard, suffix)
        yield from _in_parts(shard_tag(shard), ("SADD", key), [member for member, there in members.items() if there])
        yield from _in_parts(shard_tag(shard), ("SREM", key), [member for member, there in members.items() if not there])


def _fields(structure: Fields, build: int, rows: Iterable[Any], _shards: int) -> Iterator[tuple[str, tuple]]:
    entries = dict(structure.entry(row) for row in rows)
    key = hash_key(structure, build)
    pairs = [word for entry in entries.values() if entry is not None for word in entry]
    # A guard tagged with the key's own name lies in the key's slot.
    yield from _in_parts(f"{{{key}}}", ("HSET", key), pairs)
    yield from _in_parts(f"{{{key}}}", ("HDEL", key), [name for name, entry in entries.items() if entry is None])


def _in_parts(tag: str, start: tuple, words: list) -> Iterator[tuple[str, tuple]]:
    for first in range(0, len(words), WORDS):
        yield tag, (*start, *words[first : first + WORDS])
