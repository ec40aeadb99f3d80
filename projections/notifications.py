"""What people are told, in PostgreSQL, in the shard of who is told.

Answers: a person's notifications, newest first by when each was done first? Whether a wish to follow is a request is told by
`followers`.
"""

from dataclasses import dataclass, field

from projections.rows import NotificationRow
from projections.stores import TOP, Stores
from projections.structure import Column, Table
from schemas.ids import shard_of


def _row(user_id: int, kind: str, actor_id: int, photo_id: int, comment_id: int, notification_id: int) -> NotificationRow:
    return NotificationRow(user_id, kind, actor_id, photo_id, comment_id, notification_id, True)


STRUCTURE = Table(
    "notifications",
    columns=(
        Column("user_id", "bigint"),
        Column("kind", "text"),
        Column("actor_id", "bigint"),
        Column("photo_id", "bigint"),
        Column("comment_id", "bigint"),
        Column("notification_id", "bigint"),
    ),
    key=("user_id", "kind", "actor_id", "photo_id", "comment_id"),
    indexes=("(user_id, notification_id DESC)",),
    row=_row,
    values=lambda row: row[:-1],
    shard=lambda row, _shards: shard_of(row.user_id),
    gone=lambda row: not row.standing,
)

_PAGE = """
SELECT {columns} FROM {table} WHERE user_id = %s AND notification_id < %s
AND actor_id <> ALL(%s::bigint[]) AND photo_id <> ALL(%s::bigint[]) AND comment_id <> ALL(%s::bigint[])
ORDER BY notification_id DESC LIMIT %s"""


@dataclass
class Without:
    """What a page leaves out: all that these people did, and all that was done to these photos and comments."""

    actors: set[int] = field(default_factory=set)
    photos: set[int] = field(default_factory=set)
    comments: set[int] = field(default_factory=set)


async def page(stores: Stores, user_id: int, before: int | None, limit: int, without: Without) -> list[NotificationRow]:
    """Return a person's notifications, newest first, those with an id below `before` that are not left out."""
    left_out = (list(without.actors), list(without.photos), list(without.comments))
    params = (user_id, TOP if before is None else before, *left_out, limit)
    return await stores.select(STRUCTURE, shard_of(user_id), _PAGE, params)
