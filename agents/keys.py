"""Keys of the folds' state: one letter for the family, then ids in big-endian, so that a scan comes in the ids' order."""

from struct import Struct

WIDTHS = {n: Struct(f">1s{n}q") for n in (1, 2, 3)}
ID_BYTES = 8
LARGEST_ID = (1 << 63) - 1


def key_of(family: bytes, *ids: int) -> bytes:
    """Return the key of a family for one to three ids."""
    return WIDTHS[len(ids)].pack(family, *ids)


def ids_in(key: bytes) -> tuple[int, ...]:
    """Return the ids of a key that `key_of` made."""
    return WIDTHS[len(key) // ID_BYTES].unpack(key)[1:]
