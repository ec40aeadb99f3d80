"""Authors of different reach, their followers and their photos: events for the fan-out, and what must come of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from infra.settings import Settings
from schemas.catalog import Topic, topic_of
from schemas.codec import open_codec
from schemas.events import AudienceChanged, AudienceKind, Event, VariantReady
from schemas.ids import compose_id, partition_of, shard_of
from tests.bench.produce import produce
from tests.bench.workers import Ends

PEOPLE = 10_000
AUTHORS = 192
PHOTOS_EACH = 10
# Followers of an author, in turns; 1,000 on average.
REACH = (100, 400, 1_000, 2_500)
BEGAN_MS = 1_760_000_000_000
# Between two photos, whoever took them.
APART_MS = 20


@dataclass(frozen=True)
class Audience:
    """Who follows whom (author to followers) and which photos are taken when, oldest first: (photo, author)."""

    people: list[int]
    followers: dict[int, list[int]]
    photos: list[tuple[int, int]]

    @property
    def deliveries(self) -> int:
        """How often a photo is put into somebody's timeline, the authors' own included."""
        return sum(len(self.followers[author]) + 1 for _, author in self.photos)

    def timelines(self) -> dict[int, list[int]]:
        """Return the photos that each person must have got, newest first."""
        expected: dict[int, list[int]] = defaultdict(list)
        for photo, author in reversed(self.photos):
            for user in (author, *self.followers[author]):
                expected[user].append(photo)
        return expected


def make_audience(shards: int) -> Audience:
    """Return the same world each time."""
    random = Random(2)
    people = [compose_id(BEGAN_MS - 10_000_000 + n, n * 7 % shards, 0) for n in range(PEOPLE)]
    # Spread evenly over the shards, with every reach alike, so that the partitions keep up with one another as they do live;
    # a backlog in which one partition is far behind another costs more, since its photos then come out of order.
    authors = people[:AUTHORS]
    others = {author: [user for user in people if user != author] for author in authors}
    followers = {author: random.sample(others[author], REACH[n % len(REACH)]) for n, author in enumerate(authors)}
    photos = []
    for n in range(AUTHORS * PHOTOS_EACH):
        if n % AUTHORS == 0:
            random.shuffle(authors)
        author = authors[n % AUTHORS]
        photos.append((compose_id(BEGAN_MS + n * APART_MS, shard_of(author), 0), author))
    return Audience(people, followers, photos)


def audience_events(audience: Audience) -> Iterator[AudienceChanged]:
    """Yield the followers gained."""
    for author, followers in audience.followers.items():
        for follower in followers:
            yield AudienceChanged(
                event_id="",
                occurred_at=BEGAN_MS,
                actor_id=0,
                source="follows",
                author_id=author,
                kind=AudienceKind.GAINED,
                follower_id=follower,
                changed_at=BEGAN_MS,
            )


def photo_events(audience: Audience) -> Iterator[VariantReady]:
    """Yield the thumbnails that make the photos ready, in the order in which they were taken."""
    for photo, author in audience.photos:
        yield VariantReady(
            event_id="",
            occurred_at=BEGAN_MS,
            actor_id=0,
            source="resize",
            photo_id=photo,
            owner_id=author,
            pixels=150,
            width=150,
            height=113,
            size_bytes=6_000,
            original_width=4032,
            original_height=3024,
        )


def place_of(settings: Settings, event: Event) -> tuple[Topic, int]:
    """Return the topic and the partition of an event."""
    topic = topic_of(type(event))
    return topic, partition_of(topic.shard(event, settings.shards), settings.shards, settings.partitions)


def ends_of(settings: Settings, events: list[Event]) -> Ends:
    """Return where the partitions of an empty topic will end once these events of it are appended."""
    return {place_of(settings, events[0])[0].name: dict(Counter(place_of(settings, event)[1] for event in events))}


def append(settings: Settings, events: list[Event]) -> None:
    """Append events of one topic, named as the agents that cause them would name them."""
    encode = open_codec().encoder.encode
    numbers: Counter[int] = Counter()

    def records() -> Iterator[tuple[int, bytes, bytes]]:
        for event in events:
            topic, partition = place_of(settings, event)
            numbers[partition] += 1
            named = replace(event, event_id=f"{event.source}/{partition}/0/{numbers[partition]}/0")
            yield partition, topic.key(event).encode(), encode(named)

    produce(settings.kafka_bootstrap, place_of(settings, events[0])[0].name, records())
