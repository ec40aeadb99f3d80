"""A ring of photo ids: the newest `depth` distinct ids ever offered, and the floor above which none is missing.

A ring is closed for ever by a floor at the largest id: it holds nothing, and whatever is offered later falls below.

Redis keeps it as one string (`redis_functions.lua`): a header of 24 bytes, then 8 big-endian bytes a slot. Here are that
format's reader, and the same rules in plain Python, which pass the same tests. Offers commute and may repeat.
"""

import struct
from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import NamedTuple

HEADER = struct.Struct(">QHHHHQ")
# The floor of a ring that is closed.
CLOSED = (1 << 63) - 1


class RingPage(NamedTuple):
    """Ids newest first. Above `floor` nothing is missing; 0 when nothing was ever cut off."""

    ids: tuple[int, ...]
    floor: int


EMPTY = RingPage((), 0)


class Ring:
    """The rules of a ring in memory."""

    def __init__(self, depth: int):
        self.depth = depth
        self.floor = 0
        self._ids: list[int] = []

    def offer(self, photo_ids: Iterable[int]) -> None:
        """Put ids in, in any order; those below what a full ring keeps only raise its floor."""
        for photo_id in photo_ids:
            at = bisect_left(self._ids, photo_id)
            if photo_id <= self.floor or (at < len(self._ids) and self._ids[at] == photo_id):
                continue
            insort(self._ids, photo_id)
            if len(self._ids) > self.depth:
                self._ids.pop(0)
                self.floor = self._ids[0]

    def close(self) -> None:
        """Empty the ring for ever."""
        self._ids, self.floor = [], CLOSED

    def page(self, below: int | None, limit: int) -> RingPage:
        """Return the newest ids below one."""
        end = len(self._ids) if below is None else bisect_left(self._ids, below)
        return RingPage(tuple(self._ids[max(0, end - limit) : end][::-1]), self.floor)

    def content(self) -> RingPage:
        """Return all ids."""
        return self.page(None, self.depth)


def decode_ring(value: bytes) -> RingPage:
    """Return what a ring's string in Redis holds."""
    if not value:
        return EMPTY
    _newest, head, count, slots, cut, floor = HEADER.unpack_from(value)
    body = struct.unpack_from(f">{slots}Q", value, HEADER.size)
    ids = tuple(body[(head - 1 - back) % slots] for back in range(count))
    return RingPage(ids, ids[-1] if cut else floor)


def decode_page(packed: bytes, floor: bytes) -> RingPage:
    """Return a page from what the function `darkroom_page` answers."""
    ids = struct.unpack(f">{len(packed) // 8}Q", packed)
    return RingPage(ids[::-1], int.from_bytes(floor, "big"))


def pack_ids(photo_ids: Iterable[int]) -> bytes:
    """Return ids as 8 big-endian bytes each."""
    ids = tuple(photo_ids)
    return struct.pack(f">{len(ids)}Q", *ids)


def unpack_ids(packed: bytes) -> tuple[int, ...]:
    """Return the ids of 8 big-endian bytes each."""
    return struct.unpack(f">{len(packed) // 8}Q", packed)
