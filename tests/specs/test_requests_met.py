"""A request to print a shard again is met by a partition only if it was known when that partition was asked for."""

import asyncio
from types import SimpleNamespace

import pytest

from projections.away import StoreLost
from projections.builds import Builds
from projections.prints import Print, Request, print_name, written_by
from projections.reprinting import REDIS, Found, Reprints

LIKES = "likes"


class Stores(Reprints):
    """Reprints over one server and a Redis whose answers are told here; what is finished is kept."""

    def __init__(self) -> None:
        postgres = SimpleNamespace(pools=[None], shard_map=SimpleNamespace(server_of=lambda _shard: 0))
        super().__init__(postgres, None, Builds({}), 4, None, lambda _point: None)
        self.requests = []
        self.finished = []
        self.promoted = Builds({})
        self._look = self._answer

    async def _answer(self, partition: int) -> Found:
        builds = Builds({})
        keys = [(print_name("likers", name, builds.of(name)), partition) for name in written_by("likers")]
        records = dict.fromkeys(keys, Print(1, 0, True))
        return Found(self.promoted, tuple(self.requests), {REDIS: records, 0: records})

    async def _begun(self, *_: object) -> None:
        return None

    async def _finished(self, store: int, key: tuple, done: Print) -> None:
        self.finished.append(done.request)


def test_a_request_that_came_between_the_question_and_the_reprint_is_still_owed():
    """Kills: a record that says the last request that any partition heard of, so that a shard is never printed again."""

    async def story():
        stores = Stores()
        stores.requests = [Request(5, LIKES, 1)]
        [owed] = await stores.owed("likers", 0)
        stores.requests += [Request(6, LIKES, 2)]
        await stores.owed("likers", 1)
        place = SimpleNamespace(agent="likers", partition=0, epoch=2, sources={})
        await stores.reprint(place, owed, (), lambda _rows: None)
        return owed.shards, set(stores.finished), stores.request(LIKES, "likers", 0), stores.request(LIKES, "likers", 1)

    assert asyncio.run(story()) == (frozenset({1}), {5}, 5, 6)


def test_an_agent_begins_anew_for_a_promoted_build_of_what_it_writes_and_not_for_that_of_others():
    """Kills: workers that write to a build that nobody reads; all workers that start again for each promotion of any."""

    async def story():
        stores = Stores()
        stores.promoted = Builds({"timelines": 2})
        assert await stores.owed("likers", 0) == []
        stores.promoted = Builds({LIKES: 2})
        with pytest.raises(StoreLost, match=f"another build of {LIKES}"):
            await stores.owed("likers", 0)

    asyncio.run(story())
