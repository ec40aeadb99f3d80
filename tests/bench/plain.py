"""The loops that everything is compared with: confluent-kafka alone, and with decoding."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import fastavro

from schemas.avro import avro_schema
from schemas.codec import HEADER_BYTES
from schemas.events import LikeChanged, LikeKind
from streams.kafka import TopicPartition, build_consumer
from tests.bench.figures import Spent, spending
from tests.bench.likes_log import TOPIC, LikesLog

CHUNK = 10_000
POLL_SECONDS = 1.0


def consume(bootstrap: str, log: LikesLog) -> Iterator[list[bytes]]:
    """Yield the values of the topic in chunks, as many as there are; one consumer, all partitions, no group."""
    consumer = build_consumer(bootstrap)
    try:
        consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in log.ends])
        left = log.events
        while left:
            values = [m.value() for m in consumer.consume(min(CHUNK, left), POLL_SECONDS) if m.error() is None]
            left -= len(values)
            yield values
    finally:
        consumer.close()


def raw_consume(bootstrap: str, log: LikesLog) -> Spent:
    """Consume and look at no value."""
    with spending() as spent:
        for _ in consume(bootstrap, log):
            continue
    return spent


def count_likes(bootstrap: str, log: LikesLog) -> Spent:
    """Consume, decode each record with fastavro, and count likes by photo in a Counter: neither sets, nor state, nor store."""
    # Times as plain integers: what we spare ourselves, the plain loop is spared too.
    schema = fastavro.parse_schema(without_logical_types(avro_schema(LikeChanged, TOPIC)))
    counts: Counter[int] = Counter()
    liked = LikeKind.LIKED.value
    with spending() as spent:
        for values in consume(bootstrap, log):
            events = [fastavro.schemaless_reader(BytesIO(value[HEADER_BYTES:]), schema, None) for value in values]
            counts.update(event["photo_id"] for event in events if event["kind"] == liked)
    return spent


def without_logical_types(schema: dict) -> dict:
    """Return a flat schema whose fields are plain."""
    fields = [
        field | {"type": field["type"]["type"]} if isinstance(field["type"], dict) and "logicalType" in field["type"] else field
        for field in schema["fields"]
    ]
    return schema | {"fields": fields}
