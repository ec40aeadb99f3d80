"""Problem documents (RFC 9457): the one form in which the API says no."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1


class Problem(Exception):
    """An answer of 4xx or 5xx. `errors` names fields and what is wrong with each; `detail` is written to the client."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """Return the document as JSON."""
        document: dict = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        return msgspec.json.encode(document)


def unauthorized(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def forbidden(detail: str) -> Problem:
    return Problem(403, detail)


def not_found(what: str) -> Problem:
    return Problem(404, f"There is no {what} here that you may see.")


def invalid(field: str, message: str) -> Problem:
    """One field, query parameter, cursor or header is wrong: 422."""
    return Problem(422, f"{field}: {message}", ((field, message),))


def too_large(detail: str) -> Problem:
    return Problem(413, detail)


def wrong_type(detail: str) -> Problem:
    return Problem(415, detail)


def unavailable(detail: str, retry_after_seconds: int = RETRY_AFTER_SECONDS) -> Problem:
    return Problem(503, detail, headers={"Retry-After": str(retry_after_seconds)})
