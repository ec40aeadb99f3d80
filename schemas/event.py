"""What every event is made of: the common fields, and how a field says what it means."""

from typing import Annotated

import msgspec


def said(description: str) -> msgspec.Meta:
    """Return the documentation of a field, which becomes its `doc` in Avro."""
    return msgspec.Meta(description=description)


# A Unix time in milliseconds; Avro's timestamp-millis.
Ms = Annotated[int, msgspec.Meta(extra={"logical": "timestamp-millis"})]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What all events carry. `event_id` of a derived event names its cause: agent/partition/epoch/number/index (I5)."""

    event_id: Annotated[str, said("Identity: a minted id in decimal, or the cause of a derived event.")]
    occurred_at: Annotated[Ms, said("When it happened, Unix time in ms, as seen by the edge.")]
    actor_id: Annotated[int, said("User who did it; 0 when Darkroom itself did.")]
    source: Annotated[str, said("Who appended it: http, cli, python, or the name of an agent.")]
    trace: Annotated[str | None, said("Correlation id of the request that caused it.")] = None
