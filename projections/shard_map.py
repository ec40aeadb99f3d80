"""Which PostgreSQL server holds which logical shard: data, not code, and impossible to build wrong."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from projections.structure import GLOBAL


@dataclass(frozen=True)
class ShardRange:
    """The shards from `first` up to, not including, `end` are on server number `server`."""

    first: int
    end: int
    server: int


@dataclass(frozen=True)
class ShardMap:
    """Every shard in use on exactly one of the servers; the global schema is on server 0."""

    shards: int
    servers: int
    ranges: tuple[ShardRange, ...]

    def __post_init__(self):
        expected = 0
        for span in self.ranges:
            if span.first != expected or span.end <= span.first:
                raise ValueError(f"shard map: {span} leaves a gap or an overlap at shard {expected}; ranges must be contiguous")
            if not 0 <= span.server < self.servers:
                raise ValueError(f"shard map: {span} names server {span.server}; there are {self.servers} (0 is the first)")
            expected = span.end
        if expected != self.shards:
            raise ValueError(f"shard map: it ends at shard {expected}, but {self.shards} are in use")

    @classmethod
    def spread(cls, shards: int, servers: int) -> "ShardMap":
        """Return the map that gives each server a contiguous share of the shards."""
        borders = [shards * number // servers for number in range(servers + 1)]
        spans = (ShardRange(borders[n], borders[n + 1], n) for n in range(servers) if borders[n] < borders[n + 1])
        return cls(shards, servers, tuple(spans))

    @classmethod
    def of_rows(cls, shards: int, servers: int, rows: Iterable[tuple[int, int, int]]) -> "ShardMap":
        """Return the map kept as rows of (first shard, end shard, server)."""
        return cls(shards, servers, tuple(ShardRange(*row) for row in sorted(rows)))

    def server_of(self, place: int) -> int:
        """Return the number of the server that holds a shard, or the global schema; ValueError for a shard not in use."""
        if place == GLOBAL:
            return 0
        if not 0 <= place < self.shards:
            raise ValueError(f"shard {place} is not among the {self.shards} in use (0..{self.shards - 1})")
        return self.ranges[bisect_right(self.ranges, place, key=lambda span: span.first) - 1].server
