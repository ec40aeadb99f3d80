"""The object store: whole objects put, read, looked at and deleted, without ever blocking the event loop.

The one place that imports the S3 client. The client blocks, so its calls run in a small pool of threads; what fails for a
moment is tried again a bounded number of times, and then `NeighbourAway` is raised. Every call is safe to repeat: a put
replaces the whole object, a delete of what is not there is a delete. Keys are `schemas.object_keys`' work.
"""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from schemas.object_keys import BUCKETS
from streams.fold import NeighbourAway

# Waits between tries, in seconds: 0.1 + 0.3 + 0.9 = 1.3 s of patience outlives a restart of the store (0.3 s).
_PAUSES_SECONDS = (0.1, 0.3, 0.9)
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 10.0
_PIECE_BYTES = 65_536
# Files are read from the store and written to it in pieces and parts of these sizes, so that no file is in memory as a whole.
_FILE_PIECE_BYTES = 1 << 20
_PART_BYTES = 8 << 20
# One thread a call that may wait: eight puts of 2 MB at once take 59 ms, one takes 13 ms.
_THREADS = 8

_NO_BUCKET = "NoSuchBucket"
_ABSENT_CODES = frozenset({"NoSuchKey", "NoSuchObject", "NotFound", _NO_BUCKET})
_MOMENTARY_CODES = frozenset({"SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "InternalError",
                              "RequestTimeout", "ServerNotInitialized", "XMinioServerNotInitialized"})  # fmt: skip
_MOMENTARY = (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError, OSError)

T = TypeVar("T")


class ObjectMissing(Exception):
    """There is no such object."""

    def __init__(self, bucket: str, key: str) -> None:
        super().__init__(f"no object {key!r} in bucket {bucket!r}")


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """What the store says of an object without its bytes. `etag` is without quotes."""

    size_bytes: int
    etag: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing. `modified_ms` is the store's clock, Unix time in ms."""

    key: str
    size_bytes: int
    modified_ms: int


class Objects(Protocol):
    """An object store. All may raise `NeighbourAway`; what reads an object may raise `ObjectMissing`."""

    async def prepare(self, buckets: Iterable[str] = BUCKETS) -> None:
        """Make the buckets that are not there."""

    async def put(self, bucket: str, key: str, body: bytes, content_type: str) -> str:
        """Store a whole object, replacing what was there; return its etag. A bucket that is not there yet is made."""

    async def get(self, bucket: str, key: str) -> bytes:
        """Return a whole object."""

    async def stat(self, bucket: str, key: str) -> ObjectStat:
        """Return an object's size, etag and content type."""

    async def exists(self, bucket: str, key: str) -> bool:
        """Return whether an object is there."""

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object, if it is there."""

    def stream(self, bucket: str, key: str, first: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Yield an object's bytes in pieces, `length` of them (None: all) from the byte `first` on."""

    async def put_file(self, bucket: str, key: str, path: Path) -> None:
        """Store a file as a whole object; until all of it is there, nothing is. A bucket that is not there yet is made."""

    async def get_file(self, bucket: str, key: str, path: Path) -> str:
        """Write an object to a file and return the sha256 (hex) of what was written."""

    async def listing(self, bucket: str, prefix: str) -> list[Listed]:
        """Return the objects whose keys begin with a prefix, by key; none when there is no such bucket."""

    async def close(self) -> None:
        """Let go of connections and threads."""


async def _always() -> None:
    """Let every call be made."""


def open_objects(
    endpoint: str, access_key: str, secret_key: str, *, secure: bool = False, held: Callable[[], Awaitable[None]] = _always
) -> "S3Objects":
    """Return the object store at `host:port`; connects on first use. `held` is awaited before each try and may forbid it."""
    pool = urllib3.PoolManager(
        maxsize=_THREADS,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        retries=False,
    )
    # The region is named so that the client does not ask for each bucket's.
    client = Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=secure, region="us-east-1", http_client=pool)
    return S3Objects(client, endpoint, held)


