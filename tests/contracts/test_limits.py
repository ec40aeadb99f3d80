"""What the buckets of rate limits promise, on a Redis that lives for these tests alone: its clock is the one that counts."""

import asyncio

import pytest

from api.limits import Limit, Limits
from api.problems import Problem
from projections.away import StoreAway

HOUR = 3_600
BUCKET = "limit:{comments:person.1}:3600"


def take(limits, kind="comments", asker="person.1"):
    """Take one token; return 0, or the seconds after which there is one."""

    async def taken():
        try:
            await limits.take(kind, asker)
        except Problem as refused:
            assert refused.status == 429
            return int(refused.headers["Retry-After"])
        return 0

    return taken()


async def pass_seconds(store, seconds, *buckets):
    """Let time pass for buckets, by moving when they were last looked at."""
    for bucket in buckets:
        await store.call("HINCRBY", bucket, "at", -seconds * 1_000)


def test_a_burst_is_let_through_and_then_told_when_to_come_back(play):
    async def story(store):
        limits = Limits(store.call, {"comments": (Limit(3, HOUR),)})
        return [await take(limits) for _ in range(4)]

    assert play(story) == [0, 0, 0, HOUR // 3]


def test_a_bucket_fills_again_over_its_time_and_holds_no_more_than_it_may(play):
    async def story(store):
        limits = Limits(store.call, {"comments": (Limit(2, HOUR),)})
        for _ in range(2):
            await take(limits)
        await pass_seconds(store, HOUR // 2, BUCKET)
        after_half = [await take(limits), await take(limits) > 0]
        await pass_seconds(store, 10 * HOUR, BUCKET)
        return after_half, [await take(limits), await take(limits), await take(limits) > 0]

    assert play(story) == ([0, True], [0, 0, True])


def test_all_rates_of_a_kind_hold_and_a_refusal_takes_from_none(play):
    async def story(store):
        limits = Limits(store.call, {"comments": (Limit(2, HOUR), Limit(3, 24 * HOUR))})
        first = [await take(limits) for _ in range(2)]
        refused = [await take(limits) for _ in range(5)]
        await pass_seconds(store, HOUR, BUCKET)
        return first, set(refused), await take(limits), await take(limits)

    first, refused, after_an_hour, last = play(story)
    assert (first, after_an_hour) == ([0, 0], 0)
    assert refused == {HOUR // 2}
    assert HOUR < last <= 24 * HOUR // 3


def test_people_and_kinds_have_buckets_of_their_own_and_what_is_not_limited_has_none(play):
    async def story(store):
        limits = Limits(store.call, {"comments": (Limit(1, HOUR),), "likes": (Limit(1, HOUR),), "edits": ()})
        asked = [("comments", "person.1"), ("comments", "person.2"), ("likes", "person.1"), *[("edits", "person.1")] * 3]
        asked += [("unknown", "person.1")] * 3
        return [await take(limits, *one) for one in asked], await store.call("KEYS", "limit:*edits*")

    assert play(story) == ([0] * 9, [])


def test_a_bucket_is_forgotten_when_it_would_be_full(play):
    async def story(store):
        limits = Limits(store.call, {"comments": (Limit(2, HOUR),)})
        await take(limits)
        return await store.call("PTTL", BUCKET)

    assert 0 < play(story) <= HOUR * 1_000


def test_while_redis_is_away_nobody_is_refused():
    async def away(*_words):
        raise StoreAway("gone")

    limits = Limits(away, {"comments": (Limit(1, HOUR),)})
    assert asyncio.run(take(limits)) == 0


@pytest.mark.parametrize("at_once", [8])
def test_those_who_come_at_the_same_moment_share_one_bucket(play, at_once):
    async def story(store):
        limits = Limits(store.call, {"comments": (Limit(3, HOUR),)})
        return await asyncio.gather(*(take(limits) for _ in range(at_once)))

    assert sorted(bool(wait) for wait in play(story)) == [False] * 3 + [True] * 5
