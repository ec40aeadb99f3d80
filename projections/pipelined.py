"""A small Redis client for asyncio: one connection, and the commands of one turn of the loop go out in one write.

`execute` returns a future at once; replies come in the order of commands. When the connection breaks, every command under
way fails with `ConnectionLost`, and the next command connects anew. It does not retry: `projections.redis_store` does.

With a `Witness` a question follows the commands of each write, and none of them is answered before it is: so who reads an
emptied Redis hears that it is another one, and not that there is nothing. One short command more for each write.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import hiredis


class ConnectionLost(ConnectionError):
    """The connection broke before the reply came; whether the command ran is not known."""


class ReplyError(Exception):
    """Redis refused a command; the message is its own."""


class Witness(NamedTuple):
    """A command in wire format that follows those of each write, and what makes an error of a reply (None: all is well)."""

    packed: bytes
    judge: Callable[[Any], Exception | None]


class Address(NamedTuple):
    """Where Redis is and how to enter."""

    host: str
    port: int
    database: int
    username: str | None
    password: str | None
    secure: bool


def parse_url(url: str) -> Address:
    """Return the address of `redis[s]://[user][:password@]host[:port][/database]`; ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("Redis URL: wanted redis://:password@host:port/database")
    password = unquote(parts.password) if parts.password else None
    database = int(parts.path.strip("/") or 0)
    return Address(parts.hostname, parts.port or 6379, database, parts.username or None, password, parts.scheme == "rediss")


def pack_words(words: Iterable[bytes]) -> bytes:
    """Return words in Redis's wire format, without the count that begins a command: so parts of one may be kept."""
    return b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class _Connection(asyncio.Protocol):
    """The bytes of one connection and the futures that wait for replies."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        # Not asked before the connection has entered and chosen its database.
        self.witness: Witness | None = None
        self._reader = hiredis.Reader(replyError=ReplyError)
        # The witness's question waits as None, and replies that came before its answer are held.
        self._waiting: deque[asyncio.Future | None] = deque()
        self._held: list[tuple[asyncio.Future, Any]] = []
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._last_reply = loop.time()

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def send(self, packed: bytes) -> asyncio.Future:
        future = self._loop.create_future()
        if not self._waiting:
            self._last_reply = self._loop.time()
        self._waiting.append(future)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packed)
        return future

    def _flush(self) -> None:
        if self._out and self.witness is not None:
            self._out.append(self.witness.packed)
            self._waiting.append(None)
        if self.alive and self._out:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def data_received(self, received: bytes) -> None:
        self._last_reply = self._loop.time()
        self._reader.feed(received)
        waiting, held = self._waiting, self._held
        while (reply := self._reader.gets()) is not False:
            future = waiting.popleft()
            if future is None:
                self._let_go(self.witness.judge(reply))
            elif self.witness is not None:
                held.append((future, reply))
            elif not future.done():
                _answer(future, reply)

    def _let_go(self, wrong: Exception | None) -> None:
        """Give out the replies that were held, or to each the same error."""
        for future, reply in self._held:
            if future.done():
                continue
            if wrong is None:
                _answer(future, reply)
            else:
                _fail(future, wrong)
        self._held.clear()

    def connection_lost(self, cause: Exception | None) -> None:
        self._out.clear()
        lost = ConnectionLost(f"the connection to Redis broke: {cause or 'closed'}")
        self._let_go(lost)
        while self._waiting:
            future = self._waiting.popleft()
            if future is not None and not future.done():
                _fail(future, lost)

    def overdue(self, seconds: float) -> bool:
        return bool(self._waiting) and self._loop.time() - self._last_reply > seconds

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()


def _answer(future: asyncio.Future, reply: Any) -> None:
    if isinstance(reply, ReplyError):
        future.set_exception(reply)
    else:
        future.set_result(reply)


def _fail(future: asyncio.Future, error: Exception) -> None:
    future.set_exception(error)
    # Somebody who gave up waiting must not make the loop complain.
    future.exception()


class Pipelined:
    """One pipelined connection to one Redis; for one event loop.

    A command that is not answered within `timeout_seconds` breaks the connection, so that nobody waits for ever.
    """

    def __init__(self, url: str, timeout_seconds: float = 5.0, witness: Witness | None = None):
        self.address = parse_url(url)
        self._witness = witness
        self._timeout_seconds = timeout_seconds
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task | None = None
        self._watch: asyncio.TimerHandle | None = None

    def execute(self, *words: str | bytes | int | float) -> asyncio.Future:
        """Send one command; await the result for its reply (`ReplyError` when refused, `ConnectionLost`)."""
        return self.execute_packed(hiredis.pack_command(words))

    def execute_packed(self, packed: bytes) -> asyncio.Future:
        """Send one command that is in Redis's wire format already (`pack_words`)."""
        if self._connection and self._connection.alive:
            return self._connection.send(packed)
        return asyncio.ensure_future(self._connect_and_send(packed))

    async def _connect_and_send(self, packed: bytes) -> Any:
        if self._connecting is None:
            self._connecting = asyncio.ensure_future(self._connect())
            self._connecting.add_done_callback(self._connected)
        connection = await asyncio.shield(self._connecting)
        return await connection.send(packed)

    def _connected(self, _task: asyncio.Task) -> None:
        self._connecting = None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        address = self.address
        make = loop.create_connection(
            lambda: _Connection(loop), address.host, address.port, ssl=True if address.secure else None
        )
        try:
            _, connection = await asyncio.wait_for(make, self._timeout_seconds)
            if address.password:
                user = (address.username,) if address.username else ()
                await asyncio.wait_for(
                    connection.send(hiredis.pack_command(("AUTH", *user, address.password))), self._timeout_seconds
                )
            if address.database:
                await asyncio.wait_for(
                    connection.send(hiredis.pack_command(("SELECT", address.database))), self._timeout_seconds
                )
        except (OSError, TimeoutError) as error:
            raise ConnectionLost(f"Redis at {address.host}:{address.port} cannot be reached: {error}") from error
        connection.witness = self._witness
        self._connection = connection
        if self._watch is None:
            self._watch = loop.call_later(self._timeout_seconds / 2, self._look)
        return connection

    def _look(self) -> None:
        if self._connection and self._connection.overdue(self._timeout_seconds):
            self._connection.abort()
        self._watch = asyncio.get_running_loop().call_later(self._timeout_seconds / 2, self._look)

    async def close(self) -> None:
        """Close the connection; commands under way fail."""
        if self._watch:
            self._watch.cancel()
            self._watch = None
        if self._connection:
            self._connection.abort()
            self._connection = None
            await asyncio.sleep(0)
