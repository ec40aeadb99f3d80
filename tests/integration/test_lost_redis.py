"""Redis is emptied while people look and write: what is answered as complete lacks nothing, and nobody sees too much."""

import asyncio
import functools
import secrets
import threading
import time

import pytest

from projections.redis_store import BIRTH, RedisStore
from tests.behaviours import clause
from tests.integration.conftest import eventually
from tests.integration.running_stack import BACK_SECONDS, RunningStack, until
from tests.integration.watchers import INCOMPLETE, Watcher, counts, shows

pytestmark = pytest.mark.stack

FOLLOWERS = 3


@pytest.fixture
def stack(settings, http):
    return RunningStack(settings)


class World:
    """Ann has photos and followers and blocks Eve; Paul is private, and lets Bob follow him."""

    def __init__(self, person) -> None:
        self.ann, self.eve, self.paul = person(), person(), person(private=True)
        self.followers = [person() for _ in range(FOLLOWERS)]
        self.bob = self.followers[0]
        for follower in (*self.followers, self.eve):
            follower.ask("PUT", f"/v1/users/{self.ann.id}/follow", 202, after=[self.ann])
        self.bob.ask("PUT", f"/v1/users/{self.paul.id}/follow", 202, after=[self.paul])
        self.paul.ask("PUT", f"/v1/follow-requests/{self.bob.id}", 204, after=[self.bob])
        self.photos = [self.ann.upload(f"#lost number {n}") for n in range(3)]
        self.secret = self.paul.upload("#secret")
        self.own = self.eve.upload()
        for follower in self.followers:
            follower.ask("PUT", f"/v1/photos/{self.photos[0]}/like", 204, after=[self.ann])
        self.ann.ask("PUT", f"/v1/users/{self.eve.id}/block", 204, after=[self.eve])
        # All of it is to be seen before anybody begins to watch.
        everybody = [self.ann, self.paul, self.eve, *self.followers]
        for reader, path in ((self.bob, "/v1/feed"), (self.eve, f"/v1/users/{self.ann.id}/photos")):
            ask = functools.partial(reader.ask, "GET", path, after=everybody)
            eventually(ask, lambda answer: "Darkroom-Stale" not in answer.headers, BACK_SECONDS)

    def watchers(self, api_url: str) -> list[Watcher]:
        ann, photo = f"/v1/users/{self.ann.id}", self.photos[0]
        lists = {
            f"{ann}/photos?limit=100": shows(*self.photos),
            f"{ann}/followers?limit=100": shows(*(one.id for one in self.followers)),
            f"/v1/photos/{photo}/likes?limit=100": shows(*(one.id for one in self.followers)),
            f"/v1/photos/{photo}/comments?limit=100": shows(),
            f"/v1/photos/{photo}": counts("counts", "comments"),
            ann: counts("counts", "followers"),
        }
        feeds = {"/v1/feed?limit=100": shows(*self.photos, self.secret), "/v1/feed": shows()}
        hidden = [ann, f"{ann}/photos", f"/v1/photos/{photo}", f"/v1/photos/{photo}/likes", f"/v1/users/{self.paul.id}/photos",
                  f"/v1/photos/{self.secret}"]  # fmt: skip
        return [
            Watcher(api_url, self.bob.token, feeds | {f"/v1/photos/{self.secret}": counts("counts", "likes")}),
            Watcher(api_url, self.bob.token, lists),
            Watcher(api_url, self.followers[1].token, {"/v1/feed?limit=100": shows(*self.photos), **lists}),
            Watcher(api_url, self.eve.token, {"/v1/feed": shows(self.own)}, hidden, [*self.photos, self.secret]),
        ]


class Writer(threading.Thread):
    """Comments on a photo again and again until stopped, each until it is acknowledged."""

    def __init__(self, person, photo: str) -> None:
        super().__init__()
        self.comments: set[str] = set()
        self._person, self._path = person, f"/v1/photos/{photo}/comments"
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set() and len(self.comments) < 90:
            key = {"Idempotency-Key": secrets.token_hex(8)}
            deadline = time.monotonic() + BACK_SECONDS
            while time.monotonic() < deadline:
                answer = self._person.ask("POST", self._path, json={"text": "still here"}, headers=key)
                if answer.status_code == 201:
                    self.comments.add(answer.json()["id"])
                    break
                self._stopping.wait(0.1)

    def stop(self) -> None:
        self._stopping.set()
        self.join()


async def empty(settings) -> str:
    """Do what FLUSHALL does to a running system; return the birth id that was lost."""
    redis = RedisStore(settings.redis_url)
    try:
        lost = await redis.identity()
        await redis.call("FLUSHALL")
    finally:
        await redis.close()
    return lost


def wait_restored(stack: RunningStack, settings, bob, lost: str, before) -> None:
    """Wait until Redis is another one, every agent speaks of it, and answers say no more that they lack something."""

    async def born() -> str | None:
        redis = RedisStore(settings.redis_url)
        try:
            return (await redis.call("GET", BIRTH) or b"").decode()
        finally:
            await redis.close()

    until(lambda: asyncio.run(born()) not in ("", lost), "Redis has a new birth id", BACK_SECONDS)
    asyncio.run(stack.wait_folded(before))
    token = {"Authorization": f"Bearer {bob.token}"}
    eventually(
        lambda: bob.http.get("/v1/feed", headers=token),
        lambda answer: answer.status_code == 200 and INCOMPLETE not in answer.headers,
        BACK_SECONDS,
    )


@clause("15.2")
def test_an_emptied_redis_is_restored_and_nothing_is_missed_meanwhile(stack, settings, person):
    """Kills: a reader that takes an emptied Redis for one in which there is nothing."""
    world = World(person)
    asyncio.run(stack.wait_folded())
    before, digests = asyncio.run(stack.progress()), stack.digests()
    watchers = world.watchers(settings.api_url)
    writer = Writer(world.followers[2], world.photos[0])
    for watcher in watchers:
        watcher.start()
    try:
        until(lambda: all(watcher.answered for watcher in watchers), "everybody looks", 30)
        lost = asyncio.run(empty(settings))
        wait_restored(stack, settings, world.bob, lost, before)
        assert stack.digests() == digests
        writer.start()
        until(lambda: writer.comments, "somebody writes", 30)
        before = asyncio.run(stack.progress())
        lost = asyncio.run(empty(settings))
        wait_restored(stack, settings, world.bob, lost, before)
        assert any(watcher.incomplete for watcher in watchers)
    finally:
        if writer.ident:
            writer.stop()
        for watcher in watchers:
            watcher.stop()
    found = world.bob.get(f"/v1/photos/{world.photos[0]}/comments", after=[world.followers[2]], limit=100)["items"]
    assert {item["id"] for item in found} >= writer.comments
    shown = world.bob.get(f"/v1/photos/{world.photos[0]}", after=[world.followers[2]])
    assert shown["counts"] == {"likes": FOLLOWERS, "comments": len(found)}
