"""Photos and people as JSON: finished cards from the projections, and around them what changes and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from api.calls import Call
from api.photo_cards import hydrated, liked_among
from api.visibility import Account, Viewer
from projections.hydration import HydratedPhoto
from schemas.object_keys import PIXELS


def account_of(photo: HydratedPhoto) -> Account | None:
    """Return what filters need of a photo's owner; names stay in the card."""
    card = photo.owner
    return None if card is None else Account(photo.owner_id, "", "", card.private, card.deactivated, card.gone)


async def read_photos(call: Call, photo_ids: Sequence[int]) -> tuple[dict[int, HydratedPhoto], set[int] | None]:
    """Return photos by id, and which of them the reader likes (None without a reader)."""
    if not call.me:
        return await hydrated(call, photo_ids), None
    photos, likes = await asyncio.gather(hydrated(call, photo_ids), liked_among(call, call.me, photo_ids))
    return photos, likes


def photo_json(call: Call, photo: HydratedPhoto, likes: set[int] | None, extra: bytes = b"") -> bytes:
    """Return a photo as clients see it. `extra` is further JSON fields, with a comma before."""
    told = b"" if likes is None else b',"liked":true' if photo.photo_id in likes else b',"liked":false'
    private = photo.owner is not None and photo.owner.private
    prefix = call.origin
    if private:
        prefix += call.context.signer.prefix(photo.photo_id, call.context.now_ms())
    return b'%b,"owner":%b,"images":{%b},"counts":{"likes":%d,"comments":%d}%b%b}' % (
        photo.json[:-1],
        photo.owner.json if photo.owner is not None else b"null",
        images_json(prefix, photo.photo_id),
        photo.likes,
        photo.comments,
        told,
        extra,
    )


def images_json(prefix: str, photo_id: int) -> bytes:
    """Return the fields of `images`: a URL for each size."""
    return ",".join(f'"{pixels}":"{prefix}/photos/{photo_id}/{pixels}.jpg"' for pixels in PIXELS).encode()


async def show_photos(
    call: Call, photo_ids: Sequence[int], visible: Callable[[Viewer, Account | None, str], bool]
) -> list[bytes | None]:
    """Return photos as JSON in the order of their ids, None for each that the filter hides."""
    viewer = await call.viewer()
    photos, likes = await read_photos(call, photo_ids)
    shown: list[bytes | None] = []
    for photo_id in photo_ids:
        photo = photos.get(photo_id)
        seen = photo is not None and visible(viewer, account_of(photo), photo.state)
        shown.append(photo_json(call, photo, likes) if seen else None)
    return shown


async def show_people(
    call: Call, user_ids: Iterable[int], visible: Callable[[Viewer, Account | None], bool]
) -> list[bytes | None]:
    """Return people as JSON in the order of their ids, None for each that the filter hides."""
    wanted = tuple(user_ids)
    viewer = await call.viewer()
    known: Mapping[int, Account] = await call.context.people.many(wanted)
    return [known[user_id].card if user_id in known and visible(viewer, known[user_id]) else None for user_id in wanted]
