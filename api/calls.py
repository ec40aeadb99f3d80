"""One request on its way: who asks, what was sent, what may be waited for, what the answer carries."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec

from api import positions
from api.auth import bearer
from api.bodies import FORM_LIMIT_BYTES, Incoming, Upload, read_json, read_upload
from api.cursors import ForeignCursor, read_cursor
from api.problems import Problem, invalid, not_found, unauthorized, unavailable
from api.remembered import Claim
from api.routes import IGNORED, READING, REQUIRED, Route
from api.visibility import STRANGER, Account, Viewer
from schemas.submissions import submission_of
from streams.producer import Edge, Invalid, NeighbourAway, Written

if TYPE_CHECKING:
    from api.context import Context

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_ID = (1 << 63) - 1
_HOST = re.compile(r"[A-Za-z0-9._\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

Body = TypeVar("Body")


class Page(NamedTuple):
    """What part of a list is asked for: how many items, after the one with these sort keys (None: from the start)."""

    limit: int
    after: tuple | None


class Call:
    """What a route's function works with. It raises `Problem` for every refusal."""

    def __init__(self, context: Context, route: Route, scope: dict, receive: Callable, params: dict[str, str]) -> None:
        self.context = context
        self.route = route
        self.scope = scope
        self.params = params
        self.incoming = Incoming(receive)
        self.me = 0
        self.person: Account | None = None
        self.headers: dict[str, str] = {}
        self.position: positions.Position = {}
        self.claim: Claim | None = None
        self.key = ""
        # A wrong header or key is told only after 404 and 403 had their say.
        self.deferred: Problem | None = None
        self._room = 0
        self._viewer: Viewer | None = None
        self._body: Any = None
        self._query: dict[str, str] | None = None
        self._headers: dict[bytes, bytes] | None = None

    # --- what was sent ----------------------------------------------------------------------------------------------------

    def header(self, name: bytes) -> str | None:
        """Return a header by its lower-case name; repeated ones are joined by commas."""
        if self._headers is None:
            self._headers = {}
            for key, value in self.scope["headers"]:
                self._headers[key] = value if key not in self._headers else self._headers[key] + b"," + value
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def query(self, name: str) -> str | None:
        """Return one query parameter, the last when it is repeated; 422 when it is not UTF-8 or holds a NUL."""
        if not self.scope["query_string"]:
            return None
        if self._query is None:
            try:
                text = self.scope["query_string"].decode("ascii")
                pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)
            except ValueError as cause:
                raise invalid("query", "not UTF-8, or too many parameters") from cause
            self._query = dict(pairs)
        value = self._query.get(name)
        if value is not None and "\0" in value:
            raise invalid(name, "must not contain NUL")
        return value

    def id(self, name: str, what: str) -> int:
        """Return an id of the path; 404 when it cannot be one."""
        return read_id(self.params[name], what)

    def limit(self) -> int:
        """Return how many items are wanted; 422 outside 1 to 100."""
        self.raise_deferred()
        text = self.query("limit")
        if text is None:
            return DEFAULT_LIMIT
        if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
            raise invalid("limit", f"wanted a number from 1 to {MAX_LIMIT}")
        return int(text)

    def page(self, list_name: str, *kinds: type) -> Page:
        """Return the part of a list that is asked for; 422 when its limit or cursor is wrong."""
        limit = self.limit()
        cursor = self.query("cursor")
        if cursor is None:
            return Page(limit, None)
        try:
            return Page(limit, read_cursor(cursor, list_name, *kinds))
        except ForeignCursor as cause:
            raise invalid("cursor", str(cause)) from cause

    async def json(self, wanted: type[Body]) -> Body:
        """Return the JSON body; 413, 415, 422."""
        if self._body is None:
            self._body = await read_json(self.incoming, self.header(b"content-type") or "", wanted)
            self.raise_deferred()
        return self._body

    async def upload(self) -> Upload:
        """Return the form with its file; 413, 415, 422."""
        if self._body is None:
            self._make_room()
            # What was wrong with a header waits on: that the file is no picture goes before it.
            self._body = await read_upload(self.incoming, self.header(b"content-type") or "")
        return self._body

    def _make_room(self) -> None:
        """Take room for the form in memory until `let_go`; 503 when there is none."""
        told = self.header(b"content-length") or ""
        size = min(int(told), FORM_LIMIT_BYTES) if told.isascii() and told.isdecimal() else FORM_LIMIT_BYTES
        self.context.load.take_upload(size)
        self._room = size

    def let_go(self) -> None:
        """Give back what the request held, now that it is answered."""
        self.context.load.drop_upload(self._room)
        self._room = 0

    async def content(self) -> bytes:
        """Return what makes a repeat of this request the same request: its path and its parsed content."""
        body = b""
        if self.route.body is Upload:
            body = (await self.upload()).fingerprint()
        elif self.route.body is not None:
            body = msgspec.msgpack.encode(await self.json(self.route.body))
        return self.scope["path"].encode() + b"\0" + body

    @property
    def submission(self) -> str | None:
        """The name under which folds know this request's key; None without one, and where nothing is made."""
        if self.claim is None or self.route.repeat is None or not self.me:
            return None
        return submission_of(self.me, self.route.repeat.topic, self.key)

    def raise_deferred(self) -> None:
        """Tell what was wrong with a header, now that nothing else goes before it."""
        if self.deferred is not None:
            raise self.deferred

    # --- who asks -----------------------------------------------------------------------------------------------------------

    async def identify(self) -> None:
        """Find out who asks; 401 for a bad token, for a person that is no more, or for none where one is needed."""
        if self.route.token == IGNORED:
            return
        token = bearer(self.header(b"authorization"))
        if token is None:
            if self.route.token == REQUIRED:
                raise unauthorized("This needs an access token: Authorization: Bearer <token>.")
            return
        self.me = self.context.tokens.user_of(token)
        self.person = await self.context.people.one(self.me)
        if self.person is None or self.person.gone:
            raise unauthorized("The account of this token does not exist, or not any more.")

    async def viewer(self) -> Viewer:
        """Return the reader's own relations, read once a request."""
        if self._viewer is None:
            self._viewer = await self.context.relations.viewer(self.me) if self.me else STRANGER
        return self._viewer

    # --- what is done -------------------------------------------------------------------------------------------------------

    async def new_id(self, mint: Callable[[Edge], int]) -> int:
        """Return an id for what is about to be made: with an idempotency key, the same one on every try."""
        self.raise_deferred()
        try:
            if self.claim is None:
                return mint(self.context.edge)
            return await self.claim.intend(await self.content(), lambda: mint(self.context.edge))
        except Invalid as wrong:
            raise Problem(422, str(wrong), wrong.problems) from wrong
        except NeighbourAway as away:
            raise unavailable(str(away)) from away

    async def write(self, make: Callable[[Edge], Awaitable[Written]]) -> Written:
        """Write through the edge; 422 for what it refuses, 503 when the log cannot be written."""
        self.raise_deferred()
        try:
            written = await make(self.context.edge)
        except Invalid as wrong:
            raise Problem(422, str(wrong), wrong.problems) from wrong
        except NeighbourAway as away:
            raise unavailable(str(away)) from away
        place = written.place
        positions.merge_into(self.position, {(place.topic, place.partition): place.offset + 1})
        return written

    async def decided(self, written: Written, reads: tuple[str, ...]) -> None:
        """Wait until the projections that hold the decision have passed a write; 503 after five seconds."""
        place = written.place
        position = {(place.topic, place.partition): place.offset + 1}
        writers = self.context.writers_of(reads)
        if not await self.context.freshness.wait(position, writers, self.context.decision_seconds):
            raise unavailable(
                "The request is written down, but was not decided in time; ask again with the same key, or look later."
            )

    def lacks_something(self) -> None:
        """Say that what is read may lack what is being restored, or count late."""
        if self.route.method in READING:
            self.headers["Darkroom-Incomplete"] = "true"

    @property
    def origin(self) -> str:
        """Where this API is, as the client called it: what image URLs begin with."""
        return origin_of(self.scope.get("scheme", "http"), self.header(b"host") or "")


@functools.lru_cache(1_000)
def origin_of(scheme: str, host: str) -> str:
    """Return `scheme://host`; a host that is none, and would break out of the JSON it is put into, becomes localhost."""
    return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"


def read_id(text: str, what: str) -> int:
    """Return the id that a text is; 404 when it can be none."""
    id_ = id_in(text)
    if id_ is None:
        raise not_found(what)
    return id_


def id_in(text: str) -> int | None:
    """Return the id that a text is, None when it can be none."""
    if not (text.isascii() and text.isdecimal() and 1 <= len(text) <= 19 and text == str(int(text))):
        return None
    id_ = int(text)
    return id_ if id_ <= MAX_ID else None
