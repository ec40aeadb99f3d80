"""What folds are told about this cluster: data, not code, the same for live running, rebuild and replay."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Thresholds and sizes that folds decide by. Cannot be built wrong.

    `celebrity_up` followers turn push into pull, at most `celebrity_down` turn it back. `feed_depth` is in photos.
    """

    celebrity_up: int = 10_000
    celebrity_down: int = 9_000
    trend_window_seconds: int = 300
    feed_depth: int = 500
    shards: int = 64
    partitions: int = 8

    def __post_init__(self) -> None:
        if not 0 <= self.celebrity_down < self.celebrity_up:
            raise ValueError(f"celebrity_down {self.celebrity_down}: wanted at least 0, below celebrity_up {self.celebrity_up}")
        if self.trend_window_seconds < 1 or self.feed_depth < 1:
            raise ValueError("trend_window_seconds and feed_depth: wanted at least 1")
        if self.partitions < 1 or self.shards % self.partitions:
            raise ValueError(f"partitions {self.partitions}: wanted a divisor of the {self.shards} shards")
