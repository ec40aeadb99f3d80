"""Cursors of pages: opaque to clients, bound to one list and one sort, so that a foreign one is told."""

from __future__ import annotations

import base64
import binascii

import msgspec

# A name of 80 characters of at most 4 B, two keys of at most 9 B, 4 B around them: 342 B, 456 characters in base64.
_MAX_CHARACTERS = 456


class ForeignCursor(ValueError):
    """The cursor is not one of this list and sort."""


def make_cursor(list_name: str, *keys: int | str) -> str:
    """Return the cursor after the item with these sort keys."""
    packed = msgspec.msgpack.encode([list_name, *keys])
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_cursor(text: str, list_name: str, *kinds: type) -> tuple:
    """Return the sort keys in a cursor, one of each of `kinds`; `ForeignCursor` when it is another list's, or no cursor."""
    try:
        if len(text) > _MAX_CHARACTERS or not text.isascii():
            raise ValueError("too long")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.msgpack.decode(raw)
    except (ValueError, binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as cause:
        raise ForeignCursor("not a cursor; take `next` of the page before") from cause
    if not isinstance(found, list) or not found or found[0] != list_name:
        raise ForeignCursor("a cursor of another list or sort; start again without one")
    keys = found[1:]
    if len(keys) != len(kinds) or any(type(key) is not kind for key, kind in zip(keys, kinds, strict=True)):
        raise ForeignCursor("not a cursor; take `next` of the page before")
    if any(isinstance(key, int) and abs(key) >= 1 << 63 for key in keys):
        raise ForeignCursor("not a cursor; take `next` of the page before")
    return tuple(keys)
