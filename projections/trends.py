"""Ranked hashtags and places with their explanation, in PostgreSQL on the first server, behind a cache in Redis.

Answers: what trends now (at most two seconds old)? What trended at this time (exact)? A board of a window is one row, and
is replaced as a whole.
"""

import msgspec

from projections.rows import BoardRows, TrendRow
from projections.stores import Stores
from projections.structure import GLOBAL, Column, Table

CACHE_SECONDS = 2


def _ranks(row: BoardRows) -> str:
    return msgspec.json.encode([rank._asdict() for rank in row.ranks]).decode()


def _row(board: str, window_start: int, ranks: list) -> BoardRows:
    return BoardRows(board, window_start, tuple(TrendRow(**rank | {"photos": tuple(rank["photos"])}) for rank in ranks))


STRUCTURE = Table(
    "trends",
    columns=(Column("board", "text"), Column("window_start", "bigint"), Column("ranks", "json")),
    key=("board", "window_start"),
    row=_row,
    values=lambda row: (str(row.board), row.window_start, _ranks(row)),
    shard=lambda _row, _shards: GLOBAL,
    sharded=False,
)

_AT = """
SELECT {columns} FROM {table} WHERE board = %s AND window_start <= %s ORDER BY window_start DESC LIMIT 1"""
_LATEST = "SELECT {columns} FROM {table} WHERE board = %s ORDER BY window_start DESC LIMIT 1"


async def at(stores: Stores, board: str, at_ms: int) -> BoardRows | None:
    """Return the board of the newest window that began at or before a time, exactly."""
    return await stores.one(STRUCTURE, GLOBAL, _AT, (str(board), at_ms))


async def latest(stores: Stores, board: str) -> BoardRows | None:
    """Return the newest board, from the cache while it is younger than `CACHE_SECONDS`."""
    key = f"trends.{stores.builds.of(STRUCTURE.name)}:{board}"
    if kept := await stores.redis.call("GET", key):
        return msgspec.msgpack.decode(kept, type=BoardRows | None)
    found = await stores.one(STRUCTURE, GLOBAL, _LATEST, (str(board),))
    await stores.redis.call("SET", key, msgspec.msgpack.encode(found), "EX", CACHE_SECONDS)
    return found
