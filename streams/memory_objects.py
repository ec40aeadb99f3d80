"""The twin of the object store in memory, for tests and simulations; it passes the contract of the real one."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from schemas.object_keys import BUCKETS
from streams.objects import Listed, ObjectMissing, ObjectStat

_PIECE_BYTES = 65_536


class MemoryObjects:
    """`Objects` in memory, for tests and simulations."""

    def __init__(self) -> None:
        self._buckets: dict[str, dict[str, tuple[bytes, ObjectStat]]] = {}
        self._modified_ms: dict[tuple[str, str], int] = {}

    async def prepare(self, buckets: Iterable[str] = BUCKETS) -> None:
        """Make the buckets that are not there."""
        for bucket in buckets:
            self._buckets.setdefault(bucket, {})

    async def put(self, bucket: str, key: str, body: bytes, content_type: str) -> str:
        """Store a whole object, replacing what was there; return its etag. A bucket that is not there yet is made."""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._buckets.setdefault(bucket, {})[key] = (bytes(body), ObjectStat(len(body), etag, content_type))
        self._modified_ms[bucket, key] = time.time_ns() // 1_000_000
        return etag

    async def get(self, bucket: str, key: str) -> bytes:
        """Return a whole object; ObjectMissing when there is none."""
        return self._found(bucket, key)[0]

    async def stat(self, bucket: str, key: str) -> ObjectStat:
        """Return an object's size, etag and content type; ObjectMissing when there is none."""
        return self._found(bucket, key)[1]

    async def exists(self, bucket: str, key: str) -> bool:
        """Return whether an object is there."""
        return key in self._buckets.get(bucket, {})

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object, if it is there."""
        self._buckets.get(bucket, {}).pop(key, None)

    async def stream(self, bucket: str, key: str, first: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Yield an object's bytes in pieces; ObjectMissing before the first."""
        if length == 0:
            return
        body = self._found(bucket, key)[0]
        end = len(body) if length is None else min(len(body), first + length)
        for at in range(first, end, _PIECE_BYTES):
            yield body[at : min(end, at + _PIECE_BYTES)]

    async def put_file(self, bucket: str, key: str, path: Path) -> None:
        """Store a file as a whole object. A bucket that is not there yet is made."""
        await self.put(bucket, key, await asyncio.to_thread(path.read_bytes), "application/octet-stream")

    async def get_file(self, bucket: str, key: str, path: Path) -> str:
        """Write an object to a file and return the sha256 (hex) of what was written; ObjectMissing when there is none."""
        body = self._found(bucket, key)[0]
        await asyncio.to_thread(path.write_bytes, body)
        return hashlib.sha256(body).hexdigest()

    async def listing(self, bucket: str, prefix: str) -> list[Listed]:
        """Return the objects whose keys begin with a prefix, by key; none when there is no such bucket."""
        found = sorted(item for item in self._buckets.get(bucket, {}).items() if item[0].startswith(prefix))
        return [Listed(key, stat.size_bytes, self._modified_ms[bucket, key]) for key, (_, stat) in found]

    async def close(self) -> None:
        """Have nothing to let go of."""

    def _found(self, bucket: str, key: str) -> tuple[bytes, ObjectStat]:
        """Return an object, or raise ObjectMissing."""
        found = self._buckets.get(bucket, {}).get(key)
        if found is None:
            raise ObjectMissing(bucket, key)
        return found
