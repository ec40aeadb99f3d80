"""Signed paths of private images: a permission that travels in the URL and lives ten minutes."""

from __future__ import annotations

import base64
import hashlib
import hmac

LIFETIME_SECONDS = 600


class Signer:
    """Signs paths of private images with a key of its own, derived from the secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"images\0" + secret.encode()).digest()

    def prefix(self, photo_id: int, now_ms: int) -> str:
        """Return what goes before `/photos/...` of a private photo: `/s/{expiry}.{signature}`."""
        expiry = now_ms // 1000 + LIFETIME_SECONDS
        return f"/s/{expiry}.{self._sign(photo_id, expiry)}"

    def allows(self, signature: str, photo_id: int, now_ms: int) -> bool:
        """Return whether a signature of the path is ours, for this photo, and not too old."""
        expiry, _, given = signature.partition(".")
        if not (expiry.isascii() and expiry.isdecimal() and len(expiry) <= 12 and given.isascii()):
            return False
        return int(expiry) * 1000 > now_ms and hmac.compare_digest(given, self._sign(photo_id, int(expiry)))

    def seconds_left(self, signature: str, now_ms: int) -> int:
        """Return for how long a signature that is allowed will be; a second that has begun counts."""
        expiry = int(signature.partition(".")[0])
        return -((now_ms - expiry * 1000) // 1000)

    def _sign(self, photo_id: int, expiry: int) -> str:
        digest = hmac.digest(self._key, f"{expiry}:{photo_id}".encode(), "sha256")[:16]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
