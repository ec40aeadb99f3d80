"""The oracle's word: what the API must show of people, photos and counts by what the log itself says, without any fold of ours.

The model knows what was acknowledged; the oracle reads what the brokers kept. Both must be what is seen.
"""

import time
from collections.abc import Iterator
from itertools import chain

from infra.settings import Settings
from schemas.codec import open_codec
from streams import kafka
from streams.decoding import RawRecord
from streams.reading import read_range
from streams.selection import Range
from tests.chaos.compare import Difference, Kind, compare_list
from tests.chaos.ending import Ending
from tests.chaos.model import Bounds
from tests.oracle.wanted import World, wanted

ASK_SECONDS = 15.0


class KeptLog:
    """The log as the oracle reads it: whole partitions, straight from the brokers."""

    def __init__(self, settings: Settings) -> None:
        self.partitions = settings.partitions
        self.codec = open_codec()
        self._consumer = kafka.build_consumer(settings.kafka_bootstrap)

    def read(self, topic: str, partition: int) -> list[RawRecord]:
        """Return the records of a partition, from the first to the last there is now."""
        _, end = self._consumer.get_watermark_offsets(kafka.TopicPartition(topic, partition), timeout=ASK_SECONDS)
        messages = chain.from_iterable(read_range(self._consumer, topic, Range(partition, 0, end)))
        return [RawRecord(one.offset(), one.timestamp()[1], one.key(), one.value()) for one in messages]


def testify(settings: Settings, ending: Ending) -> Iterator[Difference]:
    """Yield what the API shows otherwise than the log says."""
    log = KeptLog(settings)
    world = World(log, time.time_ns() // 1_000_000, settings.celebrity_up, settings.celebrity_down)
    said = wanted(world)
    cast = ending.cast
    for person in cast.people:
        feed = [item["id"] for item in ending.walk(person, "/v1/feed")]
        yield from _same(f"feed of {person.name}", feed, said["feeds"].get(int(person.id), ()))
        photos = [item["id"] for item in ending.walk(cast.observer, f"/v1/users/{person.id}/photos")]
        yield from _same(f"photos of {person.name}", photos, said["profiles"].get(int(person.id), ()))
        counts = ending.get(cast.observer, f"/v1/users/{person.id}").json()["counts"]
        for name, found in counts.items():
            yield from _counted(f"{name} of {person.name}", found, said["counters"].get((name, int(person.id)), 0))
    for photo in world.photos.values():
        path = f"/v1/photos/{photo.photo_id}"
        answer = ending.get(cast.observer, path, (404,))
        if answer.status_code != 200:
            continue
        for name, found in answer.json()["counts"].items():
            yield from _counted(f"{name} of photo {photo.photo_id}", found, said["counters"].get((name, photo.photo_id), 0))
        likers = [item["id"] for item in ending.walk(cast.observer, f"{path}/likes")]
        yield from _same(f"likes of photo {photo.photo_id}", likers, [who for of, who in said["likes"] if of == photo.photo_id])


def _same(where: str, found: list[str], said: list[int] | tuple[int, ...]) -> Iterator[Difference]:
    names = frozenset(map(str, said))
    for one in compare_list(where, found, Bounds(names, names)):
        yield Difference(one.kind, f"by the oracle: {one.text}")


def _counted(where: str, found: int, said: int) -> Iterator[Difference]:
    if found != said:
        yield Difference(Kind.COUNT, f"by the oracle: {where}: {found}, and the log says {said}")
