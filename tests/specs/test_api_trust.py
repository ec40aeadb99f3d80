"""Specification of when the API believes a store: only while all of what agents wrote is there."""

import asyncio

import pytest

from api.problems import Problem
from projections.away import StoreAway
from projections.witnessed import NOBODY
from schemas.ids import compose_id
from tests.behaviours import clause
from tests.specs.memory_stores import AGENTS, PARTITIONS, MemoryStores

NOW = 1_800_000_000_000
# In the first and in the last shard: on different partitions and servers.
ANN, BOB = compose_id(NOW, 0, 0), compose_id(NOW, 63, 0)
FEED = ("timelines", "authors", "celebrities", "photos", "photo_cards", "counters", "liked", "account_cards", "viewers")
LISTS = ("followers", "viewers")


def played(story):
    stores = MemoryStores()

    async def whole():
        stores.tell()
        await stores.look()
        await story(stores)

    asyncio.run(whole())


def believes(stores, *projections):
    try:
        with stores.trust.redis(*projections):
            return True
    except StoreAway:
        return False


def believes_at(stores, projection, id_):
    try:
        with stores.trust.redis_at(projection, id_):
            return True
    except StoreAway:
        return False


def knows(stores, projection, id_):
    """Whether an absent row means that there is none."""
    try:
        stores.trust.check_rows(projection, id_)
    except Problem as problem:
        assert problem.status == 503
        assert int(problem.headers["Retry-After"]) > 0
        return False
    return True


def test_what_every_agent_vouches_for_is_believed():
    async def story(stores):
        assert believes(stores, "photo_cards", "counters", "liked")
        assert believes_at(stores, "viewers", ANN)
        assert knows(stores, "barriers", ANN)
        assert stores.trust.complete(FEED)

    played(story)


@clause("15.2")
def test_a_redis_that_was_emptied_is_not_believed_and_postgres_still_is():
    """Kills: a PostgreSQL that is doubted because Redis, which held the progress, was lost."""

    async def story(stores):
        stores.lose_redis()
        await stores.look()
        assert stores.redis.birth == NOBODY
        assert not believes(stores)
        assert not believes_at(stores, "viewers", ANN)
        assert knows(stores, "barriers", ANN)
        assert stores.trust.complete(LISTS)
        assert not stores.trust.complete(FEED)

    played(story)


@clause("15.2")
def test_a_redis_with_a_new_birth_is_believed_for_what_is_printed_again_only():
    """Kills: trust in a store as soon as it has a birth id, or as soon as one agent is done."""

    async def story(stores):
        stores.lose_redis()
        stores.prepare_redis()
        await stores.look()
        assert stores.redis.birth == stores.redis_now
        assert not believes(stores, "viewers")
        stores.tell(["viewers"], partitions=[0])
        await stores.look()
        assert believes_at(stores, "viewers", ANN)
        assert not believes_at(stores, "viewers", BOB)
        stores.tell(["viewers", "photos", "accounts", "likers"])
        await stores.look()
        assert believes(stores, "viewers", "photo_cards", "account_cards", "liked")
        assert not believes(stores, "counters")
        assert not stores.trust.complete(FEED)
        stores.tell()
        await stores.look()
        assert stores.trust.complete(FEED)

    played(story)


def test_what_is_read_while_redis_becomes_another_one_is_not_used():
    async def story(stores):
        with pytest.raises(StoreAway), stores.trust.redis("viewers"):
            stores.lose_redis()
            stores.prepare_redis()
            stores.tell()
            await stores.look()

    played(story)


def test_what_is_read_while_another_build_is_promoted_is_not_used():
    async def story(stores):
        with pytest.raises(StoreAway), stores.trust.redis_at("viewers", ANN):
            stores.builds.replace({"viewers": 2})

    played(story)


def test_a_promoted_build_is_not_believed_before_its_writer_speaks_of_it():
    """Kills: the empty build that a reprint promotes, read as if nobody blocked anybody."""

    async def story(stores):
        stores.builds.replace({"viewers": 2})
        assert not believes_at(stores, "viewers", ANN)
        await stores.look()
        assert not believes_at(stores, "viewers", ANN)
        assert knows(stores, "barriers", ANN)
        assert believes(stores, "photo_cards")
        stores.tell(["viewers"])
        await stores.look()
        assert believes_at(stores, "viewers", ANN)
        stores.builds.replace({"viewers": 2, "barriers": 2})
        assert believes_at(stores, "viewers", ANN)
        assert not knows(stores, "barriers", ANN)
        assert not stores.trust.complete(("barriers",))

    played(story)


