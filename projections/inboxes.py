"""Up to where people have read their notifications, in PostgreSQL, in the user's shard.

Answers: up to which id has this person read?
"""

from projections.rows import InboxRow
from projections.stores import Stores
from projections.structure import Column, Table
from schemas.ids import shard_of

STRUCTURE = Table(
    "inboxes",
    columns=(Column("user_id", "bigint"), Column("read_up_to", "bigint")),
    key=("user_id",),
    row=InboxRow,
    shard=lambda row, _shards: shard_of(row.user_id),
    gone=lambda row: row.read_up_to == 0,
)

_ONE = "SELECT {columns} FROM {table} WHERE user_id = %s"


async def read_up_to(stores: Stores, user_id: int) -> int:
    """Return the id of the newest notification that was read; 0 when none was."""
    row = await stores.one(STRUCTURE, shard_of(user_id), _ONE, (user_id,))
    return 0 if row is None else row.read_up_to
