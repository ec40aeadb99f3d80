"""`python -m streams tail`: follow a topic, decoded, outside every production group."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click
import msgspec

from schemas.catalog import TOPICS
from schemas.codec import BadRecord, Decoder, open_codec
from streams import kafka
from streams.cli_topics import PREREQUISITE, fail


@click.command()
@click.argument("topic", type=click.Choice([topic.name for topic in TOPICS]), metavar="TOPIC")
@click.option("--from-beginning", is_flag=True, help="Begin with the oldest record; otherwise only what comes now.")
@click.option("--limit", type=click.IntRange(1), help="End after so many records; otherwise follow until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def tail(settings, topic: str, from_beginning: bool, limit: int | None, as_json: bool) -> None:
    """Print the records of a topic as they come, each with its place; one that cannot be decoded says why.

    Example: python -m streams tail likes --from-beginning --limit 3
    """
    values = settings()
    consumer = kafka.build_consumer(values.kafka_bootstrap)
    decoder = open_codec().decoder
    try:
        for number, message in enumerate(follow(consumer, topic, from_beginning), start=1):
            click.echo(json.dumps(told(decoder, message)) if as_json else line(decoder, message))
            if number == limit:
                return
    except kafka.KafkaException as error:
        fail(f"Kafka at {values.kafka_bootstrap} does not answer: {error.args[0].str()} (make status)", PREREQUISITE)
    except KeyboardInterrupt:
        return
    finally:
        consumer.close()


def follow(consumer: kafka.Consumer, topic: str, from_beginning: bool) -> Iterator:
    """Yield the messages of all partitions of a topic as they arrive, for ever."""
    metadata = consumer.list_topics(topic, timeout=10).topics[topic]
    if metadata.error is not None:
        fail(f"topic {topic} is not there; make it with `python -m streams topics create`", PREREQUISITE)
    places = []
    for partition in metadata.partitions:
        low, high = consumer.get_watermark_offsets(kafka.TopicPartition(topic, partition), timeout=10)
        places.append(kafka.TopicPartition(topic, partition, low if from_beginning else high))
    consumer.assign(places)
    while True:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            yield message


def told(decoder: Decoder, message) -> dict:
    """Return a record as JSON can say it: place, time, key, and the event's fields or why it is bad."""
    said = {
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": (message.key() or b"").decode("utf-8", "replace"),
    }
    try:
        event = decoder.decode(message.value(), message.topic())
    except BadRecord as bad:
        return said | {"bad": str(bad)}
    return said | {"event": type(event).__name__, "fields": json.loads(msgspec.json.encode(event))}


def line(decoder: Decoder, message) -> str:
    """Return a record as one line to read."""
    said = told(decoder, message)
    at = datetime.fromtimestamp(said["timestamp"] / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    place = f"{message.topic()}[{said['partition']}]@{said['offset']} {at}"
    if "bad" in said:
        return f"{place} BAD: {said['bad']}"
    fields = " ".join(f"{name}={value}" for name, value in said["fields"].items() if value is not None)
    return f"{place} {said['event']} {fields}"
