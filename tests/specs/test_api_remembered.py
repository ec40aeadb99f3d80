"""Specification of answers remembered by key, over a Redis of a dictionary."""

import asyncio

import pytest

from api import remembered
from api.problems import Problem
from api.remembered import Claim, Entry, Remembered, check_same
from api.routes import Answer
from tests.behaviours import clause

KEY = "a-key"


class OneRedis:
    """SET NX, GET, SCAN, UNLINK and the one script, in memory."""

    def __init__(self):
        self.values = {}
        self.scanned = []

    async def __call__(self, command, *words):
        if command == "SET":
            key, value = words[:2]
            return None if key in self.values else self.values.setdefault(key, value) and b"OK"
        if command == "GET":
            return self.values.get(words[0].decode() if isinstance(words[0], bytes) else words[0])
        if command == "SCAN":
            # Pages of one key, of those that were there when it began.
            self.scanned = self.scanned if words[0] else [name.encode() for name in self.values]
            return (words[0] + 1) % max(1, len(self.scanned)), self.scanned[words[0] : words[0] + 1]
        if command == "UNLINK":
            return [self.values.pop(key.decode()) for key in words]
        _script, _count, key, believed, value, _seconds = words
        if self.values.get(key, believed) != believed:
            return int(self.values[key] == value)
        self.values[key] = value
        if not value:
            del self.values[key]
        return 1


@pytest.fixture
def redis():
    return OneRedis()


def claim(redis, asker="person.1", key=KEY):
    return asyncio.run(Remembered(redis).claim(asker, key))


def test_the_first_gets_a_claim_and_the_next_its_answer(redis):
    first = claim(redis)
    assert isinstance(first, Claim)
    asyncio.run(first.remember(b"content", Answer(201, b"made"), {"Darkroom-Position": "x"}))
    again = claim(redis)
    assert isinstance(again, Entry)
    assert (again.status, again.body, again.headers) == (201, b"made", {"Darkroom-Position": "x"})


@clause("4.1", "4.2")
def test_one_who_comes_meanwhile_waits_for_the_first(redis):
    async def both():
        first = await Remembered(redis).claim("person.1", KEY)
        second = asyncio.create_task(Remembered(redis).claim("person.1", KEY))
        await asyncio.sleep(0)
        assert not second.done()
        await first.remember(b"content", Answer(201, b"made"), {})
        return await second

    assert asyncio.run(both()).body == b"made"


def test_keys_of_different_people_are_different_keys(redis):
    claim(redis)
    assert isinstance(claim(redis, asker="person.2"), Claim)


@clause("4.5")
def test_other_content_under_the_same_key_is_refused(redis):
    first = claim(redis)
    asyncio.run(first.remember(b"content", Answer(201), {}))
    check_same(claim(redis), b"content")
    with pytest.raises(Problem) as caught:
        check_same(claim(redis), b"other content")
    assert caught.value.status == 422


def test_a_refusal_leaves_nothing_behind(redis):
    first = claim(redis)
    asyncio.run(first.intend(b"content", lambda: 7))
    asyncio.run(first.release(refused=True))
    assert not redis.values
    assert isinstance(claim(redis), Claim)


@clause("4.1", "4.2")
def test_who_takes_over_after_a_failure_makes_the_same_thing(redis):
    first = claim(redis)
    assert asyncio.run(first.intend(b"content", lambda: 7)) == 7
    asyncio.run(first.release(refused=False))
    second = claim(redis)
    assert isinstance(second, Claim)
    assert asyncio.run(second.intend(b"content", lambda: 8)) == 7
    with pytest.raises(Problem):
        check_same(second.entry, b"other content")


def test_a_refusal_after_a_failure_leaves_the_id_that_may_be_in_the_log(redis):
    """Kills: a try that is refused (its client went away, so no body came) and deletes what an earlier one appended under."""
    first = claim(redis)
    asyncio.run(first.intend(b"content", lambda: 7))
    asyncio.run(first.release(refused=False))
    asyncio.run(claim(redis).release(refused=True))
    assert asyncio.run(claim(redis).intend(b"content", lambda: 8)) == 7


