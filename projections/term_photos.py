"""Which photos carry a hashtag or a place, in PostgreSQL, in the term's shard.

Answers: the photos of this tag or place, newest first?
"""

from projections.rows import TermPhotoRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.ids import shard_of_text


def _row(board: str, term: str, photo_id: int, shown: str, owner_id: int) -> TermPhotoRow:
    return TermPhotoRow(board, term, shown, photo_id, owner_id, True)


def _place(board: str, term: str, shards: int) -> int:
    return shard_of_text(f"{board}:{term}", shards)


STRUCTURE = Table(
    "term_photos",
    columns=(
        Column("board", "text"),
        Column("term", "text"),
        Column("photo_id", "bigint"),
        Column("shown", "text"),
        Column("owner_id", "bigint"),
    ),
    key=("board", "term", "photo_id"),
    row=_row,
    values=lambda row: (str(row.board), row.term, row.photo_id, row.shown, row.owner_id),
    shard=lambda row, shards: _place(row.board, row.term, shards),
    gone=lambda row: not row.present,
)

_PAGE = """
SELECT {columns} FROM {table} WHERE board = %s AND term = %s AND photo_id < %s ORDER BY photo_id DESC LIMIT %s"""


async def page(stores: Stores, board: str, term: str, below: int | None, limit: int) -> list[TermPhotoRow]:
    """Return the photos of a compared term, newest first, those with an id below one."""
    params = (str(board), term, below or TOP, limit)
    return await stores.select(STRUCTURE, _place(board, term, stores.shards), _PAGE, params)
