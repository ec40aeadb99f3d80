"""A time limit for one answer that costs a microsecond, since every answer has one: `asyncio.timeout` costs nine."""

from __future__ import annotations

import asyncio

from api.problems import unavailable


class Deadline:
    """The body of the `with` is given up after so many seconds, as 503. It holds a store that hangs off the other readers."""

    __slots__ = ("_handle", "_late", "_seconds", "_task")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._late = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._handle = asyncio.get_running_loop().call_later(self._seconds, self._give_up)

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self._handle.cancel()
        if self._late and self._task.uncancel() <= 0 and kind is asyncio.CancelledError:
            raise unavailable("A store that answers this takes too long; try again in a moment.")

    def _give_up(self) -> None:
        self._late = True
        self._task.cancel()
