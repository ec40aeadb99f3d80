"""What a route is: one declaration from which it is served, checked and described."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from api.calls import Call

JSON = "application/json"
READING = ("GET", "HEAD")


class Answer(NamedTuple):
    """What is sent back: status, body, its type, further headers."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = {}


def as_json(value: Any, status: int = 200) -> Answer:
    """Return an answer of JSON from anything msgspec can write; `msgspec.Raw` passes finished JSON through."""
    return Answer(status, msgspec.json.encode(value))


NO_CONTENT = Answer(204)

REQUIRED = "required"
OPTIONAL = "optional"
IGNORED = "ignored"


class Repeat(NamedTuple):
    """How a route answers when something was made under the same key before, though Redis does not know the answer any more.

    It is an event of a `topic`, of which an `agent` says what came of each submission. `shard` says where what is made lies,
    `answer` is given its id.
    """

    topic: str
    agent: str
    shard: Callable[[Call], int]
    answer: Callable[[Call, int], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One method on one path.

    `reads` names the projections that answer it: `Darkroom-After` waits for these. `body` is what is sent (`bodies.Upload`
    is a form), `query` the parameters, `answers` a description by status, with the type of the body where there is one.
    `limited` names the kind of limit in `api/limits.py`. A `hot` route is answered before Litestar is asked. `repeat` is what
    a route has that makes something.
    """

    method: str
    path: str
    answer: Callable[[Call], Awaitable[Answer]]
    says: str
    group: str
    token: str = REQUIRED
    reads: tuple[str, ...] = ()
    body: type | None = None
    query: tuple[str, ...] = ()
    answers: Mapping[int, Any] = field(default_factory=dict)
    hot: bool = False
    limited: str = ""
    repeat: Repeat | None = None


PAGE = ("limit", "cursor")
# Whether somebody may see something is asked of these, whatever the route.
WHO_SEES = ("account_cards", "viewers")
PHOTO = ("photo_cards", "counters", "liked", *WHO_SEES)
