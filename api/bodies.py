"""Bodies read under limits: JSON of at most 64 KB, and one file of at most 10 MB within a multipart form."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from api.problems import Problem, invalid, too_large, wrong_type

JSON_LIMIT_BYTES = 64 * 1024
FILE_LIMIT_BYTES = 10_485_760
# Enough for any caption in UTF-8, and for a mistaken one to be told by its length in characters.
FIELD_LIMIT_BYTES = 64 * 1024
MAX_SEGMENTS = 32
# What a form that is not refused may weigh: the file, and a field of each name.
FORM_LIMIT_BYTES = FILE_LIMIT_BYTES + 4 * FIELD_LIMIT_BYTES
# What is refused is still read for a while: a client that is sending cannot hear the answer.
DROP_LIMIT_BYTES = 30_000_000
DROP_SECONDS = 5.0

Read = TypeVar("Read")
Receive = Callable[[], Awaitable[dict]]


class Incoming:
    """The body of one request as it arrives; it knows how much came and whether that was all."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False
        self.gone = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body's bytes; ends with the body, or when the client is gone."""
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.ended = self.gone = True
                return
            self.ended = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def drop_rest(self) -> None:
        """Read on and forget, for at most 30 MB or 5 s, so that the answer can be heard."""
        dropped = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DROP_SECONDS):
                async for chunk in self.chunks():
                    dropped += len(chunk)
                    if dropped > DROP_LIMIT_BYTES:
                        return


async def read_json(incoming: Incoming, content_type: str, wanted: type[Read]) -> Read:
    """Return the JSON body as `wanted`; 415, 413 or 422 when it is not that."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise wrong_type(f"Content-Type: wanted application/json, got {media_type[:80] or 'none'}.")
    body = bytearray()
    async for chunk in incoming.chunks():
        body += chunk
        if len(body) > JSON_LIMIT_BYTES:
            raise too_large(f"The JSON body is larger than {JSON_LIMIT_BYTES:,} bytes.")
    return decode_json(bytes(body), wanted)


def decode_json(body: bytes, wanted: type[Read]) -> Read:
    """Return JSON as `wanted`; 422 that names the field when it is malformed or of another type."""
    try:
        return msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as cause:
        message, _, where = str(cause).partition(" - at `$")
        field = where.strip("`.") or "body"
        raise invalid(field, message) from cause
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise Problem(422, f"The body is no JSON: {cause}.", (("body", "malformed JSON"),)) from cause


class Upload(msgspec.Struct):
    """A form as it came: the file's bytes (None when there was no such field) and the text fields."""

    file: bytes | None = None
    caption: str | None = None
    place: str | None = None

    def fingerprint(self) -> bytes:
        """Return a hash of the parsed content, the same for the same fields and bytes however they were sent."""
        digest = hashlib.sha256(self.file or b"").digest()
        return msgspec.msgpack.encode([digest, self.caption, self.place])


async def read_upload(incoming: Incoming, content_type: str) -> Upload:
    """Return the fields of a multipart form; 415, 413 or 422. The file is counted while it is read, never after."""
    media_type, options = parse_options_header(content_type)
    if media_type.lower() != "multipart/form-data":
        raise wrong_type(f"Content-Type: wanted multipart/form-data, got {media_type[:80] or 'none'}.")
    try:
        return await _parse_form(incoming, options.get("boundary", ""))
    except MultipartError as cause:
        raise Problem(422, f"The form cannot be read: {cause}.", (("body", "malformed multipart"),)) from cause


async def _parse_form(incoming: Incoming, boundary: str) -> Upload:
    fields: dict[str, Any] = {}
    content: bytearray | None = None
    name = ""
    with PushMultipartParser(boundary, max_segment_count=MAX_SEGMENTS) as parser:
        async for chunk in incoming.chunks():
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    name, content = event.name, bytearray()
                elif event is None:
                    if name in ("file", "caption", "place"):
                        fields.setdefault(name, _field_value(name, content))
                    content = None
                else:
                    content += event
                    _check_size(name, len(content))
    return Upload(**fields)


def _check_size(name: str, size: int) -> None:
    if name == "file":
        if size > FILE_LIMIT_BYTES:
            raise too_large(f"file: larger than {FILE_LIMIT_BYTES:,} bytes.")
    elif size > FIELD_LIMIT_BYTES:
        raise too_large(f"{name[:40]}: larger than {FIELD_LIMIT_BYTES:,} bytes.")


def _field_value(name: str, content: bytearray) -> bytes | str:
    if name == "file":
        return bytes(content)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise invalid(name, "not UTF-8") from cause