class S3Objects:
    """`Objects` over the S3 protocol."""

    def __init__(self, client: Minio, endpoint: str, held: Callable[[], Awaitable[None]] = _always) -> None:
        self._client = client
        self._held = held
        self._endpoint = endpoint
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="objects")

    async def prepare(self, buckets: Iterable[str] = BUCKETS) -> None:
        """Make the buckets that are not there."""
        for bucket in buckets:
            await self._call(f"make bucket {bucket!r}", partial(self._make_bucket, bucket))

    async def put(self, bucket: str, key: str, body: bytes, content_type: str) -> str:
        """Store a whole object, replacing what was there; return its etag. A bucket that is not there yet is made."""

        def put_once() -> str:
            return self._client.put_object(bucket, key, io.BytesIO(body), len(body), content_type).etag

        return await self._call(f"put {bucket}/{key}", partial(self._with_bucket, bucket, put_once))

    async def get(self, bucket: str, key: str) -> bytes:
        """Return a whole object; ObjectMissing when there is none."""

        def get_once() -> bytes:
            with self._client.get_object(bucket, key) as response:
                return response.read()

        return await self._read(bucket, key, get_once)

    async def stat(self, bucket: str, key: str) -> ObjectStat:
        """Return an object's size, etag and content type; ObjectMissing when there is none."""

        def stat_once() -> ObjectStat:
            found = self._client.stat_object(bucket, key)
            return ObjectStat(found.size or 0, found.etag or "", found.content_type or "")

        return await self._read(bucket, key, stat_once)

    async def exists(self, bucket: str, key: str) -> bool:
        """Return whether an object is there."""
        try:
            await self.stat(bucket, key)
        except ObjectMissing:
            return False
        return True

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object, if it is there."""
        try:
            await self._call(f"delete {bucket}/{key}", partial(self._client.remove_object, bucket, key))
        except S3Error as error:
            if error.code not in _ABSENT_CODES:
                raise

    async def stream(self, bucket: str, key: str, first: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Yield an object's bytes in pieces; ObjectMissing before the first. A break midway is `NeighbourAway` at once."""
        if length == 0:
            return
        opened = partial(self._client.get_object, bucket, key, offset=first, length=length or 0)
        response = await self._read(bucket, key, opened)
        loop = asyncio.get_running_loop()
        try:
            while piece := await loop.run_in_executor(self._threads, response.read, _PIECE_BYTES):
                yield piece
        except _MOMENTARY as cause:
            raise NeighbourAway(f"object store {self._endpoint}: reading {bucket}/{key} broke off") from cause
        finally:
            # A response that was not read to its end cannot give its connection to the next.
            response.close()
            response.release_conn()

    async def put_file(self, bucket: str, key: str, path: Path) -> None:
        """Store a file as a whole object; until all of it is there, nothing is. A bucket that is not there yet is made."""

        def put_once() -> None:
            self._client.fput_object(bucket, key, str(path), part_size=_PART_BYTES, num_parallel_uploads=1)

        await self._call(f"put {bucket}/{key}", partial(self._with_bucket, bucket, put_once))

    async def get_file(self, bucket: str, key: str, path: Path) -> str:
        """Write an object to a file and return the sha256 (hex) of what was written; ObjectMissing when there is none."""

        def get_once() -> str:
            summed = hashlib.sha256()
            with self._client.get_object(bucket, key) as response, path.open("wb") as file:
                while piece := response.read(_FILE_PIECE_BYTES):
                    summed.update(piece)
                    file.write(piece)
            return summed.hexdigest()

        return await self._read(bucket, key, get_once)

    async def listing(self, bucket: str, prefix: str) -> list[Listed]:
        """Return the objects whose keys begin with a prefix, by key; none when there is no such bucket."""

        def list_once() -> list[Listed]:
            found = self._client.list_objects(bucket, prefix, recursive=True)
            return [Listed(one.object_name, one.size or 0, int(one.last_modified.timestamp() * 1000)) for one in found]

        try:
            return sorted(await self._call(f"list {bucket}/{prefix}", list_once), key=lambda one: one.key)
        except S3Error as error:
            if error.code not in _ABSENT_CODES:
                raise
            return []

    async def close(self) -> None:
        """Let go of connections and threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _with_bucket(self, bucket: str, once: Callable[[], T]) -> T:
        """Call what writes to a bucket, which is made when it is not there."""
        try:
            return once()
        except S3Error as error:
            if error.code != _NO_BUCKET:
                raise
        self._make_bucket(bucket)
        return once()

    def _make_bucket(self, bucket: str) -> None:
        """Make a bucket unless it is there, also when another does so meanwhile."""
        if self._client.bucket_exists(bucket):
            return
        try:
            self._client.make_bucket(bucket)
        except S3Error as error:
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise

    async def _read(self, bucket: str, key: str, once: Callable[[], T]) -> T:
        """Call what reads an object, saying by ObjectMissing that there is none."""
        try:
            return await self._call(f"read {bucket}/{key}", once)
        except S3Error as error:
            if error.code in _ABSENT_CODES:
                raise ObjectMissing(bucket, key) from error
            raise

    async def _call(self, what: str, once: Callable[[], T]) -> T:
        """Run a blocking call in the pool, again after each pause while the store fails for a moment.

        What the store refuses for good (a wrong key, a full disk) is `NeighbourAway` at once; S3Error means only "not there".
        """
        loop = asyncio.get_running_loop()
        for pause in (*_PAUSES_SECONDS, None):
            await self._held()
            try:
                return await loop.run_in_executor(self._threads, once)
            except S3Error as error:
                if error.code in _ABSENT_CODES:
                    raise
                if error.code not in _MOMENTARY_CODES:
                    raise NeighbourAway(
                        f"object store {self._endpoint} refused to {what}: {error.code}: {error.message}"
                    ) from error
                cause: Exception = error
            except _MOMENTARY as error:
                cause = error
            if pause is None:
                tries = len(_PAUSES_SECONDS) + 1
                raise NeighbourAway(f"object store {self._endpoint}: {what} failed {tries} times: {cause}") from cause
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")
