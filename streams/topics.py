"""Topics: made from the catalogue and checked against it, before anything reads or writes.

Besides the catalogue's there are the control topics, JSON in one partition each: `lanes` (id lanes' leases) and `ownership`
(claims of agents' partitions, whose offsets are epochs).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.catalog import TOPICS
from streams import kafka
from streams.fold import NeighbourAway
from streams.lanes import LANES_TOPIC
from streams.producer import OWNERSHIP_TOPIC

ANSWER_SECONDS = 15.0

# The broker's own clock stamps each record: `appended_at` means the same for every producer. Kept for ever.
KEPT_FOR_EVER = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "1048576",
    # Workers read without native codecs; what a stock producer compressed, the broker unpacks.
    "compression.type": "uncompressed",
}
# A dead letter carries the whole record that it is about.
KEPT_DEAD = KEPT_FOR_EVER | {"max.message.bytes": "2097152"}
LAST_BY_KEY = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}


class WrongTopics(Exception):
    """Topics are missing or have another shape than the catalogue's; the message says which and what to do."""


@dataclass(frozen=True)
class TopicShape:
    """What one topic must look like."""

    name: str
    partitions: int
    config: Mapping[str, str]


def wanted_shapes(partitions: int) -> tuple[TopicShape, ...]:
    """Return the shape of every topic of a cluster with so many partitions."""
    return (
        *(TopicShape(topic.name, partitions, KEPT_DEAD if topic.name == "dead_letters" else KEPT_FOR_EVER) for topic in TOPICS),
        TopicShape(LANES_TOPIC, 1, LAST_BY_KEY),
        TopicShape(OWNERSHIP_TOPIC, 1, KEPT_FOR_EVER),
    )


def found_partitions(bootstrap: str) -> dict[str, int]:
    """Return the number of partitions of each topic there is; `NeighbourAway` when the brokers do not answer."""
    try:
        metadata = kafka.build_admin(bootstrap).list_topics(timeout=ANSWER_SECONDS)
    except kafka.KafkaException as error:
        raise NeighbourAway(f"Kafka at {bootstrap} does not answer: {error.args[0].str()}; is it up? (make status)") from error
    return {name: len(topic.partitions) for name, topic in metadata.topics.items()}


def check_shapes(found: Mapping[str, int], shapes: Iterable[TopicShape]) -> list[str]:
    """Return what is wrong, one line for each topic that is missing or has another number of partitions."""
    wrong = []
    for shape in shapes:
        count = found.get(shape.name)
        if count is None:
            wrong.append(f"topic {shape.name} is missing; make it with `python -m streams topics create`")
        elif count != shape.partitions:
            wrong.append(
                f"topic {shape.name} has {count} partitions, wanted {shape.partitions}: the number is set when a cluster is "
                f"created; set DARKROOM_PARTITIONS={count}, or start over with a fresh data directory (make clean)"
            )
    return wrong


def verify_topics(bootstrap: str, names: Iterable[str], partitions: int) -> None:
    """Raise `WrongTopics` unless these topics and the control topics exist with the right number of partitions."""
    names = {*names, LANES_TOPIC, OWNERSHIP_TOPIC}
    shapes = [shape for shape in wanted_shapes(partitions) if shape.name in names]
    if wrong := check_shapes(found_partitions(bootstrap), shapes):
        raise WrongTopics("\n".join(wrong))


def create_topics(bootstrap: str, partitions: int, replicas: int = 1) -> list[str]:
    """Make the topics that are missing and return their names. Changes none; `WrongTopics` when one has another shape."""
    shapes = wanted_shapes(partitions)
    found = found_partitions(bootstrap)
    missing = [shape for shape in shapes if shape.name not in found]
    if wrong := check_shapes(found, [shape for shape in shapes if shape.name in found]):
        raise WrongTopics("\n".join(wrong))
    if missing:
        _make(bootstrap, missing, replicas)
    return [shape.name for shape in missing]


def _make(bootstrap: str, missing: list[TopicShape], replicas: int) -> None:
    # The client must outlive its answers, so it has a name.
    admin = kafka.build_admin(bootstrap)
    topics = [
        kafka.NewTopic(shape.name, shape.partitions, replication_factor=replicas, config=dict(shape.config))
        for shape in missing
    ]
    made = admin.create_topics(topics, operation_timeout=ANSWER_SECONDS)
    for name, outcome in made.items():
        try:
            outcome.result(timeout=ANSWER_SECONDS)
        except kafka.KafkaException as error:
            # Another process made it meanwhile, from the same catalogue.
            if error.args[0].code() != kafka.KafkaError.TOPIC_ALREADY_EXISTS:
                raise NeighbourAway(f"topic {name} could not be made: {error.args[0].str()}") from error
