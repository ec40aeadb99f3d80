"""What a Kafka cluster says of itself to those who keep states beside it: its id, and where partitions end."""

from collections.abc import Iterable

from streams.fold import NeighbourAway
from streams.kafka import KafkaException, TopicPartition, build_admin, build_consumer

ANSWER_SECONDS = 15.0


def cluster_id(bootstrap: str) -> str:
    """Return the id that the cluster was formatted with; `NeighbourAway` when no broker answers."""
    admin = build_admin(bootstrap)
    try:
        return admin.list_topics(timeout=ANSWER_SECONDS).cluster_id
    except KafkaException as error:
        raise NeighbourAway(f"Kafka at {bootstrap} does not answer: {error.args[0].str()}; is it up? (make status)") from error


def ends_of(bootstrap: str, partition: int, topics: Iterable[str]) -> dict[str, int]:
    """Return the offset after the last record of a partition, by topic; `NeighbourAway` when no broker answers."""
    consumer = build_consumer(bootstrap)
    try:
        return {
            topic: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS)[1]
            for topic in topics
        }
    except KafkaException as error:
        raise NeighbourAway(f"Kafka at {bootstrap} does not say where its partitions end: {error.args[0].str()}") from error
    finally:
        consumer.close()
