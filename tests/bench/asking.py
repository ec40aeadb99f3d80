"""One client on one connection after the other: who asks, what for, and whole lists page by page."""

import http.client
import json
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from api.auth import Tokens
from infra.settings import Settings

ASK_SECONDS = 60.0
# The server closes a connection that says nothing for 5 s.
IDLE_SECONDS = 2.0
# As many as keep one API process busy; this side decodes JSON in one of them at a time.
SIDE_BY_SIDE = 8
LARGEST_PAGE = 100
BOUNDARY = "darkroom-bench"


class Answer(NamedTuple):
    """What came back: the status, the headers by their names, and the JSON (None without any)."""

    status: int
    headers: http.client.HTTPMessage
    json: Any


class Refused(Exception):
    """An answer that was not to come; the message says to what."""


class Asker:
    """Asks one API as anybody; each thread has a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.api_port
        self._tokens = Tokens(settings.jwt_secret.get_secret_value())
        self._local = threading.local()

    def ask(self, user_id: int, method: str, path: str, body: bytes = b"", wanted: int = 200, **headers: str) -> Answer:
        """Send one request and return its answer; Refused when its status is another one.

        `after` is a position that a read is to cover, `content_type` what the body is.
        """
        sent = {"Authorization": f"Bearer {self._token(user_id)}"}
        names = {"after": "Darkroom-After", "content_type": "Content-Type"}
        sent |= {names[name]: value for name, value in headers.items()}
        connection = self._connection()
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        content = response.read()
        self._local.used_at = time.monotonic()
        if response.status != wanted:
            raise Refused(f"{method} {path}: {response.status}, wanted {wanted}: {content[:300]!r}")
        return Answer(response.status, response.headers, json.loads(content) if content else None)

    def walk(self, user_id: int, path: str) -> list[int]:
        """Return the ids of a list, all pages to the last."""
        found: list[int] = []
        cursor = ""
        while True:
            page = self.ask(user_id, "GET", f"{path}?limit={LARGEST_PAGE}{cursor}").json
            found += ids_of(page)
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def upload(self, user_id: int) -> int:
        """Send a tiny picture in, and return its id once it is ready."""
        content = a_tiny_picture()
        lines = (f"--{BOUNDARY}", 'Content-Disposition: form-data; name="file"; filename="a.png"', "Content-Type: image/png")
        body = "\r\n".join((*lines, "", "")).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        sent = self.ask(user_id, "POST", "/v1/photos", body, 202, content_type=kind)
        photo_id, position = int(sent.json["id"]), sent.headers["Darkroom-Position"]
        deadline = time.monotonic() + ASK_SECONDS
        while (photo := self.ask(user_id, "GET", f"/v1/photos/{photo_id}", after=position).json)["state"] == "processing":
            if time.monotonic() > deadline:
                raise Refused(f"photo {photo_id} is still processing after {ASK_SECONDS:.0f} s")
            time.sleep(0.02)
        if photo["state"] != "ready":
            raise Refused(f"photo {photo_id} became {photo['state']}: {photo}")
        return photo_id

    def _connection(self) -> http.client.HTTPConnection:
        """Return this thread's connection, a new one when it was idle for so long that the server may have closed it."""
        if time.monotonic() - getattr(self._local, "used_at", 0.0) > IDLE_SECONDS:
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ASK_SECONDS)
        return self._local.connection

    def _token(self, user_id: int) -> str:
        return self._tokens.make(user_id)


def ids_of(page: dict) -> list[int]:
    """Return the ids of a page's items."""
    return [int(item["id"]) for item in page["items"]]


def side_by_side(work: Callable[[int], Any], user_ids: Iterable[int]) -> dict[int, Any]:
    """Do something for each person, several at a time, and return what came of it."""
    asked = list(user_ids)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        return dict(zip(asked, threads.map(work, asked), strict=True))


def a_tiny_picture(width: int = 4, height: int = 3) -> bytes:
    """Return a PNG of one colour, made by hand."""
    rows = (b"\0" + b"\x20\x80\xc0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
