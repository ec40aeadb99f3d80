"""The OpenAPI 3.1 description, made of the routes' declarations, so that it cannot say what is not served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from api.bodies import Upload
from api.routes import IGNORED, JSON, OPTIONAL, REQUIRED, Route

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_QUERY: dict[str, dict] = {
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "description": "Items a page."},
    "cursor": {"schema": {"type": "string"}, "description": "`next` of the page before, of the same list and sort."},
    "sort": {"schema": {"type": "string", "enum": ["newest", "oldest", "top"], "default": "newest"}},
    "at": {"schema": {"type": "string", "format": "date-time"}, "description": "The moment to look at; absent: now."},
}
_PATH: dict[str, dict] = {
    "user": {"schema": {"type": "string"}, "description": "User id; for a profile also `@username`."},
    "photo_id": {"schema": {"type": "string", "pattern": "^[0-9]{1,19}$"}},
    "comment_id": {"schema": {"type": "string", "pattern": "^[0-9]{1,19}$"}},
    "file": {"schema": {"type": "string", "enum": ["150.jpg", "320.jpg", "640.jpg", "1080.jpg"]}},
}
_AFTER = {
    "name": "Darkroom-After", "in": "header", "schema": {"type": "string"},
    "description": "Positions, separated by commas: waits up to 2 s until the answer covers them.",
}  # fmt: skip
_KEY = {
    "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    "description": "The same key gives the same answer for 24 hours, and no second effect.",
}  # fmt: skip
_POSITION = {"schema": {"type": "string"}, "description": "Opaque; send it back as Darkroom-After."}
_AS_OF = {"schema": {"type": "string", "format": "date-time"}, "description": "Complete up to this event time."}
_STALE = {"schema": {"type": "string", "enum": ["true"]}, "description": "The positions asked for were not reached in time."}
_INCOMPLETE = {"schema": {"type": "string", "enum": ["true"]}, "description": "The list is being restored and may lack some."}
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "JPEG or PNG, at most 10,485,760 bytes."},
        "caption": {"type": "string", "maxLength": 2200},
        "place": {"type": "string", "maxLength": 100},
    },
}


class FieldProblem(msgspec.Struct):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(msgspec.Struct):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


def describe(routes: Sequence[Route]) -> bytes:
    """Return the description of routes as JSON."""
    answered = [type_ for route in routes for type_ in route.answers.values() if _is_struct(type_)]
    sent = [route.body for route in routes if route.body is not None and route.body is not Upload]
    types = list(dict.fromkeys([*answered, *sent, Problem]))
    refs, components = msgspec.json.schema_components(types, ref_template=_REF)
    schemas = dict(zip(types, refs, strict=True))
    paths: dict[str, dict] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Darkroom", "version": "1", "description": "The backend of a photo-sharing network."},
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            },
        }
    )


def _is_struct(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, msgspec.Struct)


def _operation(route: Route, schemas: dict[type, dict]) -> dict:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.answer.__name__}" + ("_signed" if "{signature}" in route.path else ""),
        "summary": route.says,
        "description": (route.answer.__doc__ or "").strip(),
        "tags": [route.group],
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.token != IGNORED:
        operation["security"] = [{"token": []}] if route.token == REQUIRED else [{}, {"token": []}]
    if route.body is Upload:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
    elif route.body is not None:
        operation["requestBody"] = {"required": route.method != "PUT", "content": {JSON: {"schema": schemas[route.body]}}}
    return operation


def _parameters(route: Route) -> list[dict]:
    parameters = [
        {"name": name, "in": "path", "required": True, **_PATH.get(name, {"schema": {"type": "string"}})}
        for name in _PARAMETER.findall(route.path)
    ]
    parameters += [{"name": name, "in": "query", "required": False, **_QUERY[name]} for name in route.query]
    if route.token != IGNORED:
        parameters.append(_AFTER)
    if route.method == "POST":
        parameters.append(_KEY)
    return parameters


def _responses(route: Route, schemas: dict[type, dict]) -> dict:
    headers = {} if route.token == IGNORED else {"Darkroom-Position": _POSITION, "Darkroom-Stale": _STALE}
    if route.method == "GET" and route.reads:
        headers["Darkroom-As-Of"] = _AS_OF
    if "cursor" in route.query:
        headers["Darkroom-Incomplete"] = _INCOMPLETE
    responses: dict[str, Any] = {}
    for status, type_ in route.answers.items():
        said: dict[str, Any] = {"description": type_ if isinstance(type_, str) else HTTPStatus(status).phrase}
        if _is_struct(type_):
            said["content"] = {JSON: {"schema": schemas[type_]}}
        if headers:
            said["headers"] = headers
        responses[str(status)] = said
    problem = {"application/problem+json": {"schema": schemas[Problem]}}
    for status in _refusals(route):
        responses.setdefault(str(status), {"description": HTTPStatus(status).phrase, "content": problem})
    return responses


def _refusals(route: Route) -> list[int]:
    refusals = [] if route.path.startswith(("/healthz", "/metrics", "/openapi", "/docs", "/v1/status")) else [503]
    if route.token in (REQUIRED, OPTIONAL):
        refusals += [401, 422]
    if route.path != "/v1/feed" and ("{" in route.path):
        refusals.append(404)
    if route.method not in ("GET", "HEAD") and route.token == REQUIRED:
        refusals.append(403)
    if route.body is not None:
        refusals += [413, 415]
    if route.limited:
        refusals.append(429)
    return sorted(refusals)
