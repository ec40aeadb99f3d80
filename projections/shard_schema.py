"""SQL of what every shard schema has besides the projections' tables, and of the global schema `darkroom`.

`next_id()` mints ids of the layout of `schemas.ids` in lane 0 (sequences 0 to 31 of each millisecond), so it never meets
an id from the minters, who lease lanes 1 to 31.
"""

from projections.structure import GLOBAL
from schemas.ids import EPOCH_MS, IDS_PER_LANE, SHARD_SHIFT, TIME_SHIFT

# First of the two numbers of the advisory locks that `next_id` takes; the second one is the shard.
NEXT_ID_LOCK = 7_311
# Advisory lock under which schemas and tables are created.
CREATION_LOCK = 7_312


def schema_name(place: int) -> str:
    """Return the schema of a shard, or of what belongs to no shard."""
    return "darkroom" if place == GLOBAL else f"shard{place:04d}"


GUARDS = """
CREATE TABLE IF NOT EXISTS {schema}.guards (
    agent text, partition integer, epoch bigint NOT NULL, number bigint NOT NULL, sources json NOT NULL,
    PRIMARY KEY (agent, partition))"""

RAISE_GUARD = """
INSERT INTO {schema}.guards AS g (agent, partition, epoch, number, sources) VALUES (%s, %s, %s, %s, %s::json)
ON CONFLICT (agent, partition) DO UPDATE
SET epoch = excluded.epoch, number = excluded.number, sources = excluded.sources
WHERE (g.epoch, g.number) < (excluded.epoch, excluded.number)
RETURNING 1"""

READ_GUARDS = "SELECT agent, partition, sources FROM {schema}.guards"

# The last tick, ms x 32 + sequence, is a sequence's value: setting it survives a rollback, and a crash before the caller's
# commit loses only ids that nobody has seen. A clock that steps back goes on from the last tick; more than 32 ids in a
# millisecond wait for the next.
NEXT_ID = """
CREATE OR REPLACE FUNCTION {schema}.next_id() RETURNS bigint LANGUAGE plpgsql AS $body$
DECLARE
    now_ms bigint;
    tick bigint;
BEGIN
    PERFORM pg_advisory_lock({lock}, {shard});
    now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - {epoch_ms};
    SELECT greatest(last_value + 1, now_ms * {lane}) INTO tick FROM {schema}.id_ticks;
    PERFORM setval({ticks}, tick);
    PERFORM pg_advisory_unlock({lock}, {shard});
    WHILE tick / {lane} > now_ms LOOP
        PERFORM pg_sleep(least((tick / {lane} - now_ms) / 1000.0, 1.0));
        now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - {epoch_ms};
    END LOOP;
    RETURN (tick / {lane} << {time_shift}) | ({shard}::bigint << {shard_shift}) | (tick % {lane});
END
$body$"""

NEXT_ID_NUMBERS = {
    "lock": NEXT_ID_LOCK,
    "epoch_ms": EPOCH_MS,
    "lane": IDS_PER_LANE,
    "time_shift": TIME_SHIFT,
    "shard_shift": SHARD_SHIFT,
}

SHARD_SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS {schema}",
    GUARDS,
    "CREATE SEQUENCE IF NOT EXISTS {schema}.id_ticks MINVALUE 0",
    NEXT_ID,
)

# For whom this server holds a projection whole (`projections.prints`).
PRINTS = """
CREATE TABLE IF NOT EXISTS {schema}.prints (
    agent text, partition integer, epoch bigint NOT NULL, number bigint NOT NULL, whole boolean NOT NULL,
    request bigint NOT NULL, sources json NOT NULL, PRIMARY KEY (agent, partition))"""

# That single shards be printed again, by number.
REQUESTS = """
CREATE TABLE IF NOT EXISTS {schema}.requests (number bigint PRIMARY KEY, projection text NOT NULL, shard integer NOT NULL)"""

READ_WHOLE = "SELECT agent, partition, sources FROM darkroom.prints WHERE whole"

SHARE_PRINTS = """
SELECT agent, partition, epoch FROM darkroom.prints
WHERE (agent, partition) IN (SELECT * FROM unnest(%s::text[], %s::integer[])) ORDER BY agent, partition FOR SHARE"""

GLOBAL_SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS {schema}",
    GUARDS,
    "CREATE TABLE IF NOT EXISTS {schema}.births (store text PRIMARY KEY, birth text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {schema}.shard_map (first_shard integer PRIMARY KEY, end_shard integer, server integer)",
    "CREATE TABLE IF NOT EXISTS {schema}.promotions (projection text PRIMARY KEY, build integer NOT NULL)",
    PRINTS,
    REQUESTS,
)

ENTER_BIRTH = "INSERT INTO darkroom.births VALUES ('postgres', %s) ON CONFLICT DO NOTHING"
READ_BIRTH = "SELECT birth FROM darkroom.births WHERE store = 'postgres'"
READ_SHARD_MAP = "SELECT first_shard, end_shard, server FROM darkroom.shard_map"
ENTER_RANGE = "INSERT INTO darkroom.shard_map VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
READ_PROMOTIONS = "SELECT projection, build FROM darkroom.promotions"
PROMOTE = """
INSERT INTO darkroom.promotions VALUES (%s, %s) ON CONFLICT (projection) DO UPDATE SET build = excluded.build"""
