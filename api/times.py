"""Times as the contract writes them, and as clients may."""

from __future__ import annotations

import datetime

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def format_ms(time_ms: int) -> str:
    """Return a Unix time in ms as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    seconds, ms = divmod(time_ms, 1000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def read_time(text: str) -> int:
    """Return the Unix time in ms of an RFC 3339 text with its zone; ValueError when it is none."""
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)
