"""What the API measures of itself, for Prometheus: answers by route and status, and how long they took."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("method", "path")
        self._answers = Counter(
            "darkroom_api_answers", "Answers by route and status.", (*names, "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "darkroom_api_seconds", "Time from request to answer.", names, buckets=_BUCKETS_SECONDS, registry=self._registry
        )
        self._known: dict[tuple[str, str, int], tuple] = {}

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer of a route; `path` is the route's, with names in place of ids."""
        known = self._known.get((method, path, status))
        if known is None:
            known = (self._answers.labels(method, path, str(status)), self._seconds.labels(method, path))
            self._known[method, path, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self._registry)
