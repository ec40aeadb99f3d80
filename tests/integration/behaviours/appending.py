"""Events that HTTP would refuse or could not time, appended with the Python edge as any producer might."""

import asyncio
from collections.abc import Awaitable, Callable

from api.positions import format_position
from infra.settings import Settings
from schemas.events import Event
from streams.edge import Edge, Place, Written
from streams.minter import Minter
from streams.objects import open_objects
from streams.producer import Producer


class Log:
    """The log, and an edge over it; both to be used in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(settings.kafka_bootstrap, settings.shards, settings.partitions, name="stories")
        self._minter = Minter.open(settings.kafka_bootstrap, "stories")
        keys = (settings.object_access_key.get_secret_value(), settings.object_secret_key.get_secret_value())
        self.objects = open_objects(settings.object_endpoint, *keys)
        self.edge = Edge(self._producer, self._minter, self.objects, settings.shards, "python")

    async def write(self, deed: Callable[[Edge], Awaitable[Written]]) -> str:
        """Do something at the edge; the position that covers it."""
        return position_after((await deed(self.edge)).place)

    async def append(self, event: Event) -> str:
        """Append an event as it is; the position that covers it."""
        return position_after(await self._producer.append(event))

    async def close(self) -> None:
        """Give the minter's lane back and stop."""
        await asyncio.to_thread(self._minter.close)
        await self._producer.close()


def position_after(place: Place) -> str:
    """Return what `Darkroom-After` says of everything up to a place in the log."""
    return format_position({(place.topic, place.partition): place.offset + 1})
