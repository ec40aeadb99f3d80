"""Does at once what many ask for in the same moment: a worker that opens hundreds of partitions asks each store once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any


class Together:
    """Calls `work` with all items that were asked for while the call before was under way; it returns one result for each.

    What `work` raises, everybody hears who asked. Items are never in two calls at a time, and keep their order.
    """

    def __init__(self, work: Callable[[list[Any]], Awaitable[Sequence[Any]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Any, asyncio.Future]] = []
        self._task: asyncio.Task | None = None

    async def __call__(self, item: Any) -> Any:
        """Return what the work gave for this item."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        # Whoever asks in this turn of the loop comes along.
        await asyncio.sleep(0)
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                results: Sequence[Any] = await self._work([item for item, _ in taken])
            except Exception as error:
                results = [error] * len(taken)
            for (_, answer), result in zip(taken, results, strict=True):
                _settle(answer, result)
        self._task = None


def _settle(answer: asyncio.Future, result: Any) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
