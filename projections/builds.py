"""Which build of each projection is read and written: the build of the catalogue, unless another one was promoted.

A rebuild writes build N+1 beside build N (`photos_2` beside `photos_1`, `card.2:` beside `card.1:`); promoting is one row.
"""

from collections.abc import Mapping
from types import MappingProxyType

from projections.catalog import PROJECTIONS
from projections.keys import family_pattern, hash_key
from projections.postgres import Postgres
from projections.postgres_prints import forget as postgres_forget, read_requests
from projections.prints import guard_names, last_requests
from projections.redis_prints import forget as redis_forget
from projections.redis_store import RedisStore
from projections.structure import Fields, Table
from projections.structures import structure_of

_FIRST = MappingProxyType({projection.name: projection.version for projection in PROJECTIONS})


class Builds:
    """The current build of each projection, and the last request that shards of it be printed again (0: none ever)."""

    def __init__(self, promoted: Mapping[str, int], requested: Mapping[str, int] = MappingProxyType({})):
        self._current = dict(_FIRST) | dict(promoted)
        self._requested = dict(requested)

    def of(self, name: str) -> int:
        """Return the current build of a projection."""
        return self._current[name]

    def request_of(self, name: str) -> int:
        """Return the last request for a projection: what was said before it was met may not be so any more."""
        return self._requested.get(name, 0)

    @property
    def requested(self) -> Mapping[str, int]:
        """The number of the last request for each projection that there was one for."""
        return self._requested

    @property
    def current(self) -> Mapping[str, int]:
        """All current builds: the same object until another one is promoted, or something is to be printed again."""
        return self._current

    def replace(self, promoted: Mapping[str, int], requested: Mapping[str, int] = MappingProxyType({})) -> None:
        """Take over the promotions and requests as they are now, all at once."""
        current = dict(_FIRST) | dict(promoted)
        if current != self._current or requested != self._requested:
            self._current, self._requested = current, dict(requested)


async def read_builds(postgres: Postgres) -> Builds:
    """Return what is promoted and requested now."""
    return Builds(await postgres.promotions(), last_requests(await read_requests(postgres)))


async def create_build(postgres: Postgres, name: str, build: int) -> None:
    """Create the empty tables of a build in every schema there is; keys in Redis need no creation."""
    structure = structure_of(name)
    if isinstance(structure, Table):
        for server in range(len(postgres.pools)):
            places = await postgres.places_on(server, structure)
            await postgres.create(server, [(place, structure, build) for place in places])


async def promote(postgres: Postgres, redis: RedisStore, name: str, build: int) -> None:
    """Make a build the one that is read and written, from one moment to the next.

    The one before is called whole no more, and takes no further writes: should the promotions be lost with the first server,
    nobody may take what stands still for what is so.
    """
    structure_of(name)
    before = Builds(await postgres.promotions()).of(name)
    await postgres.promote(name, build)
    if before != build:
        await _forget(postgres, redis, list(guard_names(name, before)))


async def _forget(postgres: Postgres, redis: RedisStore, names: list[str]) -> None:
    await postgres_forget(postgres, names)
    await redis_forget(redis, names)


async def drop_build(postgres: Postgres, redis: RedisStore, name: str, build: int) -> None:
    """Delete one build's tables or keys, for ever; ValueError when it is the one in use."""
    in_use = Builds(await postgres.promotions()).of(name)
    if build == in_use:
        raise ValueError(f"build {build} of {name} is in use; promote another one first")
    structure = structure_of(name)
    # The records first: a build that is half gone must not be called whole, nor may its guards refuse who begins it again.
    await _forget(postgres, redis, list(guard_names(name, build)))
    if isinstance(structure, Table):
        await postgres.drop(structure, build)
        return
    pattern = hash_key(structure, build) if isinstance(structure, Fields) else family_pattern(structure, build)
    async for keys in redis.scan(pattern):
        await redis.call("UNLINK", *keys)
