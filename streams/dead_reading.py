"""Reads dead letters out of the log, with the bytes of those that are looked at and what followed the refused records."""

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from schemas.catalog import topic_named
from schemas.codec import BadRecord, Decoder
from schemas.events import DeadLettered, Event
from streams.dead_letters import Letter, Letters, Place
from streams.kafka import Consumer, TopicPartition
from streams.reading import read_range
from streams.replay import pin
from streams.retrying import subject_of
from streams.selection import Range, Selection

TOPIC = "dead_letters"
# Called with how many of how many offsets were read.
Told = Callable[[int, int], None]


class Body(NamedTuple):
    """The refused record as it was read, both None where it had none."""

    key: bytes | None
    value: bytes | None


class DeadReader:
    """Reads on one consumer, which it does not own."""

    def __init__(self, consumer: Consumer, decoder: Decoder) -> None:
        self._consumer = consumer
        self.decoder = decoder

    def letters(self, told: Told = lambda done, total: None) -> Letters:
        """Return all letters there are now. `NeighbourAway` when the broker is; KeyError without the topic."""
        letters = Letters()
        ranges = pin(self._consumer, Selection(TOPIC))
        total, done = sum(part.end - part.start for part in ranges), 0
        for part in ranges:
            for messages in read_range(self._consumer, TOPIC, part):
                for message in messages:
                    written = Place(TOPIC, part.partition, message.offset())
                    try:
                        event = self.decoder.decode(message.value(), TOPIC)
                    except BadRecord as bad:
                        letters.unreadable.append((written, str(bad)))
                    else:
                        letters.note(written, message.timestamp()[1], event)
                done += len(messages)
                told(done, total)
        return letters

    def body(self, letter: Letter) -> Body:
        """Return the bytes of the record that a letter is about."""
        _, partition, offset = letter.written
        for messages in read_range(self._consumer, TOPIC, Range(partition, offset, offset + 1)):
            event = self.decoder.decode(messages[0].value(), TOPIC)
            if isinstance(event, DeadLettered):
                return Body(event.raw_key, event.raw_value)
        raise LookupError(f"the dead letter {letter.id} is no longer at {letter.written}; was the log replaced?")

    def following(self, bodies: dict[Place, Body]) -> dict[Place, list[tuple[Place, Event]]]:
        """Return, for each refused record that decodes now, the later records that speak of the same subject."""
        wanted: dict[Place, tuple[set[bytes | None], Hashable]] = {}
        for record, body in bodies.items():
            event = self.decoded(body.value, record.topic)
            if event is not None and subject_of(event) is not None:
                wanted[record] = ({body.key, topic_named(record.topic).key(event).encode()}, subject_of(event))
        found: dict[Place, list[tuple[Place, Event]]] = {record: [] for record in bodies}
        for topic, partition in sorted({record[:2] for record in wanted}):
            here = {record: one for record, one in wanted.items() if record[:2] == (topic, partition)}
            for place, event in self._spoken(topic, partition, min(record.offset for record in here) + 1, here.values()):
                for record, (_, subject) in here.items():
                    if place.offset > record.offset and subject_of(event) == subject:
                        found[record].append((place, event))
        return found

    def _spoken(self, topic: str, partition: int, start: int, wanted: Iterable[tuple[set, Hashable]]):
        """Yield the records of a partition from an offset on that bear one of the keys and speak of one of the subjects."""
        keys = {key for some, _ in wanted for key in some}
        subjects = {subject for _, subject in wanted}
        _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        for messages in read_range(self._consumer, topic, Range(partition, start, end)):
            for message in messages:
                if message.key() in keys:
                    event = self.decoded(message.value(), topic)
                    if event is not None and subject_of(event) in subjects:
                        yield Place(topic, partition, message.offset()), event

    def decoded(self, value: bytes | None, topic: str | None = None) -> Event | None:
        """Return the event in a value, None when it cannot be decoded; without a topic any known schema will do."""
        try:
            return self.decoder.decode(value, topic)
        except BadRecord:
            return None
