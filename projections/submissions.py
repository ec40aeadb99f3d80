"""What came of each submission, in PostgreSQL, in the shard of what came of it.

Answers: which photo or comment did the first event under this idempotency key make? Whoever asks must be ready to hear of
none, also where there is one: it may not be folded yet.
"""

from projections.rows import SubmissionRow
from projections.stores import Stores
from projections.structure import Column, Table
from schemas.ids import shard_of


def _row(person_id: int, submission: str, target_id: int) -> SubmissionRow:
    return SubmissionRow(person_id, submission, target_id, True)


STRUCTURE = Table(
    "submissions",
    columns=(
        Column("person_id", "bigint"),
        Column("submission", "text"),
        Column("target_id", "bigint"),
    ),
    key=("person_id", "submission"),
    row=_row,
    values=lambda row: (row.person_id, row.submission, row.target_id),
    shard=lambda row, _shards: shard_of(row.target_id),
    gone=lambda row: not row.standing,
)

_ONE = "SELECT {columns} FROM {table} WHERE person_id = %s AND submission = %s"


async def one(stores: Stores, shard: int, person_id: int, submission: str) -> SubmissionRow | None:
    """Return what came of a person's submission in a shard (an owner's or a photo's), or None."""
    return await stores.one(STRUCTURE, shard, _ONE, (person_id, submission))
