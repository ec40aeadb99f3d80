"""Garbage of a stock producer on every topic: each agent that reads it says why and where, and goes on with what follows."""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import pytest
from confluent_kafka import Producer as StockProducer

from agents.catalog import catalog
from agents.rules import Rules
from schemas.catalog import TOPICS, Topic
from schemas.codec import Codec, open_codec
from schemas.events import DeadLettered, Event
from streams.kafka import TopicPartition, build_consumer
from streams.reading import read_range
from streams.selection import Range
from tests.integration.load import Load, Seen
from tests.integration.running_stack import SETTLED_SECONDS, RunningStack

pytestmark = pytest.mark.stack

SOILED = [topic for topic in TOPICS if topic.name != "dead_letters"]
Place = tuple[str, int, int]


@pytest.fixture(scope="module")
def stack(settings, http):
    return RunningStack(settings)


def readers_of(topic: str) -> list[str]:
    return [agent.name for agent in catalog(Rules()) if topic in agent.sources]


def an_event(event_type: type[Event], **given: object) -> Event:
    """Return an event of a type that can be encoded; nothing in it means anything."""
    wanted = {field.name: field.type for field in msgspec.structs.fields(event_type) if field.required}
    return event_type(**({name: a_value(kind) for name, kind in wanted.items()} | given))


def a_value(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        return a_value(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    plain = get_origin(kind) or kind
    return {int: 7, str: "x", bool: True, float: 1.0, bytes: b"x", tuple: ()}[plain]


def garbage(topic: Topic, codec: Codec) -> Iterator[bytes | None]:
    """Yield values that no agent can fold from this topic."""
    own = codec.encoder.encode(an_event(topic.holds[0]))
    other = next(one for one in TOPICS if one is not topic)
    yield b""
    yield None
    yield b"not avro at all"
    yield b"\x07" + os.urandom(40)
    yield b"\x01" + own[1:]
    yield b"\0\x7f\xff\xff\xff" + own[5:]
    yield codec.encoder.encode(an_event(other.holds[0]))
    yield own[:-1] if len(own) > 6 else own[:3]
    yield own + b"\0"
    if topic.derived:
        # What agents say names its cause; without one, a repeat could not be told from news.
        yield codec.encoder.encode(an_event(topic.holds[0], event_id="a name of no cause"))


def soil(settings, codec: Codec) -> dict[Place, bytes | None]:
    """Put garbage on every partition of every topic, and return what stands where."""
    stock = StockProducer({"bootstrap.servers": settings.kafka_bootstrap})
    placed: dict[Place, bytes | None] = {}

    def arrived(error, message) -> None:
        assert error is None, error
        placed[message.topic(), message.partition(), message.offset()] = message.value()

    produced = 0
    for topic in SOILED:
        for partition in range(settings.partitions):
            for value in garbage(topic, codec):
                stock.produce(topic.name, value, secrets.token_bytes(4), partition, on_delivery=arrived)
                produced += 1
    assert stock.flush(30) == 0
    assert len(placed) == produced
    return placed


class DeadLetters:
    """The dead letters that came since this was made, by agent and place."""

    def __init__(self, settings, codec: Codec) -> None:
        self._consumer = build_consumer(settings.kafka_bootstrap)
        self._decoder = codec.decoder
        self._next = {n: self._end(n) for n in range(settings.partitions)}
        self.found: dict[tuple[str, str, int, int], DeadLettered] = {}

    def _end(self, partition: int) -> int:
        return self._consumer.get_watermark_offsets(TopicPartition("dead_letters", partition), timeout=10)[1]

    def wait_for(self, wanted: set[tuple[str, str, int, int]]) -> None:
        """Read on until all of these have come."""
        deadline = time.monotonic() + SETTLED_SECONDS
        while missing := wanted - self.found.keys():
            assert time.monotonic() < deadline, f"no dead letters of {sorted(missing)[:10]} ({len(missing)} are missing)"
            self.read_on()

    def read_on(self) -> None:
        """Read what has come since the last time."""
        for partition in self._next:
            self._read(partition)

    def _read(self, partition: int) -> None:
        part = Range(partition, self._next[partition], self._end(partition))
        for messages in read_range(self._consumer, "dead_letters", part):
            for message in messages:
                letter = self._decoder.decode(message.value(), "dead_letters")
                self.found[letter.agent, letter.topic, letter.partition, letter.position] = letter
        self._next[partition] = part.end


def test_garbage_on_every_topic_is_dead_lettered_by_each_reader_and_what_follows_is_folded(stack, settings):
    """Kills: a decoder's error that ends a worker, a bad record that is skipped in silence, one that takes its neighbour."""
    codec = open_codec()
    letters = DeadLetters(settings, codec)
    placed = soil(settings, codec)
    wanted = {(agent, *place): value for place, value in placed.items() for agent in readers_of(place[0])}
    letters.wait_for(wanted.keys())
    for place, value in wanted.items():
        letter = letters.found[place]
        assert letter.reason, letter
        assert letter.raw_value == value, letter
    assert {topic for _, topic, _, _ in wanted} == {topic.name for topic in SOILED}

    # Good records follow, through every topic that people's deeds reach.
    told = len(letters.found)
    load = Load(settings.api_url, people=3, seed=3)
    load.act(8)
    ann, bob = load.actors[:2]
    ann.send("PUT", f"/v1/users/{bob.id}/mute")
    assert [item["id"] for item in ann.send("GET", "/v1/me/mutes").json()["items"]] == [bob.id]
    ann.send("DELETE", f"/v1/users/{bob.id}/mute")
    Seen(load).wait()
    asyncio.run(stack.wait_folded())
    tagged = [item["id"] for item in ann.send("GET", "/v1/tags/load/photos", params={"limit": 100}).json()["items"]]
    assert set(ann.photos) - ann.deleted <= set(tagged)
    letters.read_on()
    assert len(letters.found) == told, "a good record was dead-lettered"


def test_every_reader_has_passed_the_garbage(stack, settings):
    """What stands behind garbage is only folded by an agent whose position has passed it."""
    asyncio.run(stack.wait_folded())
    progress = asyncio.run(stack.progress())
    consumer = build_consumer(settings.kafka_bootstrap)
    try:
        for topic in SOILED:
            for partition in range(settings.partitions):
                _, end = consumer.get_watermark_offsets(TopicPartition(topic.name, partition), timeout=10)
                for agent in readers_of(topic.name):
                    assert progress[agent, partition].sources[topic.name] == end, f"{agent} of {topic.name}[{partition}]"
    finally:
        consumer.close()
