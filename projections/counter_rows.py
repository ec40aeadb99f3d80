"""Counts in PostgreSQL, at most 30 seconds behind, in the shard of what is counted; a count of zero has no row.

Answers: what were the counts, when Redis is away?
"""

from collections.abc import Sequence

from projections.rows import CounterKind, CounterRow
from projections.stores import Stores
from projections.structure import Column, Table
from schemas.ids import shard_of

STRUCTURE = Table(
    "counter_rows",
    columns=(Column("kind", "text"), Column("entity_id", "bigint"), Column("value", "bigint")),
    key=("kind", "entity_id"),
    row=CounterRow,
    shard=lambda row, _shards: shard_of(row.entity_id),
    gone=lambda row: row.value == 0,
)

_MANY = """
SELECT {columns} FROM {table} AS t
JOIN unnest(%s::text[], %s::bigint[]) AS asked (k, e) ON t.kind = asked.k AND t.entity_id = asked.e"""


async def counts(stores: Stores, asked: Sequence[tuple[CounterKind, int]]) -> list[int]:
    """Return the counts of (kind, entity) in the order asked: one query a server."""
    parts: dict[int, tuple[list[str], list[int]]] = {}
    for kind, entity in asked:
        if (shard := shard_of(entity)) < stores.shards:
            kinds, entities = parts.setdefault(shard, ([], []))
            kinds.append(kind.value)
            entities.append(entity)
    found = await stores.postgres.fetch_many(STRUCTURE, stores.builds.of(STRUCTURE.name), parts, _MANY, "")
    values = {(kind, entity): value for kind, entity, value in found}
    return [values.get((kind.value, entity), 0) for kind, entity in asked]
