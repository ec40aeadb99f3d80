"""What a digest is: the sum modulo 2^64 of a 64-bit hash of each row's canonical text, so order does not matter.

The text is the same whichever store holds the row: values in the columns' order, separated by unit separators.
"""

import hashlib
from collections.abc import Iterable

MODULUS = 1 << 64
_FIELD, _ITEM = b"\x1f", b"\x1e"


def canonical(values: Iterable) -> bytes:
    """Return the canonical text of a row's values."""
    return _FIELD.join(_text(value) for value in values)


def _text(value: object) -> bytes:
    match value:
        case None:
            return b"\\N"
        case bytes():
            return value
        case bool():
            return b"true" if value else b"false"
        case tuple() | list():
            return _ITEM.join(_text(item) for item in value)
        case _:
            return str(value).encode()


def hash_of(values: Iterable) -> int:
    """Return the 64-bit hash of a row: the first eight bytes of the MD5 of its canonical text."""
    return int.from_bytes(hashlib.md5(canonical(values), usedforsecurity=False).digest()[:8], "big")


def total_of(hashes: Iterable[int]) -> int:
    """Return the digest of rows, given their hashes."""
    return sum(hashes) % MODULUS
