"""Image files: served by id and size to whoever may see the photo, under a permission that is asked for every time.

The bytes never change and may be cached for ever; whether they are given is decided at each request here. A private
account's images are named by a signed path, which lives ten minutes.
"""

from __future__ import annotations

import hashlib
import re

from api.calls import Call
from api.photo_cards import known_photo
from api.problems import Problem, not_found
from api.routes import Answer
from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from streams.producer import ObjectMissing

JPEG = "image/jpeg"
PUBLIC = "public, max-age=31536000, immutable"
# As long as the signature lives: what a browser keeps longer would outlive the permission.
PRIVATE = "private, max-age={}"
_FILES = {f"{pixels}.jpg": pixels for pixels in PIXELS}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def serve_image(call: Call) -> Answer:
    """Serve one variant: 200, 206, 304 or 416; 404 that nobody keeps while it may not be served, or is not made."""
    try:
        return await _serve(call)
    except Problem as problem:
        problem.headers.setdefault("Cache-Control", "no-store")
        raise


async def _serve(call: Call) -> Answer:
    photo_id = call.id("photo_id", "image")
    pixels = _FILES.get(call.params["file"])
    photo = await known_photo(call, photo_id)
    if pixels is None or photo is None or photo.state != "ready" or pixels not in photo.variants:
        raise not_found("image")
    owner = photo.owner
    if owner is None or owner.gone or owner.deactivated:
        raise not_found("image")
    signature = call.params.get("signature")
    if signature is None:
        if owner.private:
            raise not_found("image")
        return await _send(call, variant_key(photo_id, pixels), PUBLIC)
    signer, now_ms = call.context.signer, call.context.now_ms()
    if not signer.allows(signature, photo_id, now_ms):
        raise not_found("image")
    return await _send(call, variant_key(photo_id, pixels), PRIVATE.format(signer.seconds_left(signature, now_ms)))


async def _send(call: Call, key: str, caching: str) -> Answer:
    objects = call.context.objects
    try:
        found = await objects.stat(VARIANTS, key)
        etag = f'"{found.etag}"'
        headers = {"ETag": etag, "Cache-Control": caching, "Accept-Ranges": "bytes"}
        if _matches(call.header(b"if-none-match"), etag):
            return Answer(304, b"", JPEG, headers)
        if call.route.method == "HEAD":
            return Answer(200, b"", JPEG, {**headers, "Content-Length": str(found.size_bytes)})
        part = wanted_part(call.header(b"range"), call.header(b"if-range"), etag, found.size_bytes)
        if part is None:
            return Answer(200, await objects.get(VARIANTS, key), JPEG, headers)
        first, last = part
        headers["Content-Range"] = f"bytes {first}-{last}/{found.size_bytes}"
        pieces = [piece async for piece in objects.stream(VARIANTS, key, first, last - first + 1)]
        return Answer(206, b"".join(pieces), JPEG, headers)
    except ObjectMissing as cause:
        raise not_found("image") from cause


async def is_original(call: Call, photo_id: int, content: bytes) -> bool:
    """Return whether a photo was made of these bytes, as far as its original is still there."""
    objects, key = call.context.objects, original_key(photo_id)
    try:
        if (await objects.stat(ORIGINALS, key)).size_bytes != len(content):
            return False
        kept = hashlib.sha256()
        async for piece in objects.stream(ORIGINALS, key):
            kept.update(piece)
        return kept.digest() == hashlib.sha256(content).digest()
    except ObjectMissing:
        return True


def _matches(header: str | None, etag: str) -> bool:
    """Return whether `If-None-Match` names the tag; weakly compared, as it must be."""
    if header is None:
        return False
    return header.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in header.split(","))


def wanted_part(header: str | None, if_range: str | None, etag: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of a range, None for the whole; 416 when nothing of it is there.

    Several ranges, units other than bytes and an outdated `If-Range` are answered with the whole, as HTTP allows.
    """
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    match = _RANGE.fullmatch(header.strip().replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    if match[1] == "":
        first, last = max(0, size - int(match[2])), size - 1
        nothing = int(match[2]) == 0
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        nothing = first >= size
        if match[2] and int(match[2]) < first:
            return None
    if nothing or size == 0:
        raise Problem(416, f"The image has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return first, last
