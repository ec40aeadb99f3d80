"""The one place that builds Kafka clients of librdkafka: producers, the admin client and the consumer of tools.

Workers consume through Faust (`streams.transport`); nothing here joins a production consumer group.
"""

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

__all__ = [
    "AdminClient",
    "ConfigResource",
    "Consumer",
    "KafkaError",
    "KafkaException",
    "NewTopic",
    "Producer",
    "ResourceType",
    "TopicPartition",
    "build_admin",
    "build_consumer",
    "build_lane_producer",
    "build_producer",
]

# Records that wait for a broker, in one producer: 100,000 of them or 64 MiB, whichever comes first.
QUEUE_RECORDS = 100_000
QUEUE_KIB = 64 * 1024

# A dead letter carries a whole record of up to 1 MiB, and the broker allows it twice that.
MESSAGE_BYTES = 2_000_000

# A lane's transaction lasts milliseconds; one that a crash left open is aborted by the broker after this.
LANE_TRANSACTION_MS = 10_000


def build_producer(bootstrap: str, name: str, delivery_timeout_ms: int) -> Producer:
    """Return an idempotent producer with acks=all and a bounded queue.

    `delivery_timeout_ms` bounds how long one record may wait for its acknowledgement. 0 waits for ever: agents need that,
    because a record given up in the middle of a partition, followed by a later one that arrived, would make downstream drop
    the first as a repeat when it is appended again.
    """
    return Producer(
        _connection(bootstrap, name)
        | {
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "compression.type": "none",
            "queue.buffering.max.messages": QUEUE_RECORDS,
            "queue.buffering.max.kbytes": QUEUE_KIB,
            "message.max.bytes": MESSAGE_BYTES,
            "message.timeout.ms": delivery_timeout_ms,
        }
    )


def build_lane_producer(bootstrap: str, lane: int) -> Producer:
    """Return the transactional producer of one id lane; its `init_transactions` fences whoever held the lane."""
    return Producer(
        _connection(bootstrap, f"darkroom-lane-{lane}")
        | {
            "transactional.id": f"darkroom-lane-{lane}",
            "transaction.timeout.ms": LANE_TRANSACTION_MS,
            "linger.ms": 0,
        }
    )


def build_admin(bootstrap: str) -> AdminClient:
    """Return a client that makes and describes topics."""
    return AdminClient(_connection(bootstrap, "darkroom-admin"))


def build_consumer(bootstrap: str, isolation: str = "read_committed") -> Consumer:
    """Return a consumer for tools: partitions are assigned by hand, nothing is committed, no group is joined."""
    return Consumer(
        _connection(bootstrap, "darkroom-tools")
        | {
            "group.id": "darkroom-tools",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": isolation,
            "fetch.wait.max.ms": 50,
            "fetch.queue.backoff.ms": 10,
            "queued.min.messages": 100_000,
        }
    )


def _connection(bootstrap: str, name: str) -> dict:
    # The log level keeps librdkafka's reconnect chatter out of the logs; failures reach us as errors of calls. The reconnect
    # back-off is short, so that a broker that restarts is found again at once.
    return {
        "bootstrap.servers": bootstrap,
        "client.id": name,
        "log_level": 2,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
    }
