"""A stock Avro client, who knows nothing of us but the broker and the registry, reads our topics."""

import pytest
from confluent_kafka import Consumer as StockConsumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.ids import pair_key

pytestmark = pytest.mark.stack

READ_SECONDS = 30


def read_all(settings, topic: str, key: str) -> list[dict]:
    """Return the values under one key of a topic, in their order, as the stock deserializer gives them."""
    deserialize = AvroDeserializer(SchemaRegistryClient({"url": settings.registry_url}))
    consumer = StockConsumer(
        {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "stock", "enable.auto.commit": False}
    )  # fmt: skip
    found = []
    try:
        places = [TopicPartition(topic, partition) for partition in range(settings.partitions)]
        spans = [consumer.get_watermark_offsets(place, timeout=READ_SECONDS) for place in places]
        starts = zip(places, spans, strict=True)
        consumer.assign([TopicPartition(topic, place.partition, low) for place, (low, _) in starts])
        left = sum(high - low for low, high in spans)
        while left > 0:
            messages = consumer.consume(left, timeout=READ_SECONDS)
            assert messages, f"{topic} gave nothing in {READ_SECONDS} s, and {left} records are missing"
            left -= len(messages)
            found += [message.value() for message in messages if message.key() == key.encode()]
    finally:
        consumer.close()
    return [deserialize(value, SerializationContext(topic, MessageField.VALUE)) for value in found]


def test_what_people_did_is_read_from_the_topics_by_a_stock_deserializer(person, settings):
    ann, bob = person(), person(private=True)
    photo = ann.upload("#stock", "Here")
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202, after=[ann])
    bob.ask("PUT", f"/v1/photos/{photo}/like", 204, after=[ann])
    bob.ask("DELETE", f"/v1/photos/{photo}/like", 204)
    comment = bob.ask("POST", f"/v1/photos/{photo}/comments", 201, json={"text": "hüh?"}).json()["id"]
    bob.ask("DELETE", f"/v1/comments/{comment}", 204)
    bob.get("/v1/feed", after=[ann])

    opened = read_all(settings, "accounts", bob.id)
    assert [(one["user_id"], one["username"], one["private"]) for one in opened] == [(int(bob.id), bob.name, True)]
    likes = read_all(settings, "likes", photo)
    assert [(one["photo_id"], one["actor_id"], one["kind"], one["comment_id"]) for one in likes] == [
        (int(photo), int(bob.id), "LIKED", None),
        (int(photo), int(bob.id), "UNLIKED", None),
    ]
    assert likes[0]["occurred_at"].tzinfo is not None
    comments = read_all(settings, "comments", photo)
    assert [one.get("text") for one in comments] == ["hüh?", None]
    assert {one["comment_id"] for one in comments} == {int(comment)}
    photos = read_all(settings, "photos", photo)
    assert (photos[0]["caption"], photos[0]["place"]) == ("#stock", "Here")
    assert {one["pixels"] for one in photos if "pixels" in one} >= {150}
    relations = read_all(settings, "relations", pair_key(int(ann.id), int(bob.id)))
    assert [(one["actor_id"], one["other_id"], one["kind"]) for one in relations] == [
        (int(bob.id), int(ann.id), "FOLLOW_WANTED")
    ]  # fmt: skip


def test_what_agents_derived_is_read_as_well(person, settings):
    ann, bob = person(), person()
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202, after=[ann])
    ann.get(f"/v1/users/{ann.id}/followers", after=[bob])
    said = read_all(settings, "followers", ann.id)
    assert [(one["followee_id"], one["follower_id"], one["wish"]) for one in said] == [(int(ann.id), int(bob.id), "WANTED")]
    agent, partition, epoch, number, index = said[0]["event_id"].split("/")
    assert agent == "relations"
    assert all(word.isdigit() for word in (partition, epoch, number, index))
    followings = read_all(settings, "followings", bob.id)
    assert (followings[-1]["followee_id"], followings[-1]["state"]) == (int(ann.id), "FOLLOWING")
