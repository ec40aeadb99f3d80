"""A lost Redis, and a lost shard, are printed again from states: the same digests as before, and no count is lost."""

import asyncio
import json

import psycopg
import pytest

from projections.catalog import PROJECTIONS
from projections.digest import digest
from schemas.ids import shard_of
from tests.integration.conftest import eventually
from tests.integration.load import Load, Seen
from tests.integration.running_stack import RunningStack, until

pytestmark = pytest.mark.stack

DEEDS = 12
LIKERS = 6
LOST_SECONDS = 120.0
PRINTED = ("photos", "viewers", "counters")
IN_REDIS = tuple(projection.name for projection in PROJECTIONS if projection.store == "redis")
IN_SHARDS = tuple(one.name for one in PROJECTIONS if one.store == "postgres" and one.name != "trends")


@pytest.fixture(scope="module")
def stack(settings, http):
    return RunningStack(settings)


@pytest.fixture(scope="module")
def load(settings, http):
    load = Load(settings.api_url, seed=4)
    load.act(DEEDS)
    return load


async def empty_redis(stack: RunningStack) -> None:
    """Empty the stack's own database: another birth id, no functions asked for, no guards, no records."""
    async with await stack.open() as stores:
        await stores.redis.call("FLUSHDB")


async def digests_of(stack: RunningStack, names) -> dict[str, str]:
    async with await stack.open() as stores:
        return {name: (await digest(stores, name)).total for name in names}


def all_said(stack: RunningStack, least: set) -> bool:
    """Return whether every agent and partition says again that it is whole in what is there now."""
    told = stack.run("projections", "digest", "accounts", "--json")
    return told.returncode == 0 and least <= set(asyncio.run(stack.progress()))


def settle(someone, method: str, path: str) -> None:
    """Ask until it is acknowledged: what is asked for here may be asked for again."""
    eventually(lambda: someone.ask(method, path), lambda answer: answer.is_success or answer.status_code != 503, LOST_SECONDS)


def test_an_emptied_redis_is_printed_again_without_being_asked_and_no_count_is_lost(stack, person):
    """Kills: a store that owes and is not asked, progress before the reprint, counts that begin anew in a new store."""
    owner, likers = person(), [person() for _ in range(LIKERS)]
    likes = f"/v1/photos/{owner.upload()}/like"
    for liker in likers[: LIKERS // 2]:
        settle(liker, "PUT", likes)
    everybody = set(asyncio.run(stack.progress()))
    asyncio.run(empty_redis(stack))
    for liker in likers[LIKERS // 2 :]:
        settle(liker, "PUT", likes)
    settle(likers[0], "DELETE", likes)
    until(lambda: all_said(stack, everybody), "everybody is whole again", LOST_SECONDS)
    listed = owner.get(likes.replace("/like", "/likes"), after=likers)["items"]
    assert {one["id"] for one in listed} == {liker.id for liker in likers[1:]}
    assert owner.get(likes.removesuffix("/like"), after=likers)["counts"]["likes"] == LIKERS - 1


def test_what_is_printed_into_an_emptied_redis_has_the_digests_of_what_was_lost(stack, load):
    asyncio.run(stack.wait_folded())
    before, progress = asyncio.run(digests_of(stack, IN_REDIS)), asyncio.run(stack.progress())
    asyncio.run(empty_redis(stack))
    until(lambda: all_said(stack, set(progress)), "everybody is whole again", LOST_SECONDS)
    asyncio.run(stack.wait_folded(least=progress))
    assert asyncio.run(digests_of(stack, IN_REDIS)) == before


def test_a_lost_shard_is_printed_again_when_somebody_asks_for_it(stack, load):
    asyncio.run(stack.wait_folded())
    before = asyncio.run(digests_of(stack, IN_SHARDS))
    shard = shard_of(int(load.actors[0].id))
    server = shard * len(stack.settings.postgres_dsns) // stack.settings.shards
    with psycopg.connect(stack.settings.postgres_dsns[server], autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS shard{shard:04d} CASCADE")
    told = stack.run("projections", "reprint", *IN_SHARDS, "--shard", str(shard), "--json")
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    assert [json.loads(line)["name"] for line in told.stdout.splitlines()] == list(IN_SHARDS)
    assert asyncio.run(digests_of(stack, IN_SHARDS)) == before


def test_a_whole_projection_is_printed_into_an_empty_build_that_takes_over(stack, load):
    asyncio.run(stack.wait_folded())
    before = asyncio.run(digests_of(stack, PRINTED))
    told = stack.run("projections", "reprint", *PRINTED, "--json")
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    assert {one["name"]: one["digest"] for one in map(json.loads, told.stdout.splitlines())} == before
    Seen(load).wait()