def test_what_is_to_be_printed_again_is_not_believed_before_it_was():
    """Kills: a shard that was lost alone, and is believed to hold nothing."""

    async def story(stores):
        stores.request("barriers")
        assert not knows(stores, "barriers", ANN)
        await stores.look()
        assert not knows(stores, "barriers", ANN)
        # The same agent's other rows, and what Redis has of them, are as whole as they were.
        assert knows(stores, "followings", ANN)
        assert believes_at(stores, "viewers", ANN)
        stores.tell(["viewers"])
        await stores.look()
        assert knows(stores, "barriers", ANN)

    played(story)


def test_what_is_not_said_any_more_is_not_believed():

    async def story(stores):
        del stores.hash["viewers", 0]
        await stores.look()
        assert not believes_at(stores, "viewers", ANN)
        assert not knows(stores, "barriers", ANN)
        assert knows(stores, "barriers", BOB)

    played(story)


def test_an_empty_server_in_the_place_of_another_knows_nothing():
    """Kills: an empty server, for which everybody is unknown and nobody blocked."""

    async def story(stores):
        stores.replace_server(0)
        assert not knows(stores, "accounts", ANN)
        assert knows(stores, "accounts", BOB)
        assert not stores.trust.complete(LISTS)
        await stores.look()
        assert not knows(stores, "accounts", ANN)
        stores.tell(["accounts"])
        await stores.look()
        assert knows(stores, "accounts", ANN)
        assert not stores.trust.complete(LISTS)
        stores.tell()
        await stores.look()
        assert stores.trust.complete(LISTS)

    played(story)


def test_a_server_that_was_never_prepared_knows_nothing():
    async def story(stores):
        stores.postgres.found[1] = ""
        stores.tell()
        await stores.look()
        assert knows(stores, "accounts", ANN)
        assert not knows(stores, "accounts", BOB)

    played(story)


def test_redis_answers_for_a_lost_server_where_it_holds_the_same():
    async def story(stores):
        stores.replace_server(0)
        assert stores.trust.complete(("viewers", "account_cards", "photo_cards", "counters"))
        assert not stores.trust.complete(("followers",))

    played(story)


def test_an_agent_that_goes_over_history_again_is_not_believed_until_it_is_where_it_was():
    """Kills: a reader who takes the past for the present while a lost state is folded again."""

    async def story(stores):
        stores.tell(["viewers", "accounts"], offset=4)
        await stores.look()
        assert not believes_at(stores, "viewers", ANN)
        assert not believes(stores, "account_cards")
        # With two sources it writes its history once more; with one, rows refuse what is older.
        assert not knows(stores, "barriers", ANN)
        assert knows(stores, "accounts", ANN)
        stores.tell(["viewers", "accounts"], offset=9)
        await stores.look()
        assert believes_at(stores, "viewers", ANN)
        assert knows(stores, "barriers", ANN)

    played(story)


def test_a_process_that_never_heard_of_an_agent_believes_nothing_of_it():
    async def story():
        stores = MemoryStores()
        stores.tell([agent for agent in AGENTS if agent != "viewers"])
        stores.tell(["viewers"], partitions=range(1, PARTITIONS))
        await stores.look()
        assert not believes_at(stores, "viewers", ANN)
        assert not knows(stores, "barriers", ANN)
        assert believes_at(stores, "viewers", BOB)

    asyncio.run(story())


def test_a_shard_that_is_not_in_use_misses_nothing():
    async def story(stores):
        stores.replace_server(0)
        stores.replace_server(1)
        assert knows(stores, "photos", compose_id(NOW, 4_000, 0))

    played(story)


def test_a_redis_that_is_away_is_not_asked_and_what_was_heard_of_postgres_stays():
    async def story(stores):
        stores.freshness._forget()
        assert not believes(stores)
        assert knows(stores, "followings", ANN)
        await stores.look()
        assert believes(stores, "viewers")

    played(story)
