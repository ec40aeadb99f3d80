"""The demo's play: it performs the whole plan, waits out what passes, and notices what is missing."""

import asyncio
import io

import pytest
from rich.console import Console

from infra.demo import checks, client, play
from infra.demo.__main__ import play_world
from infra.demo.client import Client, DemoError
from infra.demo.measure import Watched, judge
from infra.demo.telling import Telling
from infra.demo.world import Size, World, make_world
from tests.specs.memory_api import MemoryApi

SMALL = Size(people=60, follows=300, uploads=12, shots=4, likes=200, comments=60, comment_likes=30)


def played(api: MemoryApi) -> tuple[World, list[Watched], list[checks.Check], Client, str]:
    """Play a small world against an API in memory."""

    async def run() -> tuple[World, list[Watched], list[checks.Check], Client, str]:
        told = io.StringIO()
        http = Client("http://memory", transport=api.transport())
        world = make_world(7, 1, SMALL)
        cast = play.Cast(http, world, 1)
        files = {shot.file_name: b"jpeg" for shot in world.shots}
        watched, _ = await play_world(cast, Telling(Console(file=told, width=140)), files, 200.0)
        found = await checks.check_counts(cast, lambda: None)
        await http.close()
        return world, watched, found, http, told.getvalue()

    return asyncio.run(run())


def test_a_world_is_played_to_its_end_and_every_count_holds():
    api = MemoryApi()
    world, watched, found, http, told = played(api)
    assert len(api.users) == 60
    assert len(api.photos) == 12
    assert len(watched) == len(world.timed_uploads) == 11
    assert {name for name, likers in api.likes.items() if name in api.comments and likers}
    assert sum(len(api.likes[photo]) for photo in api.photos) == sum(len(likers) for likers in world.likers.values())
    assert len(found) > 30
    assert all(check.held for check in found)
    assert all(kept.held for kept in judge(watched))
    assert not http.troubles
    assert "accounts opened" in told


def test_a_lost_like_is_noticed():
    _, _, found, _, _ = played(MemoryApi(lose_every=9))
    wrong = [check for check in found if not check.held]
    assert wrong
    assert all(check.what.startswith("likes of photo") and check.count < check.planned for check in wrong)


def test_what_is_away_for_a_moment_is_asked_again_and_counted():
    api = MemoryApi(away_every=37)
    _, _, found, http, _ = played(api)
    assert all(check.held for check in found)
    assert http.troubles["503"] > 5
    assert len(api.photos) == 12


def test_what_stays_away_ends_the_demo_with_a_clear_word(monkeypatch):
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)

    async def ask() -> None:
        await Client("http://memory", transport=MemoryApi(away_every=1).transport()).get("/v1/status")

    with pytest.raises(DemoError, match=r"GET /v1/status: 503 for 0 s. Look at `make status`"):
        asyncio.run(ask())


def test_a_refusal_is_not_waited_out():
    async def ask() -> None:
        await Client("http://memory", transport=MemoryApi().transport()).get("/v1/nothing")

    with pytest.raises(DemoError, match="GET /v1/nothing answered 404"):
        asyncio.run(ask())


def test_a_run_takes_the_first_number_whose_celebrity_is_free():
    async def ask(api: MemoryApi) -> int:
        return await play.find_run(Client("http://memory", transport=api.transport()), 7)

    api = MemoryApi()
    assert asyncio.run(ask(api)) == 1
    api.users["1"] = {"username": make_world(7).celebrity.username}
    assert asyncio.run(ask(api)) == 2


def test_a_projection_that_stays_behind_is_named(monkeypatch):
    monkeypatch.setattr(play, "SETTLE_SECONDS", 0.1)
    api = MemoryApi()
    behind = {"projections": [{"name": "likes", "lag_events": 3}, {"name": "photos", "lag_events": 0}]}
    monkeypatch.setattr(api, "routed", lambda request, who: (200, behind))

    async def ask() -> None:
        await play.settle(Client("http://memory", transport=api.transport()), Telling(Console(file=io.StringIO())), "settled")

    with pytest.raises(DemoError, match="still behind: likes"):
        asyncio.run(ask())


def test_an_item_that_is_listed_twice_equals_no_count():
    assert checks.distinct([{"id": "1"}, {"id": "2"}]) == 2
    assert checks.distinct([{"id": "1"}, {"id": "1"}]) == -1
