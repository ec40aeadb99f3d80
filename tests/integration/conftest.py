"""The test stack and the people in it: every test makes its own, with names that nobody else has."""

import os
import secrets
import struct
import time
import zlib

import httpx
import pytest

from infra.settings import SettingsError, environment_for_tests, load_settings
from tests.absent import absent


@pytest.fixture(scope="session")
def settings():
    """The settings of the test stack; skips when it was never set up."""
    os.environ.update(environment_for_tests())
    try:
        return load_settings()
    except SettingsError as wrong:
        absent(f"the test stack is not set up (python -m infra up --for-tests): {wrong}")


@pytest.fixture(scope="session")
def http(settings):
    """A client of the test stack's API; skips when it does not answer."""
    with httpx.Client(base_url=settings.api_url, timeout=20.0) as client:
        try:
            ready = client.get("/readyz")
        except httpx.TransportError as error:
            absent(f"no API at {settings.api_url} ({error}); start it: python -m infra up --for-tests")
        if ready.status_code != 200:
            absent(f"the API at {settings.api_url} is not ready: {ready.text}")
        yield client


class Someone:
    """A person with a token; remembers the last position, so that what they read covers what they wrote."""

    def __init__(self, http, private=False):
        name = f"t.{secrets.token_hex(6)}"
        body = {"username": name, "display_name": name.title(), "private": private}
        # While workers start again, after a kill or a promotion, a claim is written down and decided later: ask again.
        once = {"Idempotency-Key": secrets.token_hex(8)}
        answer = eventually(
            lambda: http.post("/v1/accounts", json=body, headers=once), lambda answer: answer.status_code != 503, seconds=60.0
        )
        assert answer.status_code == 201, answer.text
        self.http = http
        self.account = answer.json()
        self.id, self.name, self.token = self.account["id"], name, self.account["token"]
        self.position = answer.headers["Darkroom-Position"]

    def ask(self, method, path, status=None, after=None, **content):
        """Send a request that covers what this person (and whoever `after` names) did; check the status when given."""
        covered = ", ".join(filter(None, (self.position, *(person.position for person in after or ()))))
        headers = {"Authorization": f"Bearer {self.token}", "Darkroom-After": covered} | content.pop("headers", {})
        answer = self.http.request(method, path, headers=headers, **content)
        if status is not None:
            assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        if method != "GET" and "Darkroom-Position" in answer.headers:
            self.position = answer.headers["Darkroom-Position"]
        return answer

    def get(self, path, after=None, **query):
        """The JSON of a GET that must succeed and be exact."""
        answer = self.ask("GET", path, 200, after, params=query)
        assert "Darkroom-Stale" not in answer.headers, f"GET {path} is stale after {self.position}"
        return answer.json()

    def upload(self, caption=None, place=None, picture=None):
        """Send a picture in and wait until it is ready; its id."""
        fields = {name: value for name, value in (("caption", caption), ("place", place)) if value is not None}
        answer = self.ask("POST", "/v1/photos", 202, data=fields, files={"file": ("x.png", picture or png(), "image/png")})
        photo_id = answer.json()["id"]
        return self.until_ready(photo_id)

    def until_ready(self, photo_id):
        """Poll a photo until its smallest variant is made; remembers the position of that. Only a stale answer may be 404."""
        answer = eventually(
            lambda: self.ask("GET", f"/v1/photos/{photo_id}"),
            lambda answer: "Darkroom-Stale" not in answer.headers and answer.json().get("state") != "processing",
            seconds=30.0,
        )
        assert (answer.status_code, answer.json().get("state")) == (200, "ready"), answer.text
        self.position = answer.headers["Darkroom-Position"]
        return photo_id


@pytest.fixture
def person(http):
    """Makes people: `person()`, `person(private=True)`."""
    return lambda private=False: Someone(http, private)


def eventually(look, holds, seconds=10.0):
    """Look again until a condition holds; fails with what was seen last."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, f"still not so after {seconds:.0f} s: {getattr(seen, 'text', seen)}"
        time.sleep(0.02)


def png(width=40, height=30, colour=(200, 80, 20)):
    """A small picture of one colour, made by hand."""
    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def chunk(kind, content):
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