def test_who_was_overtaken_deletes_nothing(redis, monkeypatch):
    """Kills: a plain DEL by a process that stood still past its lease."""
    slow = claim(redis)
    real = remembered.time.time
    monkeypatch.setattr(remembered.time, "time", lambda: real() + remembered.LEASE_SECONDS + 1)
    second = claim(redis)
    asyncio.run(second.intend(b"content", lambda: 7))
    asyncio.run(slow.release(refused=True))
    asyncio.run(second.remember(b"content", Answer(201, b"made"), {}))
    assert claim(redis).body == b"made"


def test_a_write_whose_answer_was_lost_is_not_taken_for_that_of_another(redis):
    """Kills: a compare-and-set that, sent again after a broken connection, says that somebody else was there."""

    async def twice(*words):
        if words[0] == "EVAL":
            await redis(*words)
        return await redis(*words)

    first = claim(twice)
    asyncio.run(first.intend(b"content", lambda: 7))
    asyncio.run(first.remember(b"content", Answer(201, b"made"), {}))
    assert claim(redis).body == b"made"


def test_a_lease_that_is_prolonged_meanwhile_is_not_taken_for_another(redis, monkeypatch):
    """Kills: two writes of one claim under way at once, of which the second believes in a value that the first replaced."""

    async def slowly(*words):
        answer = await redis(*words)
        await asyncio.sleep(0)
        return answer

    async def hurried():
        claimed = await Remembered(slowly).claim("person.1", KEY)
        monkeypatch.setattr(remembered, "RENEW_SECONDS", 0)
        async with remembered.kept_alive(claimed):
            for _ in range(5):
                await asyncio.sleep(0)
            await claimed.intend(b"content", lambda: 7)
            for _ in range(5):
                await asyncio.sleep(0)
        await claimed.remember(b"content", Answer(201, b"made"), {})

    asyncio.run(hurried())
    assert claim(redis).body == b"made"


def test_an_answer_outlives_a_redis_that_was_emptied_meanwhile(redis):
    """Kills: a key that is gone and is taken for another's, so that what was appended is answered 503 and done again."""
    first = claim(redis)
    asyncio.run(first.intend(b"content", lambda: 7))
    redis.values.clear()
    asyncio.run(first.remember(b"content", Answer(201, b"made"), {}))
    assert claim(redis).body == b"made"


def test_a_crashed_process_is_taken_over_when_its_lease_ends(redis, monkeypatch):
    first = claim(redis)
    asyncio.run(first.intend(b"content", lambda: 7))
    real = remembered.time.time
    monkeypatch.setattr(remembered.time, "time", lambda: real() + remembered.LEASE_SECONDS + 1)
    second = claim(redis)
    assert asyncio.run(second.intend(b"content", lambda: 8)) == 7
    with pytest.raises(Problem) as caught:
        asyncio.run(first.remember(b"content", Answer(201), {}))
    assert caught.value.status == 503


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "ä", "a\n"])
def test_a_key_is_one_to_sixty_four_visible_characters(redis, key):
    with pytest.raises(Problem) as caught:
        claim(redis, key=key)
    assert caught.value.status == 422


@clause("14.1")
def test_of_who_is_gone_no_answer_is_kept_nor_the_one_that_opened_their_account(redis):
    for asker, key, body in (
        ("person.12", "photo", b'{"text":"theirs"}'),
        ("address.::1", "account", b'{"id":"12","username":"ann"}'),
        ("address.::1", "other", b'{"id":"123","username":"bob"}'),
        ("person.123", "photo", b'{"text":"of another"}'),
    ):
        asyncio.run(claim(redis, asker, key).remember(b"content", Answer(201, body), {}))
    asyncio.run(Remembered(redis).forget(12))
    assert sorted(redis.values) == ["once:address.::1:other", "once:person.123:photo"]
