"""What people do and see, in words for stories."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx

from tests.integration.behaviours.questions import POSITION, Question, is_exact
from tests.integration.conftest import png

if TYPE_CHECKING:
    from tests.integration.behaviours.story import Story

# On a machine that is busy with other things an answer may be stale, which it says, or 503: then it is asked for again.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.03


class Person:
    """Somebody with a token (or anybody, with none)."""

    def __init__(self, story: "Story", name: str, id_: str, token: str) -> None:
        self.story, self.name, self.id, self.token = story, name, id_, token

    async def ask(self, method: str, path: str, status: int | None = None, **content: Any) -> httpx.Response:
        """Ask until the answer is exact, and remember it; checks its status when one is given."""
        question = Question(self, method, path, content)
        answer = await self.answer(question)
        said = f"{question}: {answer.status_code} {answer.text[:500]}"
        assert status is None or answer.status_code == status, said
        self.story.note(question, answer)
        return answer

    async def answer(self, question: Question) -> httpx.Response:
        """Return the first answer that is exact: neither stale nor incomplete, and not 503."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        # What was answered 503 may be in the log all the same.
        once = {"Idempotency-Key": secrets.token_hex(8)} if question.method == "POST" else {}
        while True:
            answer = await self._send(question, once)
            if is_exact(answer):
                return answer
            said = f"{question}: {answer.status_code} {dict(answer.headers)} {answer.text[:500]}"
            assert time.monotonic() < deadline, said
            await asyncio.sleep(PAUSE_SECONDS)

    async def _send(self, question: Question, once: dict[str, str]) -> httpx.Response:
        story, content = self.story, dict(question.content)
        sent = story.positions
        headers = once | ({"Darkroom-After": ", ".join(sorted(sent))} if sent else {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        headers |= content.pop("headers", {})
        answer = await story.client.request(question.method, question.path, headers=headers, **content)
        if question.method != "GET" and POSITION in answer.headers:
            # The answer's position covers those that were sent; those that others brought meanwhile stay.
            story.positions = (story.positions - sent) | {answer.headers[POSITION]}
        return answer

    # --- what people do ---------------------------------------------------------------------------------------------------

    async def put(self, path: str, status: int = 204, **content: Any) -> httpx.Response:
        return await self.ask("PUT", path, status, **content)

    async def post(self, path: str, status: int = 201, **content: Any) -> httpx.Response:
        return await self.ask("POST", path, status, **content)

    async def delete(self, path: str, status: int = 204) -> httpx.Response:
        return await self.ask("DELETE", path, status)

    async def patch(self, path: str, **fields: Any) -> dict:
        return (await self.ask("PATCH", path, 200, json=fields)).json()

    async def like(self, photo: str, status: int = 204) -> None:
        await self.put(f"/v1/photos/{photo}/like", status)

    async def unlike(self, photo: str) -> None:
        await self.delete(f"/v1/photos/{photo}/like")

    async def comment(self, photo: str, text: str = "hm") -> str:
        """Comment on a photo; the id of the comment."""
        return (await self.post(f"/v1/photos/{photo}/comments", json={"text": text})).json()["id"]

    async def like_comment(self, comment: str, status: int = 204) -> None:
        await self.put(f"/v1/comments/{comment}/like", status)

    async def follow(self, other: "Person") -> str:
        """Follow, or ask to; what it has become."""
        return (await self.put(f"/v1/users/{other.id}/follow", 202)).json()["state"]

    async def unfollow(self, other: "Person") -> None:
        await self.delete(f"/v1/users/{other.id}/follow", 202)

    async def block(self, other: "Person") -> None:
        await self.put(f"/v1/users/{other.id}/block")

    async def unblock(self, other: "Person") -> None:
        await self.delete(f"/v1/users/{other.id}/block")

    async def mute(self, other: "Person", **until: str) -> None:
        await self.put(f"/v1/users/{other.id}/mute", **({"json": until} if until else {}))

    async def unmute(self, other: "Person") -> None:
        await self.delete(f"/v1/users/{other.id}/mute")

    async def accept(self, other: "Person") -> None:
        await self.put(f"/v1/follow-requests/{other.id}")

    async def be_private(self, private: bool) -> None:
        await self.patch("/v1/me", private=private)

    async def send(self, caption: str | None = None, place: str | None = None, picture: bytes | None = None) -> str:
        """Send a picture in; its id. It is not ready yet."""
        fields = {name: value for name, value in (("caption", caption), ("place", place)) if value is not None}
        files = {"file": ("x", picture or png(), "image/png")}
        return (await self.post("/v1/photos", 202, data=fields, files=files)).json()["id"]

    async def upload(self, caption: str | None = None, place: str | None = None, picture: bytes | None = None) -> str:
        """Send a picture in and wait until it is ready; its id."""
        photo = await self.send(caption, place, picture)
        await self.until_ready(photo)
        return photo

    async def uploads(self, count: int) -> list[str]:
        """Send several pictures in, one after the other, and wait until all are ready; their ids, the oldest first."""
        photos = [await self.send() for _ in range(count)]
        for photo in photos:
            await self.until_ready(photo)
        return photos

    async def until_ready(self, photo: str) -> None:
        """Wait until a photo of one's own has its smallest variant; what is asked from now on covers that."""
        answer = await self.until(f"/v1/photos/{photo}", lambda answer: answer.json()["state"] != "processing")
        assert answer.json()["state"] == "ready", answer.text
        self.story.happened(answer.headers[POSITION])

    async def until(self, path: str, holds: Callable[[httpx.Response], bool], **content: Any) -> httpx.Response:
        """Ask again until an answer has what nobody can send a position for: work of the media worker, or the clock's."""
        question, deadline = Question(self, "GET", path, content), time.monotonic() + PATIENCE_SECONDS
        while not holds(answer := await self.answer(question)):
            said = f"{question}: {answer.status_code} {answer.text[:500]}"
            assert time.monotonic() < deadline, f"still not so after {PATIENCE_SECONDS:.0f} s: {said}"
            await asyncio.sleep(PAUSE_SECONDS)
        return answer

    # --- what people see --------------------------------------------------------------------------------------------------

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of what is there."""
        return (await self.ask("GET", path, 200, params=query)).json()

    async def look(self, path: str, status: int = 200, **query: Any) -> httpx.Response:
        """What is there now and need not be later: what the clock or other people change. Exact, and not remembered."""
        question = Question(self, "GET", path, {"params": query})
        answer = await self.answer(question)
        assert answer.status_code == status, f"{question}: {answer.status_code} {answer.text[:500]}"
        return answer

    async def missing(self, *paths: str) -> None:
        """Make sure that none of it is there for this person."""
        for path in paths:
            await self.ask("GET", path, 404)

    async def until_missing(self, *images: str) -> None:
        """Wait until images are served no more: their permission is believed for some seconds, whatever position is sent."""
        for image in images:
            gone = await self.until(image, lambda answer: answer.status_code == 404)
            assert gone.headers["Cache-Control"] == "no-store"
            await self.missing(image)

    async def ids(self, path: str, **query: Any) -> list[str]:
        """The ids of a list that fits into one page."""
        page = await self.get(path, **({"limit": 100} | query))
        assert page["next"] is None, f"{path} does not end with its first page"
        return [item["id"] for item in page["items"]]

    async def walk(self, path: str, limit: int = 1, **query: Any) -> list[str]:
        """The ids of a list, page by page; no page is empty but an only one."""
        found, cursor = [], {}
        while True:
            page = await self.get(path, limit=limit, **cursor, **query)
            found += (here := [item["id"] for item in page["items"]])
            if page["next"] is None:
                return found
            assert here, f"{path}: a page of nothing before the end"
            cursor = {"cursor": page["next"]}

    async def feed(self) -> list[str]:
        return await self.ids("/v1/feed")

    async def photo(self, photo: str) -> dict:
        return await self.get(f"/v1/photos/{photo}")

    async def likes(self, photo: str) -> int:
        """How many like a photo, as it is counted; the list of them must be as long."""
        counted = (await self.photo(photo))["counts"]["likes"]
        assert len(await self.ids(f"/v1/photos/{photo}/likes")) == counted
        return counted

    async def comments(self, photo: str, **query: Any) -> list[str]:
        return await self.ids(f"/v1/photos/{photo}/comments", **query)

    async def counts(self, person: "Person") -> dict:
        return (await self.get(f"/v1/users/{person.id}"))["counts"]

    async def relation(self, person: "Person") -> set[str]:
        """What stands between this person and another: the names of what is true."""
        return {name for name, so in (await self.get(f"/v1/users/{person.id}"))["relation"].items() if so}


async def until(look: Callable[[], Awaitable[Any]]) -> None:
    """Look again until something is so of which nobody is told; the test's own time limit ends it."""
    while True:
        if await look():
            return
        await asyncio.sleep(PAUSE_SECONDS)
