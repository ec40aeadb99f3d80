"""Names of keys in Redis: a hash tag for the shard, the family, the build, and what the key is about."""

import functools

from projections.structure import Fields, Members, Rings, Strings


@functools.cache
def shard_tag(shard: int) -> str:
    """Return the hash tag that puts all keys of a shard into one slot."""
    return f"{{s{shard:04d}}}"


def key_of(structure: Strings | Members | Rings, build: int, shard: int, suffix: str | int) -> str:
    """Return the key of one thing in a family."""
    return f"{shard_tag(shard)}{structure.family}.{build}:{suffix}"


def hash_key(structure: Fields, build: int) -> str:
    """Return the key of a projection that is one hash."""
    return f"{structure.name}.{build}"


def family_pattern(structure: Strings | Members | Rings, build: int) -> str:
    """Return the pattern that matches all keys of one family and build."""
    return f"{{s[0-9]*}}{structure.family}.{build}:*"


def suffix_of(key: bytes) -> str:
    """Return what a family's key is about."""
    return key.decode().partition(":")[2]


def guard_key(tag: str, agent: str, partition: int) -> str:
    """Return the key of a guard; `tag` is a hash tag in braces."""
    return f"{tag}guard:{agent}:{partition}"
