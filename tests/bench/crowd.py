"""People, and what they do to each other, as events that a producer appends: no HTTP, no resizing, the edge's own words."""

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

from infra.settings import Settings
from schemas.events import AccountOpened, Event, RelationChanged, RelationKind
from schemas.ids import MAX_SEQUENCE, compose_id, shard_of_text
from schemas.text import name_key
from streams.producer import SyncProducer

# What is appended and then awaited: a fifth of what one producer may have on its way.
AT_ONCE = 20_000
ACKNOWLEDGED_SECONDS = 60.0

_numbers = count(1)


class Appended(NamedTuple):
    """How many events, and the seconds until the log had the last of them."""

    events: int
    seconds: float


def person(name: str, shards: int) -> int:
    """Return an id for a new person of that name; each is of another millisecond, so that none is given twice."""
    return compose_id(time.time_ns() // 1_000_000 - 100_000_000 + next(_numbers), shard_of_text(name_key(name), shards), 0)


def people(prefix: str, many: int, shards: int) -> dict[str, int]:
    """Return so many new people, by names that nobody has."""
    unlike = secrets.token_hex(4)
    return {name: person(name, shards) for name in (f"{prefix}.{unlike}.{number}" for number in range(many))}


def openings(named: dict[str, int], private: bool = False) -> Iterator[AccountOpened]:
    """Yield how people claim their names."""
    for name, user_id in named.items():
        said = said_now(user_id)
        yield AccountOpened(**said, user_id=user_id, username=name, display_name=name.title(), private=private)


def deeds(who: Iterable[int], kind: str, whom: int) -> Iterator[RelationChanged]:
    """Yield what people do towards one person, of the kinds of `RelationKind`."""
    for user_id in who:
        yield RelationChanged(**said_now(user_id), kind=RelationKind(kind), other_id=whom)


def said_now(actor_id: int) -> dict:
    """Return the fields that every event has; ids are numbers of this process."""
    at = time.time_ns() // 1_000_000
    event_id = compose_id(at, 0, next(_numbers) % MAX_SEQUENCE)
    return {"event_id": str(event_id), "occurred_at": at, "actor_id": actor_id, "source": "python"}


def append(settings: Settings, events: Iterable[Event]) -> Appended:
    """Append events of any topics in their order, and return once the brokers have every one."""
    began, many = time.perf_counter(), 0
    producer = SyncProducer(
        settings.kafka_bootstrap, settings.shards, settings.partitions, name="bench", timeout_seconds=ACKNOWLEDGED_SECONDS
    )
    with producer:
        for chunk in chunks(events):
            producer.append_many(chunk)
            many += len(chunk)
    return Appended(many, time.perf_counter() - began)


def chunks(events: Iterable[Event]) -> Iterator[Sequence[Event]]:
    """Yield events in lists as long as one call may be."""
    waiting = iter(events)
    while chunk := list(islice(waiting, AT_ONCE)):
        yield chunk
