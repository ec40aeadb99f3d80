"""The ASGI application: Litestar serves the catalogue of routes, and the feed is answered before it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import unquote

from litestar import Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response
from litestar.types import ASGIApp

from api.answering import answer_request
from api.catalog import ROUTES
from api.context import Context
from api.openapi import describe
from api.problems import MEDIA_TYPE, Problem
from api.routes import Answer, Route
from api.shedding import too_busy

Open = Callable[[], AbstractAsyncContextManager[Context]]
WITHOUT_BODY = (204, 304)
# Asked by those who look after a process that has too much to do.
SPARED = frozenset({"/healthz", "/readyz", "/metrics"})


class Api:
    """All of the HTTP interface. `opens` yields the context once the server's event loop runs."""

    def __init__(self, opens: Open) -> None:
        self._opens = opens
        self.context: Context | None = None
        busy = too_busy()
        self._too_busy = Answer(busy.status, busy.body(), MEDIA_TYPE, busy.headers)
        self._hot = {(route.method, route.path): route for route in ROUTES if route.hot}
        self._litestar = Litestar(
            [self._served(route) for route in ROUTES],
            lifespan=[self._lifespan],
            exception_handlers={HTTPException: _as_problem, Exception: _as_mistake},
            openapi_config=None,
            # Bodies are limited where they are read: a form may be larger than JSON.
            request_max_body_size=None,
            logging_config=None,
        )

    async def __call__(self, scope: Any, receive: Callable, send: Callable) -> None:
        """Answer hot routes at once, hand everything else to Litestar, and refuse what is more than this process carries."""
        if scope["type"] != "http":
            await self._litestar(scope, receive, send)
        elif (load := self.context.load).requests >= load.requests_most and scope["path"] not in SPARED:
            self.context.metrics.answered(scope["method"], "refused under load", 503, 0.0)
            await send_answer(self._too_busy, send)
        else:
            load.requests += 1
            try:
                await self._answer(scope, receive, send)
            finally:
                load.requests -= 1

    async def _answer(self, scope: Any, receive: Callable, send: Callable) -> None:
        if (route := self._hot.get((scope["method"], scope["path"]))) is not None:
            await send_answer(await answer_request(self.context, route, scope, receive, {}), send)
        else:
            # A slash within a place arrives as %2F and must not part the path: it stays quoted until the route has it.
            raw = scope.get("raw_path")
            if raw and (b"%2" in raw or b"%25" in raw):
                kept = raw.decode("latin-1").replace("%25", "%2525").replace("%2F", "%252F").replace("%2f", "%252F")
                scope = {**scope, "path": unquote(kept, errors="surrogateescape")}
            await self._litestar(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        async with self._opens() as context:
            context.description = describe(ROUTES)
            self.context = context
            yield

    def _served(self, route: Route) -> HTTPRouteHandler:
        """Return the Litestar handler of one route."""

        async def serve(request: Request) -> ASGIApp:
            params = {name: _unquoted(value) for name, value in request.path_params.items()}
            answer = await answer_request(self.context, route, request.scope, request.receive, params)
            return lambda _scope, _receive, send: send_answer(answer, send)

        path = route.path.replace("}", ":str}")
        # The status is the answer's own; this one only keeps Litestar from assuming 204 for a DELETE.
        return HTTPRouteHandler(path, http_method=route.method, status_code=200, name=f"{route.method} {route.path}")(serve)


def _unquoted(value: str) -> str:
    return unquote(value) if "%" in value else value


async def send_answer(answer: Answer, send: Callable) -> None:
    """Send an answer over plain ASGI."""
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status not in WITHOUT_BODY:
        headers.append((b"content-type", answer.media_type.encode()))
        if "Content-Length" not in answer.headers:
            headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _as_problem(_request: Request, error: HTTPException) -> Response:
    """Answer what Litestar itself refuses: an unknown path, a method that is not there."""
    detail = {
        404: "There is no such path; GET /openapi.json lists those there are.",
        405: "This path has no such method; Allow lists those it has.",
    }.get(error.status_code, error.detail)
    problem = Problem(error.status_code, detail)
    return Response(problem.body(), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(error.headers or {}))


def _as_mistake(_request: Request, _error: Exception) -> Response:
    """Answer what should not have happened."""
    problem = Problem(500, "Darkroom made a mistake; it is written in the log.")
    return Response(problem.body(), status_code=500, media_type=MEDIA_TYPE)
