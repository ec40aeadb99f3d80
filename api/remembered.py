"""Answers remembered by `Idempotency-Key`, so that a POST sent twice is done once, in whichever process.

A key is claimed before anything is done and kept for a day. What is about to be made gets its id into the claim *before*
its event is appended: whoever takes over after a crash appends the same id again, which folds see as a repeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable

import msgspec

from api.problems import Problem, invalid, unavailable
from api.routes import Answer

KEPT_SECONDS = 24 * 3600
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 30.0
KEYS_AT_ONCE = 1_000

# Replace a value, or delete it (for nothing), only while it is still what we believe it to be. One that is sent again, because
# the answer to it was lost, finds its own value there. Where there is nothing, nobody has taken over: Redis was emptied, and
# what is written down again keeps the next try from doing it twice.
_SWAP = """local found = redis.call('GET', KEYS[1])
if found == ARGV[1] or not found then
  if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
  return 1
end
return (found or '') == ARGV[2] and 1 or 0"""

Execute = Callable[..., Awaitable]


class Entry(msgspec.Struct, array_like=True):
    """What Redis holds under a key: who is at it and until when, what was asked, and the answer once there is one."""

    owner: str
    lease_until: float
    content: bytes = b""
    intended_id: int = 0
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = {}


class Claim:
    """One request's hold on a key while its answer is being made."""

    def __init__(self, execute: Execute, key: str, entry: Entry) -> None:
        self._execute = execute
        self._key = key
        self.entry = entry
        self._raw = msgspec.msgpack.encode(entry)
        # An id from a former try may be in the log already, whatever becomes of this one.
        self._inherited = bool(entry.intended_id)
        self.putting = asyncio.Lock()

    async def intend(self, content: bytes, mint: Callable[[], int]) -> int:
        """Return the id for what is about to be made, written down before it is used; the former try's, if there was one."""
        if not self.entry.intended_id:
            await self._put(intended_id=mint(), content=digest_of(content))
        return self.entry.intended_id

    async def keep_alive(self) -> None:
        """Prolong the lease until cancelled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._put(lease_until=time.time() + LEASE_SECONDS)

    async def remember(self, content: bytes, answer: Answer, headers: dict[str, str]) -> None:
        """Keep the answer for a day."""
        await self._put(content=digest_of(content), status=answer.status, body=answer.body, headers=headers)

    async def release(self, refused: bool) -> None:
        """Give the key back. After a refusal nothing stays; after a failure, or when a former try failed, the id does."""
        if self.entry.intended_id and (self._inherited or not refused):
            await self._put(lease_until=0.0)
        else:
            # Not by a plain DEL: who took over meanwhile may have appended under an id that stands there.
            await self._execute("EVAL", _SWAP, 1, self._key, self._raw, b"", KEPT_SECONDS)

    async def _put(self, **changed: object) -> None:
        # One after the other: a lease that is prolonged meanwhile would look like another's claim.
        async with self.putting:
            entry = msgspec.structs.replace(self.entry, **changed)
            raw = msgspec.msgpack.encode(entry)
            if not await self._execute("EVAL", _SWAP, 1, self._key, self._raw, raw, KEPT_SECONDS):
                raise unavailable("Another request with the same Idempotency-Key has taken over; ask again.")
            self.entry, self._raw = entry, raw


class Remembered:
    """All remembered answers of one Redis; `execute` runs one command."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    async def claim(self, asker: str, key: str) -> Claim | Entry:
        """Return a claim on the key, or the entry of the answer that another request made; waits while one is at it.

        `asker` is the person, or the address without one. 422 for a key that is none; 503 when the other takes too long.
        """
        if not (1 <= len(key) <= 64 and all("!" <= character <= "~" for character in key)):
            raise invalid("Idempotency-Key", "wanted 1 to 64 visible ASCII characters")
        name = f"once:{asker}:{key}"
        owner = secrets.token_hex(8)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            claim = await self._try(name, owner)
            if claim is not None:
                return claim
            await asyncio.sleep(LOOK_SECONDS)
        raise unavailable("Another request with the same Idempotency-Key is still under way; ask again later.")

    async def forget(self, user_id: int) -> None:
        """Delete the answers that were given to a person whose account is gone, and the one that opened it.

        They hold what was posted. Any that are missed, because Redis or this process goes meanwhile, end with their day.
        """
        cursor = 0
        while True:
            cursor, keys = await self._execute("SCAN", cursor, "MATCH", "once:*", "COUNT", KEYS_AT_ONCE)
            if gone := [key for key in keys if await self._is_of(user_id, key)]:
                await self._execute("UNLINK", *gone)
            cursor = int(cursor)
            if not cursor:
                return

    async def _is_of(self, user_id: int, key: bytes) -> bool:
        if not key.startswith(b"once:address."):
            return key.startswith(b"once:person.%d:" % user_id)
        return b'"%d"' % user_id in (await self._execute("GET", key) or b"")

    async def _try(self, name: str, owner: str) -> Claim | Entry | None:
        fresh = Entry(owner, time.time() + LEASE_SECONDS)
        if await self._execute("SET", name, msgspec.msgpack.encode(fresh), "NX", "EX", KEPT_SECONDS):
            return Claim(self._execute, name, fresh)
        raw = await self._execute("GET", name)
        if raw is None:
            return None
        entry = msgspec.msgpack.decode(raw, type=Entry)
        if entry.status:
            return entry
        if entry.owner == owner:
            # The answer to our SET was lost with a connection, and it was sent again.
            return Claim(self._execute, name, entry)
        if entry.lease_until > time.time():
            return None
        taken = msgspec.structs.replace(entry, owner=owner, lease_until=fresh.lease_until)
        swapped = await self._execute("EVAL", _SWAP, 1, name, raw, msgspec.msgpack.encode(taken), KEPT_SECONDS)
        return Claim(self._execute, name, taken) if swapped else None


def digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def check_same(entry: Entry, content: bytes) -> None:
    """Raise 422 when a key comes again with another route or other content."""
    if entry.content and entry.content != digest_of(content):
        raise used_otherwise()


def used_otherwise() -> Problem:
    """Return what refuses a key that comes again with another route or other content."""
    return invalid("Idempotency-Key", "this key was used for another request; take a new key for new content")


@contextlib.asynccontextmanager
async def kept_alive(claim: Claim):
    """Prolong a claim while the body of the `with` runs."""
    task = asyncio.create_task(claim.keep_alive())
    try:
        yield
    finally:
        # Not in the middle of a write, after which nobody would know what stands there.
        async with claim.putting:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
