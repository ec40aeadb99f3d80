"""Photo cards in Redis: `{s0001}card.1:<photo>`, what hydration needs: owner, state, variants and finished JSON.

Answers: what is shown of this photo, but for its owner's name, its counts, its images and whether the reader likes it?
The string is 8 bytes of owner id, one of state, one bit for each variant, then the JSON.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from projections.rows import PhotoRow, PhotoState
from projections.structure import Strings
from schemas.ids import shard_of, time_of

_STATES = (PhotoState.PROCESSING, PhotoState.READY, PhotoState.REJECTED, PhotoState.DELETED)
VARIANTS = (150, 320, 640, 1080)


class PhotoCard(NamedTuple):
    """The static part of a photo. `json` is a finished object; `variants` are the pixel sizes that are ready."""

    owner_id: int
    state: PhotoState
    variants: tuple[int, ...]
    json: bytes


def encode(row: PhotoRow) -> bytes:
    """Return the card of a photo; a deleted one keeps a card without content, as its tombstone."""
    state = PhotoState(row.state)
    mask = sum(1 << VARIANTS.index(pixels) for pixels in row.variants)
    return row.owner_id.to_bytes(8, "big") + bytes((_STATES.index(state), mask)) + _json(row, state)


def _json(row: PhotoRow, state: PhotoState) -> bytes:
    shown = {"id": str(row.photo_id), "state": state.value}
    if state != PhotoState.DELETED:
        if row.reason is not None:
            shown["reason"] = row.reason
        shown |= {"caption": row.caption, "tags": row.tags, "place": row.place}
        shown |= {"width": row.width, "height": row.height, "created_at": time_text(time_of(row.photo_id))}
    return msgspec.json.encode(shown)


def time_text(time_ms: int) -> str:
    """Return a Unix time in ms as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


# The variants of each of the sixteen masks.
_OF_MASK = tuple(tuple(p for bit, p in enumerate(VARIANTS) if mask >> bit & 1) for mask in range(16))


def decode(value: bytes) -> PhotoCard:
    """Return the card that a string holds."""
    return PhotoCard(int.from_bytes(value[:8], "big"), _STATES[value[8]], _OF_MASK[value[9]], value[10:])


STRUCTURE = Strings(
    "photo_cards",
    family="card",
    shard=lambda row, _shards: shard_of(row.photo_id),
    suffix=lambda row: str(row.photo_id),
    value=lambda row: None if row.state == PhotoState.CLEARED else encode(row),
)
