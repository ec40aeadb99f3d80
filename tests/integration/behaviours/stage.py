"""All stories at once: most of a story is waiting for positions, so that side by side they take little longer than one.

They run in a thread of their own with one event loop. A test waits for its own story, and fails as that did.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Self

import httpx

from infra.settings import Settings
from tests.integration.behaviours.appending import Log
from tests.integration.behaviours.person import PAUSE_SECONDS
from tests.integration.behaviours.questions import Question, shown
from tests.integration.behaviours.story import Story

# So many stories are told at one time; more only make each other wait, on two cores.
AT_ONCE = 6
TIMEOUT_SECONDS = 30.0
# The API closes a connection that was idle for five seconds; whoever used it in that very moment would be answered nothing.
IDLE_SECONDS = 1.0

Telling = Callable[[Story], Awaitable[None]]


class Stage:
    """Tells stories on the stack of these settings, and asks again what they left behind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stories", daemon=True)
        self._told: dict[str, Future] = {}
        self.stories: dict[str, Story] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._told.values():
            future.cancel()
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        self._client = httpx.AsyncClient(base_url=self._settings.api_url, timeout=TIMEOUT_SECONDS, limits=limits)
        self._log = Log(self._settings)

    async def _close(self) -> None:
        await self._client.aclose()
        await self._log.close()

    def begin(self, tellings: dict[str, Telling]) -> None:
        """Begin to tell all of these, in their order, each with a story of its own."""
        for name, telling in tellings.items():
            self._told[name] = asyncio.run_coroutine_threadsafe(self._tell(name, telling), self._loop)

    async def _tell(self, name: str, telling: Telling) -> None:
        async with self._room:
            story = Story(self._client, name, self._log, self._settings)
            await telling(story)
            assert story.told, "a story must end with something that is seen, so that it can be seen again"
            self.stories[name] = story

    def wait_for(self, name: str) -> None:
        """Wait until a story is told; raises what it raised."""
        self._told[name].result()

    def wait_for_all(self) -> None:
        """Wait until every story has ended, well or not: nobody may be in the middle of one when things are killed."""
        for future in self._told.values():
            future.exception()

    def differences(self) -> list[str]:
        """Ask everything again that stories ended with; what is answered otherwise than it was, in words."""
        return self._run(self._ask_all_again())

    async def _ask_all_again(self) -> list[str]:
        found = await asyncio.gather(*(self._ask_again(story) for story in self.stories.values()))
        return [difference for differences in found for difference in differences]

    async def _ask_again(self, story: Story) -> list[str]:
        async with self._room:
            return [said for question, was in story.told.values() if (said := await difference(story, question, was))]


async def difference(story: Story, question: Question, was: Any) -> str | None:
    """Ask once more and return what is different from what was answered before."""
    now = shown(await patiently(question))
    return None if now == was else f"{story.name}: {question}:\n  was {was}\n  is  {now}"


async def patiently(question: Question) -> httpx.Response:
    """Ask until somebody answers: those that were killed may be on their way back."""
    while True:
        try:
            return await question.person.answer(question)
        except httpx.TransportError:
            await asyncio.sleep(PAUSE_SECONDS)
