"""The shapes that a projection can have, declared as values; the stores turn them into tables, keys, statements, commands.

Every shape says of a row: which shard holds it (`shard`), under which key, and what stands there (`entry`, whose second
half is None when the row removes what stood). `entry` is what memory keeps and what digests hash, so all stores agree.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# The place of what belongs to no shard: schema `darkroom` on the first server.
GLOBAL = -1

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


def never(_row: Any) -> bool:
    """Say that no row of a projection removes anything."""
    return False


@dataclass(frozen=True)
class Column:
    """One column: its name and its PostgreSQL type."""

    name: str
    type: str

    def __post_init__(self):
        if not _NAME.match(self.name):
            raise ValueError(f"column {self.name!r}: wanted a plain lower-case name")


@dataclass(frozen=True, eq=False)
class Table:
    """A projection in PostgreSQL: one table in every shard schema.

    `row` builds a row from the columns' values, in their order; `values` is its inverse. `indexes` is what follows the
    table's name in `CREATE INDEX`. One that is not `sharded` stands once, in the global schema.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    row: Callable[..., Any]
    shard: Callable[[Any, int], int]
    indexes: tuple[str, ...] = ()
    values: Callable[[Any], tuple] = tuple
    gone: Callable[[Any], bool] = never
    sharded: bool = True
    places: tuple[int, ...] = field(init=False, default=())

    def __post_init__(self):
        names = [column.name for column in self.columns]
        if missing := set(self.key) - set(names):
            raise ValueError(f"table {self.name}: key columns {sorted(missing)} are not among its columns {names}")
        object.__setattr__(self, "places", tuple(names.index(name) for name in self.key))

    def entry(self, row: Any) -> tuple[tuple, tuple | None]:
        """Return the key and all values of a row; None instead of values when it removes the key."""
        values = self.values(row)
        key = tuple(values[place] for place in self.places)
        return key, None if self.gone(row) else values


# A place, a table and its build.
Spot = tuple[int, Table, int]


@dataclass(frozen=True)
class Strings:
    """A projection in Redis of one string a row: `{s0001}<family>.<build>:<suffix>`. A value of None removes it."""

    name: str
    family: str
    shard: Callable[[Any, int], int]
    suffix: Callable[[Any], str]
    value: Callable[[Any], bytes | None]

    def entry(self, row: Any) -> tuple[str, tuple | None]:
        """Return the suffix and (suffix, value)."""
        suffix, value = self.suffix(row), self.value(row)
        return suffix, None if value is None else (suffix, value)


@dataclass(frozen=True)
class Members:
    """A projection in Redis of sets of decimal ids: a row adds a member to, or removes it from, the set of its suffix."""

    name: str
    family: str
    shard: Callable[[Any, int], int]
    suffix: Callable[[Any], str]
    member: Callable[[Any], int]
    gone: Callable[[Any], bool]

    def entry(self, row: Any) -> tuple[tuple, tuple | None]:
        """Return (suffix, member) twice."""
        key = (self.suffix(row), self.member(row))
        return key, None if self.gone(row) else key


@dataclass(frozen=True)
class Fields:
    """A projection in Redis of one hash for all shards, `<name>.<build>`. A value of None removes the field."""

    name: str
    field: Callable[[Any], str]
    value: Callable[[Any], bytes | None]

    def entry(self, row: Any) -> tuple[str, tuple | None]:
        """Return the field and (field, value)."""
        name, value = self.field(row), self.value(row)
        return name, None if value is None else (name, value)


@dataclass(frozen=True)
class Rings:
    """A projection in Redis of rings of ids (`projections.ring`): `{s0001}<family>.<build>:<user>`.

    `offers` says what a row puts where: ring owners and photo ids, one of the two sides having one member. A row `Closed` puts
    nothing: it closes the ring of its person.
    """

    name: str
    family: str
    offers: Callable[[Any], tuple[tuple[int, ...], tuple[int, ...]]]


Keyed = Strings | Members | Fields
Structure = Table | Keyed | Rings
