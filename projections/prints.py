"""For whom a store holds a projection whole, by a record in the store itself: what is lost takes its record with it.

A record stands in every store under the name of the live guards (`photos@photos.1`) and the partition. Its epoch is that of the
last reprint: whoever writes says which epoch it knows, and is refused when a later reprint has begun. So a reprint may put
back guards that are ahead of it, and nothing that was on its way before can come after it.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from projections.away import StoreOvertaken
from projections.catalog import PROJECTIONS
from projections.structure import Structure

# Rows that are written at once. A reprint is as long as a state, and passes in bounded memory.
CHUNK_ROWS = 2_000
FLUSH_SUFFIX = ".flush"


class Print(NamedTuple):
    """One store's record of one (agent, build of a projection, partition).

    `number` is the last chunk; `whole` says that a reprint came to its end since the store was new; `request` is the last
    request for single shards that was met; `sources` are the positions of the state that was printed.
    """

    epoch: int = 0
    number: int = 0
    whole: bool = False
    request: int = 0
    sources: Mapping[str, int] = {}


NEVER = Print()


class Request(NamedTuple):
    """Somebody asked that a shard of a projection be printed again; numbers grow."""

    number: int
    name: str
    shard: int


class Owing(NamedTuple):
    """What a store, or some together, do not hold whole: a projection, in these shards (`streams.fold.Owed`). None: in all."""

    projection: str
    shards: frozenset[int] | None = None


def guard_name(agent: str, name: str, build: int) -> str:
    """Return the name under which an agent's guards of one build of a projection stand."""
    return f"{agent}@{name}.{build}"


def print_name(agent: str, name: str, build: int) -> str:
    """Return the name under which a record stands; rows that were flushed belong to the same record."""
    return guard_name(agent.removesuffix(FLUSH_SUFFIX), name, build)


def guard_names(name: str, build: int) -> dict[str, str]:
    """Return the names under which the guards of a build stand, each with its agent's own; rows flushed have their own."""
    writers = next(projection.writers for projection in PROJECTIONS if projection.name == name)
    own = [guard for writer in writers for guard in (writer, f"{writer}{FLUSH_SUFFIX}")]
    return {guard_name(agent, name, build): agent for agent in own}


def last_requests(requests: Iterable[Request]) -> dict[str, int]:
    """Return the number of the last request for each projection that there was one for."""
    return {request.name: request.number for request in sorted(requests)}


# The name of a record, and the partition.
Key = tuple[str, int]


def columns_of(keys: Iterable[Key]) -> tuple[list[str], list[int]]:
    """Return the names and the partitions of records, as two columns."""
    ordered = sorted(keys)
    return [name for name, _ in ordered], [partition for _, partition in ordered]


def check_epochs(known: Mapping[Key, int], found: Mapping[Key, int]) -> None:
    """`StoreOvertaken` when a record has another epoch than its writer knows; one that is not there has epoch 0."""
    for key, epoch in known.items():
        if found.get(key, 0) != epoch:
            raise overtaken(key, epoch, found.get(key, 0))


def overtaken(key: Key, epoch: int, found: int | None = None) -> StoreOvertaken:
    """Return the error of who knows an epoch that is not the record's any more."""
    agent, partition = key
    other = "another one" if found is None else found
    return StoreOvertaken(
        f"{agent}/{partition}: this worker knows reprint {epoch}, the store {other}; another worker owns these rows now"
    )


def written_by(agent: str) -> list[str]:
    """Return the projections that an agent writes, in the order of the catalogue."""
    return [projection.name for projection in PROJECTIONS if agent in projection.writers]


def last_request(name: str, requests: Iterable[Request]) -> int:
    """Return the number of the last request for a projection; 0 when there was none."""
    return max((request.number for request in requests if request.name == name), default=0)


def owing(name: str, held: Iterable[tuple[Print, frozenset[int]]], requests: Iterable[Request], by_shard: bool) -> Owing | None:
    """Return what stores owe of a projection, or None, given the record of each and the shards that it holds.

    A projection that has no shards of its own (`by_shard` False) is owed whole or not at all.
    """
    owed: set[int] = set()
    everything: set[int] = set()
    asked = [request for request in requests if request.name == name]
    for record, shards in held:
        everything |= shards
        owed |= {one.shard for one in asked if one.number > record.request} & shards if record.whole else shards
    if not owed:
        return None
    return Owing(name, None if owed == everything or not by_shard else frozenset(owed))


def has_shards(structure: Structure) -> bool:
    """Return whether the rows of a structure lie in shards one by one: not in one hash or one table for all, and not in rings,
    whose rows are for many owners and may always be offered again."""
    return hasattr(structure, "shard") and getattr(structure, "sharded", True)


def in_shards(structure: Structure, rows: Iterable[Any], shards: frozenset[int] | None, of: int) -> Iterable[Any]:
    """Return those rows that lie in some shards; all when there is nothing to choose by."""
    if shards is None or not has_shards(structure):
        return rows
    return (row for row in rows if structure.shard(row, of) in shards)


def chunks(rows: Iterable[Any], size: int = CHUNK_ROWS) -> Iterator[list[Any]]:
    """Yield rows in lists of at most `size`, taking no more of them than that at once."""
    waiting = iter(rows)
    while chunk := list(islice(waiting, size)):
        yield chunk
