"""Several people, what they do through HTTP, and what each of them sees, exactly.

A story keeps one position: that of everything done in it so far. Every request carries it (`Darkroom-After`), so whatever is
asked covers whatever was done, by whomever. What is read after the last deed of a story is what lasts; it is remembered, and
asked again after kills and after a rebuild (`test_what_lasts.py`).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from infra.settings import Settings
from schemas.events import Event
from streams.edge import Edge, Written
from tests.integration.behaviours.appending import Log
from tests.integration.behaviours.person import Person
from tests.integration.behaviours.questions import Question, shown


class Story:
    """What a few people do and see; nobody else knows them. `told` is what each question was answered last."""

    def __init__(self, client: httpx.AsyncClient, name: str, log: Log, settings: Settings) -> None:
        self.client = client
        self.name = name
        self.log = log
        self.settings = settings
        # In captions, so that pages of tags and places are the story's own.
        self.word = secrets.token_hex(5)
        self.positions: frozenset[str] = frozenset()
        self.told: dict[str, tuple[Question, Any]] = {}
        self.anyone = Person(self, "anyone", "", "")

    async def person(self, private: bool = False) -> Person:
        """Open an account under a name that nobody else has."""
        name = f"t.{secrets.token_hex(6)}"
        body = {"username": name, "display_name": name.title(), "private": private}
        account = (await self.anyone.ask("POST", "/v1/accounts", 201, json=body)).json()
        return Person(self, name, account["id"], account["token"])

    async def people(self, count: int, private: bool = False) -> list[Person]:
        """Open several accounts at once."""
        return await asyncio.gather(*(self.person(private) for _ in range(count)))

    def note(self, question: Question, answer: httpx.Response) -> None:
        """Remember what was answered, or forget all that was read before something was done."""
        if question.method == "GET":
            self.told[question.key] = (question, shown(answer))
        elif answer.is_success:
            self.told = {key: told for key, told in self.told.items() if told[0].method == "POST"}
            if question.method == "POST" and "Idempotency-Key" in question.content.get("headers", {}):
                self.told[question.key] = (question, shown(answer))

    async def write(self, deed: Callable[[Edge], Awaitable[Written]]) -> None:
        """Do at the Python edge what HTTP would refuse."""
        self.happened(await self.log.write(deed))
        self.told = {}

    async def append(self, event: Event) -> None:
        """Append an event as it is, which may be one that is in the log already."""
        self.happened(await self.log.append(event))
        self.told = {}

    def happened(self, *positions: str) -> None:
        """Let everything from now on cover these positions too."""
        self.positions |= set(positions)
