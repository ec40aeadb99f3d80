"""Whatever is killed while people act: what was acknowledged is there afterwards, once, and every count equals its list."""

import itertools
import threading
import time

import httpx
import pytest

from tests.integration.load import Load, Seen
from tests.integration.running_stack import RunningStack, until

pytestmark = pytest.mark.stack

LONGEST_SECONDS = 5.0
# Deeds that must be acknowledged after a kill before the next one, so that each kill meets a load.
DEEDS_BETWEEN = 15


@pytest.fixture
def stack(settings, http):
    return RunningStack(settings)


@pytest.fixture
def load(settings, http):
    return Load(settings.api_url)


def test_every_acknowledged_write_outlives_kills_of_the_workers_the_api_and_redis(stack, load):
    """Kills: an acknowledgement before the log has it, a batch acknowledged before its state, a request done twice."""
    load.start()
    try:
        for name in (*stack.workers(), "api", "redis"):
            before = load.acknowledged
            until(lambda before=before: load.acknowledged > before + DEEDS_BETWEEN or load.troubles, "people act", 90)
            stack.kill(name)
    finally:
        load.stop()
    stack.wait_ready()
    Seen(load).wait()


class Reader(threading.Thread):
    """Reads the same pages again and again, and notes how each was answered and how long it took."""

    def __init__(self, api_url: str, token: str, paths: list[str]) -> None:
        super().__init__()
        self.answers: list[tuple[str, httpx.Response, float]] = []
        self.stopping = threading.Event()
        self._http = httpx.Client(base_url=api_url, timeout=3 * LONGEST_SECONDS, headers={"Authorization": f"Bearer {token}"})
        self._paths = itertools.cycle(paths)

    def run(self) -> None:
        while not self.stopping.is_set():
            path, began = next(self._paths), time.monotonic()
            answer = self._http.get(path)
            self.answers.append((path, answer, time.monotonic() - began))


def test_while_redis_is_down_reads_are_answered_from_what_is_left_or_503(stack, load, settings):
    """Kills: a connection error that becomes a 500, a read that waits for a dead store, a list that is empty."""
    load.act(4)
    Seen(load).wait()
    ann = load.actors[0]
    photo = ann.photos[0]
    paths = ["/v1/feed", f"/v1/photos/{photo}", f"/v1/photos/{photo}/likes", f"/v1/photos/{photo}/comments", "/v1/me",
             f"/v1/users/{ann.id}", f"/v1/users/{ann.id}/photos", f"/v1/users/{ann.id}/followers", "/v1/tags/load/photos",
             "/v1/trends/hashtags", f"/photos/{photo}/150.jpg", "/v1/status", "/healthz"]  # fmt: skip
    reader = Reader(settings.api_url, ann.token, paths)
    stack.hold_down("redis")
    try:
        reader.start()
        until(lambda: len(reader.answers) >= 2 * len(paths) or not reader.is_alive(), "two rounds of reads", 120)
    finally:
        reader.stopping.set()
        reader.join()
        stack.let_up("redis")
    said = [f"{path}: {answer.status_code} in {took:.1f} s {answer.text[:200]}" for path, answer, took in reader.answers]
    for (_, answer, took), what in zip(reader.answers, said, strict=True):
        assert answer.status_code in (200, 503), what
        assert took < LONGEST_SECONDS, what
        if answer.status_code == 503:
            assert answer.headers["content-type"] == "application/problem+json", what
            assert answer.json()["status"] == 503, what
            assert int(answer.headers["retry-after"]) > 0, what
    assert any(answer.status_code == 200 for path, answer, _ in reader.answers if path.startswith("/v1/photos")), said
    load.act(1)
    Seen(load).wait()


def test_the_comparison_notices_what_is_lost_or_too_much(settings, http):
    """A comparison that never fails would let every other test here pass."""
    load = Load(settings.api_url, people=2, seed=4)
    ann, bob = load.actors
    photo = ann.photos[0]
    bob.like(photo, ann)
    bob.comment(photo, ann)
    Seen(load).wait()
    lost = {"likes": (ann.liked, {photo}), "followers": (bob.following, {bob.id}), "photos": (ann.deleted, {photo})}
    for what, (acknowledged, change) in lost.items():
        acknowledged ^= change
        assert any(what in difference for difference in Seen(load).differences()), what
        acknowledged ^= change
    bob.comments["1"] = photo
    assert any("lacks ['1']" in difference for difference in Seen(load).differences())
    bob.comments.clear()
    assert any("too many" in difference for difference in Seen(load).differences())
