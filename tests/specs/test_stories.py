"""The stage on which behaviours are told through HTTP, without a stack: what it remembers, what it sends, what it notices."""

import asyncio
import json

import httpx
import pytest

from tests.integration.behaviours import person as people
from tests.integration.behaviours.person import Person
from tests.integration.behaviours.stage import difference
from tests.integration.behaviours.story import Story


class Api:
    """An API that answers what `answers` says for a path, one after the other, the last one for ever; each with a position."""

    def __init__(self, **answers: list[tuple[int, dict]]) -> None:
        self.answers = {f"/{name}": list(given) for name, given in answers.items()}
        self.asked: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        given = self.answers[request.url.path]
        status, headers = given.pop(0) if len(given) > 1 else given[0]
        position = {"Darkroom-Position": f"likes.0.{len(self.asked)}"}
        # So that others who ask at the same time have asked before anybody is answered.
        await asyncio.sleep(0)
        return httpx.Response(status, json={"said": headers.get("said")}, headers=position | headers)


def told(api: Api, telling) -> Story:
    """Tell a story to an API like this and return it."""

    async def tell() -> Story:
        async with httpx.AsyncClient(base_url="http://nowhere", transport=httpx.MockTransport(api)) as client:
            story = Story(client, "a story", None, None)
            await telling(story, Person(story, "ann", "1", "token"))
            return story

    return asyncio.run(tell())


def test_what_is_read_after_the_last_deed_lasts_and_nothing_else_does():
    async def telling(_, ann):
        await ann.get("/before")
        await ann.put("/deed")
        await ann.get("/after")
        await ann.look("/look")

    story = told(Api(before=[(200, {})], deed=[(204, {})], after=[(200, {})], look=[(200, {})]), telling)
    assert [question.path for question, _ in story.told.values()] == ["/after"]


def test_a_deed_that_was_refused_changes_nothing_so_what_was_read_lasts():
    async def telling(_, ann):
        await ann.get("/before")
        await ann.put("/deed", 404)

    assert len(told(Api(before=[(200, {})], deed=[(404, {})]), telling).told) == 1


def test_a_post_with_a_key_lasts_whatever_is_done_later():
    async def telling(_, ann):
        await ann.post("/post", headers={"Idempotency-Key": "k"})
        await ann.put("/deed")

    assert [question.method for question, _ in told(Api(post=[(201, {})], deed=[(204, {})]), telling).told.values()] == ["POST"]


def test_another_answer_than_before_is_told_and_the_same_one_is_not():
    async def telling(story, ann):
        await ann.get("/list")
        [(question, was)] = story.told.values()
        assert await difference(story, question, was) is None
        assert "'said': 'less'" in await difference(story, question, was)

    told(Api(list=[(200, {"said": "all"}), (200, {"said": "all"}), (200, {"said": "less"})]), telling)


@pytest.mark.parametrize("header", ["Darkroom-Stale", "Darkroom-Incomplete"])
def test_what_is_not_exact_is_asked_again_and_never_believed(header):
    async def telling(_, ann):
        assert await ann.get("/list") == {"said": "now"}

    told(Api(list=[(200, {header: "true", "said": "then"}), (503, {}), (200, {"said": "now"})]), telling)


def test_who_is_never_answered_exactly_gives_up(monkeypatch):
    monkeypatch.setattr(people, "PATIENCE_SECONDS", 0.0)

    async def telling(_, ann):
        await ann.get("/list")

    with pytest.raises(AssertionError, match="darkroom-stale"):
        told(Api(list=[(200, {"Darkroom-Stale": "true"})]), telling)


def test_every_request_covers_all_that_was_done_and_a_deed_stands_for_what_it_was_sent():
    async def telling(_, ann):
        await asyncio.gather(ann.put("/deed"), ann.put("/deed"))
        await ann.get("/list")
        await ann.put("/deed")
        await ann.get("/list")

    api = Api(deed=[(204, {})], list=[(200, {})])
    told(api, telling)
    sent = [request.headers.get("Darkroom-After") for request in api.asked]
    assert sent == [None, None, "likes.0.1, likes.0.2", "likes.0.1, likes.0.2", "likes.0.4"]


def test_a_post_that_is_asked_again_carries_the_key_of_the_first_time_and_another_post_another():
    async def telling(_, ann):
        await ann.post("/post", json={"text": "one"})
        await ann.post("/post", json={"text": "two"})

    api = Api(post=[(503, {}), (201, {})])
    told(api, telling)
    first, again, other = (request.headers["Idempotency-Key"] for request in api.asked)
    assert (first == again, first == other) == (True, False)
    assert json.loads(api.asked[1].content) == {"text": "one"}
