"""Who is asking: access tokens made and read, with a bounded memory of those already checked."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt

from api.problems import unauthorized

ALGORITHM = "HS256"
LIFETIME_SECONDS = 30 * 24 * 3600
# 20,000 tokens of about 250 B are 5 MB; checking one costs 20 us, remembering saves nearly all of it.
_REMEMBERED = 20_000


class Tokens:
    """Makes and checks JWTs of one secret; `sub` is the user id in decimal."""

    def __init__(self, secret: str, now_seconds: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._now_seconds = now_seconds
        self._checked: dict[str, tuple[int, float]] = {}

    def make(self, user_id: int) -> str:
        """Return a token for a person, good for thirty days."""
        now = int(self._now_seconds())
        claims = {"sub": str(user_id), "iat": now, "exp": now + LIFETIME_SECONDS}
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def user_of(self, token: str) -> int:
        """Return the user id that a token names; 401 when it is malformed, forged or expired."""
        checked = self._checked.get(token)
        if checked is None:
            checked = self._check(token)
            if len(self._checked) >= _REMEMBERED:
                # The oldest goes: dictionaries keep the order of insertion.
                del self._checked[next(iter(self._checked))]
            self._checked[token] = checked
        user_id, expires_at = checked
        if expires_at <= self._now_seconds():
            del self._checked[token]
            raise unauthorized("The token has expired; ask for a new one.")
        return user_id

    def _check(self, token: str) -> tuple[int, float]:
        try:
            claims = jwt.decode(token, self._secret, algorithms=[ALGORITHM], options={"require": ["exp", "sub"]})
        except jwt.ExpiredSignatureError as cause:
            raise unauthorized("The token has expired; ask for a new one.") from cause
        except (jwt.PyJWTError, ValueError) as cause:
            raise unauthorized("The token is not one of ours, or is damaged.") from cause
        subject = claims["sub"]
        if not (isinstance(subject, str) and subject.isascii() and subject.isdecimal() and len(subject) <= 19):
            raise unauthorized("The token's `sub` is no user id.")
        if int(subject) >= 1 << 63:
            raise unauthorized("The token's `sub` is larger than any user id.")
        return int(subject), float(claims["exp"])


def bearer(header: str | None) -> str | None:
    """Return the token in an `Authorization` header, None without a header; 401 when it is not `Bearer <token>`."""
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthorized("Authorization: wanted `Bearer <token>`.")
    return token
