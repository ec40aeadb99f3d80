"""Idempotency keys at their edges: which are none, which answers are not remembered. Repeats are in `behaviours`."""

import secrets

import pytest

from tests.integration.conftest import Someone

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
