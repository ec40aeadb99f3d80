"""A million likes in the log, and the plain model of what they come to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from infra.settings import Settings
from schemas.codec import open_codec
from schemas.events import LikeChanged, LikeKind
from schemas.ids import MAX_SEQUENCE, compose_id, partition_of, shard_of
from tests.bench.produce import produce

TOPIC = "likes"
PHOTOS = 50_000
PEOPLE = 200_000
# How steeply a few photos are liked more than the many: the part of rank k is 1 / k ** SKEW.
SKEW = 0.8
# Out of a hundred events, so many are about a like that was given before: half repeat it, half take it back.
ABOUT_OLD_PERCENT = 5
BEGAN_MS = 1_760_000_000_000


@dataclass(frozen=True)
class LikesLog:
    """What stands in the topic: records by partition, and the number of likes of each photo."""

    events: int
    ends: dict[int, int]
    counts: dict[int, int]


def append_likes(settings: Settings, events: int) -> LikesLog:
    """Append events to the empty topic and return what a set for each photo says of them."""
    encode = open_codec().encoder.encode
    members: dict[int, set[int]] = {}
    ends: Counter[int] = Counter()

    def records() -> Iterator[tuple[int, bytes, bytes]]:
        for event in likes(Random(1), events, settings.shards):
            fans = members.setdefault(event.photo_id, set())
            (fans.add if event.kind is LikeKind.LIKED else fans.discard)(event.actor_id)
            partition = partition_of(shard_of(event.photo_id), settings.shards, settings.partitions)
            ends[partition] += 1
            yield partition, b"%d" % event.photo_id, encode(event)

    produce(settings.kafka_bootstrap, TOPIC, records())
    return LikesLog(events, dict(ends), {photo: len(fans) for photo, fans in members.items()})


def likes(random: Random, events: int, shards: int) -> Iterator[LikeChanged]:
    """Yield likes of few photos by many and of many photos by few, with repeats and some taken back."""
    photos = [compose_id(BEGAN_MS + n * 10, n % shards, n % MAX_SEQUENCE) for n in range(PHOTOS)]
    random.shuffle(photos)
    weights = list(accumulate(1 / rank**SKEW for rank in range(1, PHOTOS + 1)))
    given: list[tuple[int, int]] = []
    for n, photo in enumerate(random.choices(photos, cum_weights=weights, k=events)):
        actor, kind = BEGAN_MS + random.randrange(PEOPLE), LikeKind.LIKED
        if n % 100 < ABOUT_OLD_PERCENT and given:
            photo, actor = random.choice(given)
            kind = LikeKind.UNLIKED if n % 2 else LikeKind.LIKED
        elif n % 10 == 9:
            given.append((photo, actor))
        yield LikeChanged(
            event_id=str(compose_id(BEGAN_MS + n, 0, n % MAX_SEQUENCE)),
            occurred_at=BEGAN_MS + n,
            actor_id=actor,
            source="http",
            photo_id=photo,
            kind=kind,
        )
