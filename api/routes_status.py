"""How Darkroom is: projections and their lag, health, metrics, and the description of this interface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from api import metrics
from api.calls import Call
from api.docs_page import PAGE as DOCS_PAGE
from api.positions import Snapshot
from api.problems import unavailable
from api.routes import IGNORED, Answer, Route, as_json
from api.shapes import ProjectionStatus, Status
from projections.away import StoreAway
from projections.catalog import PROJECTIONS, Projection
from streams.producer import LogUnavailable

# How long a look at a neighbour may take before it counts as away.
LOOK_SECONDS = 3.0


async def show_status(call: Call) -> Answer:
    """Answer how far each projection is."""
    snapshot = call.context.freshness.snapshot
    now_ms = call.context.now_ms()
    builds = call.context.stores.builds
    return as_json(Status([status_of(one, builds.of(one.name), snapshot, now_ms) for one in PROJECTIONS]))


def status_of(projection: Projection, version: int, snapshot: Snapshot | None, now_ms: int) -> ProjectionStatus:
    """Return how far one projection is: `live`, `catching_up`, or `unknown` when a writer was never heard of.

    `version` is the build that is read now.
    """
    name = projection.name
    if snapshot is None or any(writer not in snapshot.reads for writer in projection.writers):
        return ProjectionStatus(name, version, "", None, None, "unknown")
    lag_events, oldest = 0, now_ms
    places: dict[str, int] = {}
    for (agent, partition), progress in sorted(snapshot.progress.items()):
        if agent not in projection.writers:
            continue
        for topic, offset in progress.sources.items():
            place = f"{topic}.{partition}"
            places[place] = min(offset, places.get(place, offset))
            lag = max(0, progress.ends.get(topic, offset) - offset)
            lag_events += lag
            if lag:
                oldest = min(oldest, progress.complete_until.get(topic, oldest))
    position = "~".join(f"{place}.{offset}" for place, offset in places.items())
    state = "catching_up" if lag_events else "live"
    return ProjectionStatus(name, version, position, lag_events, round((now_ms - oldest) / 1000, 3), state)


async def show_health(call: Call) -> Answer:
    """Say that this process answers."""
    return as_json({"status": "ok"})


async def show_ready(call: Call) -> Answer:
    """Say whether this process can write and read: 503 when the log is away, or Redis and PostgreSQL together are."""
    asked = {"log": call.context.fuse.look(), "redis": _ask_redis(call), "postgres": call.context.stores.postgres.identities()}
    there = dict(zip(asked, await asyncio.gather(*map(_is_there, asked.values())), strict=True))
    if not there["log"]:
        raise unavailable("The log does not answer, so nothing can be written.")
    if not (there["redis"] or there["postgres"]):
        raise unavailable("No store answers, so nothing can be read.")
    return as_json({"status": "ready", "away": [name for name, answers in there.items() if not answers]})


async def _ask_redis(call: Call) -> None:
    await call.context.stores.redis.call("PING")
    if call.context.freshness.snapshot is None:
        raise StoreAway("nothing is known of the projections' progress")


async def _is_there(asked: Awaitable) -> bool:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await asked
    except (StoreAway, LogUnavailable, TimeoutError):
        return False
    return True


async def show_metrics(call: Call) -> Answer:
    """Answer the metrics of this process."""
    return Answer(200, call.context.metrics.text(), metrics.MEDIA_TYPE)


async def show_description(call: Call) -> Answer:
    """Answer the OpenAPI description."""
    return Answer(200, call.context.description)


async def show_docs(call: Call) -> Answer:
    """Answer a page that shows the description; it needs nothing from elsewhere."""
    return Answer(200, DOCS_PAGE, "text/html; charset=utf-8")


ROUTES = (
    Route("GET", "/v1/status", show_status, "How far the projections are", "status", IGNORED, answers={200: Status}),
    Route("GET", "/healthz", show_health, "Whether this process lives", "status", IGNORED, answers={200: dict}),
    Route("GET", "/readyz", show_ready, "Whether its stores answer", "status", IGNORED, answers={200: dict}),
    Route("GET", "/metrics", show_metrics, "Metrics for Prometheus", "status", IGNORED, answers={200: "text"}),
    Route("GET", "/openapi.json", show_description, "This description", "status", IGNORED, answers={200: dict}),
    Route("GET", "/docs", show_docs, "This description, to read", "status", IGNORED, answers={200: "a page"}),
)
