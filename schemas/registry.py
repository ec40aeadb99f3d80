"""A schema registry over the committed files: Confluent's routes, read-only, for stock tools that read our topics.

A bare ASGI application: it answers from a lock that was read once, so it starts at once and cannot be wrong about what was
released. Registering is done by a commit (`python -m schemas release`); a schema that is there already is answered with
its id, so that producers that insist on registering go on.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.avro import fingerprint
from schemas.lock import Lock, Released

COMPATIBILITY = "FULL_TRANSITIVE"
CONTENT_TYPE = b"application/vnd.schemaregistry.v1+json"
LARGEST_BODY = 1 << 20

Answer = tuple[int, Any]
App = Callable[[Mapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


@dataclass(frozen=True)
class Refusal(Exception):
    """An answer that is an error: HTTP status, Confluent's error code, and words."""

    status: int
    code: int
    message: str


@dataclass(frozen=True)
class Registry:
    """The questions that clients ask, as functions of the lock; what is not there raises a Refusal."""

    lock: Lock

    def subjects(self) -> list[str]:
        return sorted(self.lock.subjects)

    def versions(self, subject: str) -> list[int]:
        return sorted(self._versions(subject))

    def version(self, subject: str, number: str) -> dict[str, Any]:
        versions = self._versions(subject)
        wanted = max(versions) if number in ("latest", "-1") else _number(number, 42202, "version")
        if wanted not in versions:
            raise Refusal(404, 40402, f"Subject {subject} has no version {number}; it has {sorted(versions)}.")
        return {"subject": subject, "version": wanted, "id": versions[wanted], "schema": self._text(versions[wanted])}

    def version_schema(self, subject: str, number: str) -> Any:
        return self.lock.schemas[self.version(subject, number)["id"]].schema

    def by_id(self, id_: str) -> dict[str, Any]:
        return {"schema": self._text(self._released(id_).id)}

    def schema_by_id(self, id_: str) -> Any:
        return self._released(id_).schema

    def versions_of_id(self, id_: str) -> list[dict[str, Any]]:
        wanted = self._released(id_).id
        return [
            {"subject": subject, "version": version}
            for subject in self.subjects()
            for version, one in sorted(self.lock.subjects[subject].items())
            if one == wanted
        ]

    def subjects_of_id(self, id_: str) -> list[str]:
        return [one["subject"] for one in self.versions_of_id(id_)]

    def look_up(self, subject: str, body: Any) -> dict[str, Any]:
        """Return the version of a subject that a posted schema is; docs and white space do not count."""
        posted = _fingerprint(body)
        for version, id_ in sorted(self._versions(subject).items(), reverse=True):
            if self.lock.schemas[id_].fingerprint == posted:
                return {"subject": subject, "version": version, "id": id_, "schema": self._text(id_)}
        raise Refusal(404, 40403, f"Schema not found under subject {subject}.")

    def register(self, subject: str, body: Any) -> dict[str, Any]:
        """Return the id of a schema that was released; a new one is refused."""
        try:
            return {"id": self.look_up(subject, body)["id"]}
        except Refusal as refusal:
            if refusal.code not in (40401, 40403):
                raise
        message = f"Subject {subject} is in read-only mode: schemas are released by python -m schemas release."
        raise Refusal(422, 42205, message)

    def _versions(self, subject: str) -> Mapping[int, int]:
        if subject not in self.lock.subjects:
            raise Refusal(404, 40401, f"Subject {subject} not found.")
        return self.lock.subjects[subject]

    def _released(self, id_: str) -> Released:
        released = self.lock.schemas.get(_number(id_, 40403, "schema id"))
        if released is None:
            raise Refusal(404, 40403, f"Schema {id_} not found.")
        return released

    def _text(self, id_: int) -> str:
        return json.dumps(self.lock.schemas[id_].schema, separators=(",", ":"), ensure_ascii=False)


def registry_app(lock: Lock) -> App:
    """Return the ASGI application that answers from a lock."""
    routes = _routes(Registry(lock))

    async def app(scope: Mapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]):
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        body = await _body(receive)
        status, answer = _answer(routes, scope["method"], scope["path"], body)
        headers = [(b"content-type", CONTENT_TYPE)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        content = b"" if scope["method"] == "HEAD" else json.dumps(answer, ensure_ascii=False).encode()
        await send({"type": "http.response.body", "body": content})

    return app


def _routes(registry: Registry) -> list[tuple[str, re.Pattern[str], Callable[..., Any]]]:
    """Return method, path and answer of every route; a function takes the path's parts, of a POST also the body."""
    one = "([^/]+)"
    table = [
        ("GET", "/", dict),
        ("GET", "/subjects", registry.subjects),
        ("GET", f"/subjects/{one}/versions", registry.versions),
        ("GET", f"/subjects/{one}/versions/{one}", registry.version),
        ("GET", f"/subjects/{one}/versions/{one}/schema", registry.version_schema),
        ("GET", f"/subjects/{one}/versions/{one}/referencedby", lambda subject, version: []),
        ("GET", "/schemas/types", lambda: ["AVRO"]),
        ("GET", f"/schemas/ids/{one}", registry.by_id),
        ("GET", f"/schemas/ids/{one}/schema", registry.schema_by_id),
        ("GET", f"/schemas/ids/{one}/versions", registry.versions_of_id),
        ("GET", f"/schemas/ids/{one}/subjects", registry.subjects_of_id),
        ("GET", f"/config(?:/{one})?", lambda subject: {"compatibilityLevel": COMPATIBILITY}),
        ("GET", f"/mode(?:/{one})?", lambda subject: {"mode": "READONLY"}),
        ("POST", f"/subjects/{one}", registry.look_up),
        ("POST", f"/subjects/{one}/versions", registry.register),
    ]
    return [(method, re.compile(path), answer) for method, path, answer in table]


def _answer(routes: list, method: str, path: str, body: bytes) -> Answer:
    """Return status and JSON for one request."""
    method = "GET" if method == "HEAD" else method
    path = path.rstrip("/") or "/"
    known = False
    for wanted, pattern, answer in routes:
        if match := pattern.fullmatch(path):
            known = True
            if wanted == method:
                try:
                    return 200, answer(*match.groups(), *([_json(body)] if method == "POST" else []))
                except Refusal as refusal:
                    return refusal.status, {"error_code": refusal.code, "message": refusal.message}
    if known:
        return 405, {"error_code": 405, "message": f"{method} is not answered here: this registry is read-only."}
    return 404, {"error_code": 404, "message": f"No route {path}."}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Refusal(422, 42201, "The body is not JSON.") from None


def _fingerprint(body: Any) -> str:
    """Return the fingerprint of a posted schema; Refusal when there is none that could be one of ours."""
    try:
        return fingerprint(json.loads(body["schema"]))
    except (ValueError, TypeError, KeyError):
        raise Refusal(422, 42201, "Invalid schema: want {'schema': '<an Avro schema as JSON text>'}.") from None


def _number(text: str, code: int, what: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text):
        raise Refusal(404 if code == 40403 else 422, code, f"{text} is not a {what}.")
    return int(text)


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    """Return the body of a request; what is past the largest is dropped, and then is not JSON."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
    return b"".join(parts)


async def _answer_lifespan(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
