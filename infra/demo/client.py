"""One HTTP client for all people of the demo: tokens, idempotency keys, and patience while something restarts.

Every write is safe to repeat (PUT, DELETE, or POST with an Idempotency-Key), so that what is refused for the moment, or lost
with its connection, is simply sent again; how often that was needed is counted, and told at the end.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import Any

import httpx

PATIENCE_SECONDS = 60.0
TIMEOUT = httpx.Timeout(20.0)
# Idle connections are let go before the server, after 5 s, would.
UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=3.0)
# A pool looks at all of its connections for each request (1.3 ms with 16 of them): many small pools cost less than one.
POOLS = 12
# What may pass: too many requests, a crash, a gateway's complaint, the log or a store away.
PASSING = frozenset({429, 500, 502, 503, 504})


class DemoError(Exception):
    """The demo cannot go on; the message says what was asked, what came, and where to look."""


class Client:
    """Asks and writes; `troubles` counts the answers and failures that were waited out."""

    def __init__(self, api_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._pools = [
            httpx.AsyncClient(base_url=api_url, limits=UNLIMITED, timeout=TIMEOUT, transport=transport) for _ in range(POOLS)
        ]
        self._turns = itertools.cycle(self._pools)
        self.api_url = api_url
        self.troubles: Counter[str] = Counter()

    async def close(self) -> None:
        for pool in self._pools:
            await pool.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        key: str | None = None,
        accept: tuple[int, ...] = (200, 201, 202, 204),
        **content: Any,
    ) -> httpx.Response:
        """Send until an answer of `accept` comes; DemoError for any other, and when patience ends."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        wait_seconds = 0.1
        while True:
            trouble = await self._attempt(method, path, headers, accept, content)
            if isinstance(trouble, httpx.Response):
                return trouble
            self.troubles[trouble] += 1
            if asyncio.get_running_loop().time() > deadline:
                raise DemoError(
                    f"{method} {path}: {trouble} for {PATIENCE_SECONDS:.0f} s. Look at `make status` and `make logs NAME=api`."
                )
            await asyncio.sleep(wait_seconds)
            wait_seconds = min(2.0, wait_seconds * 2)

    async def _attempt(
        self, method: str, path: str, headers: dict[str, str], accept: tuple[int, ...], content: dict[str, Any]
    ) -> httpx.Response | str:
        """One try: the answer, or the name of a trouble that may pass."""
        try:
            answer = await next(self._turns).request(method, path, headers=headers, **content)
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code in accept:
            return answer
        if answer.status_code in PASSING:
            return str(answer.status_code)
        raise DemoError(f"{method} {path} answered {answer.status_code}: {answer.text[:400]}")

    async def get(self, path: str, token: str | None = None, **query: Any) -> Any:
        """The JSON of a GET that must succeed."""
        return (await self.send("GET", path, token=token, accept=(200,), params=query)).json()

    async def walk(self, path: str, token: str | None = None, **query: Any) -> list[dict[str, Any]]:
        """All items of a list, page after page."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, token, limit=100, **query, **cursor)
            items.extend(page["items"])
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}
