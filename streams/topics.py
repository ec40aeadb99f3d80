"""Topics: made from the catalogue and checked against it, before anything reads or writes.

Besides the catalogue's there are the control topics, JSON in one partition each: `lanes` (id lanes' leases) and `ownership`
(claims of agents' partitions, whose offsets are epochs).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

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
    replicas: int
    config: Mapping[str, str]


def wanted_shapes(partitions: int, replicas: int = 1) -> tuple[TopicShape, ...]:
    """Return the shape of every topic of a cluster with so many partitions, each kept by so many brokers."""
    safe = {"min.insync.replicas": str(in_sync(replicas)), "unclean.leader.election.enable": "false"}
    shapes = [(topic.name, partitions, KEPT_DEAD if topic.name == "dead_letters" else KEPT_FOR_EVER) for topic in TOPICS]
    shapes += [(LANES_TOPIC, 1, LAST_BY_KEY), (OWNERSHIP_TOPIC, 1, KEPT_FOR_EVER)]
    return tuple(TopicShape(name, count, replicas, config | safe) for name, count, config in shapes)


def in_sync(replicas: int) -> int:
    """Return how many of so many brokers must have a record before it is acknowledged: all but one, so that one may die."""
    return max(1, replicas - 1)


class Found(NamedTuple):
    """What a topic looks like on the brokers; `replicas` is the least of its partitions."""

    partitions: int
    replicas: int


def found_topics(bootstrap: str) -> dict[str, Found]:
    """Return the size of each topic there is; `NeighbourAway` when the brokers do not answer."""
    try:
        metadata = kafka.build_admin(bootstrap).list_topics(timeout=ANSWER_SECONDS)
    except kafka.KafkaException as error:
        raise NeighbourAway(f"Kafka at {bootstrap} does not answer: {error.args[0].str()}; is it up? (make status)") from error
    return {
        name: Found(len(topic.partitions), min((len(part.replicas) for part in topic.partitions.values()), default=0))
        for name, topic in metadata.topics.items()
    }


def check_shapes(found: Mapping[str, Found], shapes: Iterable[TopicShape]) -> list[str]:
    """Return what is wrong, one line for each topic that is missing, has another number of partitions, or too few copies."""
    wrong = []
    for shape in shapes:
        there = found.get(shape.name)
        if there is None:
            wrong.append(f"topic {shape.name} is missing; make it with `python -m streams topics create`")
        elif there.partitions != shape.partitions:
            wrong.append(
                f"topic {shape.name} has {there.partitions} partitions, wanted {shape.partitions}: the number is set when a "
                f"cluster is created; set DARKROOM_PARTITIONS={there.partitions}, or start over with a fresh data directory "
                "(make clean)"
            )
        elif there.replicas < shape.replicas:
            wrong.append(
                f"topic {shape.name} is kept by {there.replicas} broker(s), wanted {shape.replicas}: one that dies would take "
                f"acknowledged events with it; set DARKROOM_BROKERS={there.replicas} if that is meant, or raise it with "
                "kafka-reassign-partitions, or start over with a fresh data directory (make clean)"
            )
    return wrong


def verify_topics(bootstrap: str, names: Iterable[str], partitions: int, replicas: int = 1) -> None:
    """Raise `WrongTopics` unless these topics and the control topics have the right partitions, and copies enough."""
    names = {*names, LANES_TOPIC, OWNERSHIP_TOPIC}
    shapes = [shape for shape in wanted_shapes(partitions, replicas) if shape.name in names]
    if wrong := check_shapes(found_topics(bootstrap), shapes):
        raise WrongTopics("\n".join(wrong))


def create_topics(bootstrap: str, partitions: int, replicas: int = 1) -> list[str]:
    """Make the topics that are missing and return their names. Changes none; `WrongTopics` when one has another shape."""
    shapes = wanted_shapes(partitions, replicas)
    found = found_topics(bootstrap)
    missing = [shape for shape in shapes if shape.name not in found]
    if wrong := check_shapes(found, [shape for shape in shapes if shape.name in found]):
        raise WrongTopics("\n".join(wrong))
    if missing:
        _make(bootstrap, missing)
    return [shape.name for shape in missing]


def _make(bootstrap: str, missing: list[TopicShape]) -> None:
    # The client must outlive its answers, so it has a name.
    admin = kafka.build_admin(bootstrap)
    topics = [
        kafka.NewTopic(shape.name, shape.partitions, replication_factor=shape.replicas, config=dict(shape.config))
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
