"""The pipelining client answers in order, breaks loudly, and comes back."""

import asyncio

import pytest

from projections.away import StoreAway
from projections.pipelined import ConnectionLost, Pipelined, ReplyError, parse_url
from projections.redis_store import RedisStore
from tests.stores import fresh_stores


@pytest.fixture(scope="module")
def url():
    with fresh_stores() as places:
        yield places.redis_url


def run(url: str, work) -> None:
    async def opened():
        client = Pipelined(url, timeout_seconds=1.0)
        try:
            await work(client)
        finally:
            await client.close()

    asyncio.run(opened())


def test_replies_come_in_the_order_of_commands(url):
    async def work(client):
        replies = await asyncio.gather(*(client.execute("ECHO", number) for number in range(500)))
        assert replies == [b"%d" % number for number in range(500)]

    run(url, work)


def test_a_refused_command_fails_alone(url):
    async def work(client):
        before, wrong, after = client.execute("ECHO", 1), client.execute("NONSENSE"), client.execute("ECHO", 2)
        with pytest.raises(ReplyError, match="unknown command"):
            await wrong
        assert (await before, await after) == (b"1", b"2")

    run(url, work)


def test_an_answer_that_nobody_waits_for_disturbs_nobody(url):
    async def work(client):
        await client.execute("PING")
        given_up = client.execute("ECHO", "lost")
        given_up.cancel()
        assert await client.execute("ECHO", "kept") == b"kept"

    run(url, work)


def test_a_broken_connection_fails_what_is_under_way_and_the_next_command_connects_anew(url):
    async def work(client):
        await client.execute("PING")
        slow = client.execute("BLPOP", "nothing-here", 30)
        await asyncio.sleep(0)
        client._connection.abort()
        with pytest.raises(ConnectionLost):
            await slow
        assert await client.execute("ECHO", "again") == b"again"

    run(url, work)


def test_a_redis_that_hangs_is_given_up(url):
    async def work(client):
        with pytest.raises(ConnectionLost):
            await client.execute("BLPOP", "nothing-here", 30)

    run(url, work)


def test_a_redis_that_is_not_there_is_away_after_bounded_retries():
    async def work():
        store = RedisStore("redis://127.0.0.1:1/0")
        with pytest.raises(StoreAway, match="Redis did not answer GET in 3 attempts"):
            await store.call("GET", "birth")
        await store.close()

    asyncio.run(work())


def test_a_library_that_was_lost_is_loaded_again(url):
    async def work():
        store = RedisStore(url)
        await store.prepare()
        await store.open()
        await store.call("FUNCTION", "DELETE", "darkroom")
        assert (await store.page("{s0000}home.1:1", None, 5)).ids == ()
        await store.close()

    asyncio.run(work())


def test_urls_say_how_to_enter():
    assert parse_url("redis://:p%40ss@[::1]:7000/3") == ("::1", 7000, 3, None, "p@ss", False)
    assert parse_url("rediss://me:secret@host") == ("host", 6379, 0, "me", "secret", True)
    with pytest.raises(ValueError, match="wanted redis://"):
        parse_url("http://host")
