"""Redis for projections: the function library, guarded commits, deliveries into rings, reads; with bounded retries.

Everything written here may be repeated: commits by their guard, deliveries by the rules of the ring. So a command whose
fate is not known is simply sent again.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from projections.away import StoreAway, StoreLost, StoreNotPrepared, StoreOvertaken
from projections.pipelined import ConnectionLost, Pipelined, ReplyError, Witness
from projections.ring import RingPage, decode_page, pack_ids

FUNCTIONS = Path(__file__).with_name("redis_functions.lua")
BIRTH = "birth"
# The records of reprints (`projections.prints`), one field each.
PRINTS = "prints"
# 0.05 s doubled six times: about three seconds of patience before the neighbour counts as away.
WRITE_ATTEMPTS = 7
READ_ATTEMPTS = 3
# What Redis says while it cannot serve but soon may.
_SOON = ("LOADING", "BUSY", "READONLY", "MASTERDOWN", "OOM", "CLUSTERDOWN", "TRYAGAIN")


class RedisStore:
    """One Redis. `birth` is the id it was opened with; None while it is not prepared."""

    def __init__(self, url: str, witness: Witness | None = None):
        self._client = Pipelined(url, witness=witness)
        self.birth: str | None = None

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    def execute(self, *words: str | bytes | int | float) -> asyncio.Future:
        """Send one command without retries; many in one turn of the loop go out together."""
        return self._client.execute(*words)

    def execute_packed(self, packed: bytes) -> asyncio.Future:
        """Send one command in wire format, without retries."""
        return self._client.execute_packed(packed)

    async def call(self, *words: str | bytes | int | float, attempts: int = READ_ATTEMPTS) -> Any:
        """Send one command that may be repeated, and again after a break; StoreAway when that does not help."""
        for attempt in range(attempts):
            try:
                return await self._client.execute(*words)
            except ConnectionLost as error:
                cause: Exception = error
            except ReplyError as error:
                cause = error
                if str(error).startswith("ERR Function not found"):
                    await self.load_functions()
                elif not str(error).startswith(_SOON):
                    raise
            await asyncio.sleep(0.05 * 2**attempt)
        raise StoreAway(f"Redis did not answer {words[0]} in {attempts} attempts: {cause}") from cause

    async def prepare(self) -> None:
        """Load the functions and give the store a birth id, unless it has one; repeatable."""
        await self.load_functions()
        await self.call("SET", BIRTH, secrets.token_hex(8), "NX")

    async def load_functions(self) -> None:
        """Load the function library, in the version of this code, unless it is there already."""
        code = FUNCTIONS.read_text()
        found = await self.call("FUNCTION", "LIST", "LIBRARYNAME", "darkroom", "WITHCODE")
        words = [word.decode() if isinstance(word, bytes) else word for word in (found[0] if found else ())]
        if "library_code" not in words or words[words.index("library_code") + 1] != code:
            await self.call("FUNCTION", "LOAD", "REPLACE", code)

    async def identity(self) -> str | None:
        """Return the birth id, read now; None when the store is new or was lost."""
        found = await self.call("GET", BIRTH)
        return found.decode() if found else None

    async def open(self) -> None:
        """Check that the store is prepared, and remember which one it is."""
        self.birth = await self.identity()
        if self.birth is None:
            raise StoreNotPrepared("Redis has no birth id; run `python -m projections prepare`")
        await self.load_functions()

    async def commit(self, guard_key: str, place: Sequence, commands: Sequence[Sequence], tenure: Sequence = ("", 0)) -> bool:
        """Run commands at once if (epoch, number) of `place` = (epoch, number, sources JSON) is newer; False for a repeat.

        All keys must share the guard's hash tag. StoreLost when this is no longer the store that was opened; StoreOvertaken
        when `tenure`, the field of the writer's record and the epoch that it knows, is not what stands there.
        """
        return await self.guarded("darkroom_commit", (guard_key, BIRTH, PRINTS), (*tenure, *place, *framed(commands)))

    async def guarded(self, function: str, keys: Sequence[str], words: Sequence) -> bool:
        """Call a function that checks the birth id first, then the writer's record; False when it found a repeat."""
        done = await self.call("FCALL", function, len(keys), *keys, self.birth or "", *words, attempts=WRITE_ATTEMPTS)
        if done == -1:
            raise self._lost()
        if done == -2:
            said = "a later reprint of them has begun, so another worker owns these rows now"
            raise StoreOvertaken(f"Redis refused {function} of {keys[0]} ({words[0]}): {said}")
        return bool(done)

    async def check(self) -> None:
        """StoreLost when this is not the store that was opened: it was emptied, or is another one."""
        if await self.identity() != self.birth:
            raise self._lost()

    def _lost(self) -> StoreLost:
        return StoreLost(f"Redis is no longer the store {self.birth} that was opened; restart and replay into it")

    async def page(self, key: str, below: int | None, limit: int) -> RingPage:
        """Return the newest ids of a ring below one."""
        cursor = b"" if below is None else below.to_bytes(8, "big")
        return decode_page(*await self.call("FCALL_RO", "darkroom_page", 1, key, cursor, limit))

    async def scan(self, pattern: str) -> AsyncIterator[list[bytes]]:
        """Yield the keys of a pattern, some at a time; a key may come twice."""
        cursor = 0
        while True:
            cursor, keys = await self.call("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            if keys:
                yield keys
            cursor = int(cursor)
            if not cursor:
                return


def framed(commands: Sequence[Sequence]) -> list:
    """Return commands as the words of one call: of each the number of its words, then these."""
    words: list = []
    for command in commands:
        words.append(len(command))
        words += command
    return words


def deliver_words(photo_id: int, keys: Sequence[str], depth: int) -> tuple:
    """Return the command that puts one id into many rings."""
    return ("FCALL", "darkroom_deliver", len(keys), *keys, photo_id.to_bytes(8, "big"), depth)


def backfill_words(key: str, photo_ids: Sequence[int], depth: int) -> tuple:
    """Return the command that puts many ids into one ring."""
    return ("FCALL", "darkroom_backfill", 1, key, depth, pack_ids(photo_ids))


def close_words(key: str) -> tuple:
    """Return the command that closes one ring for ever."""
    return ("FCALL", "darkroom_close", 1, key)
