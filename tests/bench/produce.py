"""Appends records that are encoded already, as fast as the broker takes them."""

from collections.abc import Iterable

from streams.kafka import build_producer

GIVE_UP_MS = 60_000


def produce(bootstrap: str, topic: str, records: Iterable[tuple[int, bytes, bytes]]) -> None:
    """Append (partition, key, value) in order, and return when all are acknowledged; RuntimeError when one was not."""
    producer = build_producer(bootstrap, "bench", GIVE_UP_MS)
    failures: list[str] = []

    def delivered(error: object, _message: object) -> None:
        if error is not None:
            failures.append(str(error))

    for count, (partition, key, value) in enumerate(records):
        while True:
            try:
                producer.produce(topic, value, key, partition, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        if count % 1_000 == 0:
            producer.poll(0)
    producer.flush()
    if failures:
        raise RuntimeError(f"{len(failures)} records of {topic} were not taken: {failures[0]}")
