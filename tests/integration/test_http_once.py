"""A request that comes twice with one key is done once: across repeats, at the same moment, and with other content refused."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from api.limits import Limit, Limits
from api.problems import Problem
from projections.stores import open_stores
from tests.integration.conftest import Someone, png

pytestmark = pytest.mark.stack


@pytest.fixture
def key():
    return {"Idempotency-Key": secrets.token_hex(8)}


@pytest.fixture
def ann(http):
    return Someone(http)


@pytest.fixture
def photo(ann):
    return ann.upload()


def test_a_comment_sent_twice_is_one_comment(ann, photo, key):
    path = f"/v1/photos/{photo}/comments"
    first, again = (ann.ask("POST", path, 201, json={"text": "once"}, headers=key) for _ in range(2))
    assert first.content == again.content
    assert first.headers["Darkroom-Position"] == again.headers["Darkroom-Position"]
    assert len(ann.get(path)["items"]) == 1


def test_an_upload_sent_many_times_at_once_is_one_photo(settings, ann, key):
    def send(_):
        headers = {"Authorization": f"Bearer {ann.token}", **key}
        with httpx.Client(base_url=settings.api_url, timeout=30.0) as client:
            return client.post("/v1/photos", files={"file": ("x.png", png(), "image/png")}, headers=headers)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(send, range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    ann.until_ready(answers[0].json()["id"])
    assert ann.get(f"/v1/users/{ann.id}")["counts"]["photos"] == 1


def test_the_same_key_with_other_content_or_route_is_422(ann, photo, key):
    path = f"/v1/photos/{photo}/comments"
    ann.ask("POST", path, 201, json={"text": "one"}, headers=key)
    ann.ask("POST", path, 422, json={"text": "two"}, headers=key)
    ann.ask("POST", "/v1/me/reactivate", 422, headers=key)
    ann.ask("POST", path, 201, json={"text": "one", "unknown": 1}, headers=key)


def test_the_answer_is_kept_after_the_thing_is_deleted(ann, photo, key):
    path = f"/v1/photos/{photo}/comments"
    comment = ann.ask("POST", path, 201, json={"text": "gone"}, headers=key).json()["id"]
    ann.ask("DELETE", f"/v1/comments/{comment}", 204)
    ann.ask("DELETE", f"/v1/photos/{photo}", 204)
    assert ann.ask("POST", path, 201, json={"text": "gone"}, headers=key).json()["id"] == comment


def test_a_refusal_is_not_remembered(ann, photo, key):
    path = f"/v1/photos/{photo}/comments"
    ann.ask("POST", path, 422, json={"text": ""}, headers=key)
    ann.ask("POST", path, 201, json={"text": "better"}, headers=key)


def test_an_account_opened_twice_with_one_key_is_one_account(http, key):
    body = {"username": f"t.{secrets.token_hex(6)}", "display_name": "Twice"}
    first, again = (http.post("/v1/accounts", json=body, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert http.post("/v1/accounts", json=body).status_code == 409


@pytest.mark.parametrize("wrong", ["", "x" * 65, "a b", "ä".encode()])
def test_a_key_that_is_none_is_422_after_404(ann, photo, wrong):
    headers = {"Idempotency-Key": wrong}
    ann.ask("POST", f"/v1/photos/{photo}/comments", 422, json={"text": "x"}, headers=headers)
    ann.ask("POST", "/v1/photos/12/comments", 404, json={"text": "x"}, headers=headers)


def test_the_key_of_another_person_is_another_key(ann, photo, key, person):
    bob = person()
    path = f"/v1/photos/{photo}/comments"
    one = ann.ask("POST", path, 201, json={"text": "x"}, headers=key).json()["id"]
    other = bob.ask("POST", path, 201, after=[ann], json={"text": "x"}, headers=key).json()["id"]
    assert one != other


def test_limits_let_a_burst_through_and_then_say_when_to_come_back(settings):
    """On the real Redis: the bucket is a script, and its clock is the server's."""

    async def drain():
        stores = await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards)
        async with stores:
            limits = Limits(stores.redis.call, {"comments": Limit(3, 60)})
            asker = f"person.{secrets.token_hex(6)}"
            for _ in range(3):
                await limits.take("comments", asker)
            await limits.take("comments", asker + "x")
            await limits.take("likes", asker)
            with pytest.raises(Problem) as caught:
                await limits.take("comments", asker)
            return caught.value

    refused = asyncio.run(drain())
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "1"
