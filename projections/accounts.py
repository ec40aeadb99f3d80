"""Accounts in PostgreSQL, in the user's shard, which is the stable hash of the compared user name.

Answers: who is this id, in whatever state? Who holds this user name now?
"""

from projections.rows import AccountRow
from projections.stores import Stores
from projections.structure import Column, Table
from schemas.ids import shard_of, shard_of_text

STRUCTURE = Table(
    "accounts",
    columns=(
        Column("user_id", "bigint"),
        Column("username", "text"),
        Column("name_key", "text"),
        Column("display_name", "text"),
        Column("private", "boolean"),
        Column("state", "text"),
        Column("changed_at", "bigint"),
    ),
    key=("user_id",),
    indexes=("(name_key) WHERE state IN ('active', 'deactivated')",),
    row=AccountRow,
    shard=lambda row, _shards: shard_of(row.user_id),
)

_BY_ID = "SELECT {columns} FROM {table} WHERE user_id = %s"
_BY_NAME = "SELECT {columns} FROM {table} WHERE name_key = %s AND state IN ('active', 'deactivated') ORDER BY user_id LIMIT 1"


async def by_id(stores: Stores, user_id: int) -> AccountRow | None:
    """Return an account in any state, also a refused or deleted one."""
    return await stores.one(STRUCTURE, shard_of(user_id), _BY_ID, (user_id,))


async def by_name(stores: Stores, name_key: str) -> AccountRow | None:
    """Return who holds a compared user name now: an active or a deactivated account."""
    return await stores.one(STRUCTURE, shard_of_text(name_key, stores.shards), _BY_NAME, (name_key,))
