"""Idempotency keys at their edges: which are none, which answers are not remembered. Repeats are in `behaviours`."""

import asyncio
import secrets

import pytest

from projections import submissions
from projections.stores import open_stores
from schemas.ids import shard_of
from schemas.submissions import submission_of
from tests.integration.conftest import Someone, eventually, png

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


def test_a_key_that_redis_lost_stands_for_the_comment_that_the_log_says_was_made(settings, ann, key):
    path, said = f"/v1/photos/{(photo := ann.upload())}/comments", {"text": "once"}
    comment = ann.ask("POST", path, 201, json=said, headers=key).json()["id"]
    lose_key(settings, ann, "comments", int(photo), key)
    ann.ask("POST", path, 422, json={"text": "another"}, headers=key)
    assert ann.ask("POST", path, 201, json=said, headers=key).json()["id"] == comment
    assert [item["id"] for item in ann.get(path)["items"]] == [comment]


def test_a_key_that_redis_lost_stands_for_the_photo_that_the_log_says_was_made(settings, ann, key):
    first = ann.ask("POST", "/v1/photos", 202, files=a_file(40), headers=key).json()["id"]
    ann.until_ready(first)
    lose_key(settings, ann, "photos", int(ann.id), key)
    ann.ask("POST", "/v1/photos", 422, files=a_file(41), headers=key)
    again = ann.ask("POST", "/v1/photos", 202, files=a_file(40), headers=key).json()
    assert (again["id"], again["state"]) == (first, "ready")
    assert ann.get(f"/v1/users/{ann.id}")["counts"]["photos"] == 1


def a_file(width):
    return {"file": ("x.png", png(width), "image/png")}


def lose_key(settings, who, topic, beside, key):
    """Take a key out of Redis, once what was made under it is folded."""
    key = key["Idempotency-Key"]
    asked = shard_of(beside), int(who.id), submission_of(int(who.id), topic, key)

    async def lost():
        async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
            if await submissions.one(stores, *asked) is None:
                return 0
            return await stores.redis.call("DEL", f"once:person.{who.id}:{key}")

    eventually(lambda: asyncio.run(lost()), lambda deleted: deleted == 1)
