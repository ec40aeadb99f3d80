"""Which records a replay is about: a topic, a range of time or offsets, a key, and values of fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

AGO = re.compile(r"(\d{1,9})([smhd])")
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True)
class Selection:
    """What to replay. `since_ms` is included and `until_ms` is not; both compare the time at which the broker took a record.

    `key` compares the record's key as text, before anything is decoded; `where` compares fields, as text.
    """

    topic: str
    since_ms: int | None = None
    until_ms: int | None = None
    key: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    partitions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """Offsets of one partition: `start` is included and `end` is not; pinned before anything is read."""

    partition: int
    start: int
    end: int


def parse_time(text: str, now_ms: int) -> int:
    """Return the Unix ms of `2h` (so long ago), of an ISO time (UTC unless it says otherwise), or of a number of ms.

    ValueError when it is none of these.
    """
    ago = AGO.fullmatch(text)
    if ago:
        return now_ms - int(ago[1]) * UNIT_MS[ago[2]]
    if text.isdecimal():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as cause:
        raise ValueError(f"{text!r} is no time; wanted 2h, 2026-01-31, 2026-01-31T12:00:00Z or milliseconds") from cause
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def parse_where(conditions: tuple[str, ...]) -> dict[str, str]:
    """Return field and value of each `field=value`; ValueError names the one that is not."""
    where = {}
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if not equals or not name:
            raise ValueError(f"--where {condition!r}: wanted field=value, for example kind=LIKED")
        where[name] = value
    return where
