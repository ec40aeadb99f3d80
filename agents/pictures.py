"""Variants of a photo: one shrunk decode, then each size made from the next larger one.

The one place that imports libvips. The same bytes in give the same bytes out (I2 reaches as far as here, though the work is
an effect), so that repeating it replaces objects by themselves. Nothing here waits or stores: `agents.resize` does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import pyvips

from schemas.object_keys import PIXELS
from schemas.picture_header import JPEG, PictureRefused, read_header

_QUALITY = 80
_WHITE = 255
_LARGEST = max(PIXELS)
# libjpeg can decode at a half, a quarter or an eighth of the size for little work.
_SHRINKS = (8, 4, 2)

# A progressive JPEG is decoded once a scan, at about 1,000 megapixels a second: 4,000 are 4 s, within the 10 s that a
# rejection may take. Cameras write about ten scans, which leaves 400 megapixels of them, four times what is allowed.
MOST_SCANNED_PIXELS = 4_000_000_000
_SCAN = b"\xff\xda"

# A picture that cannot be streamed is held whole: at most 100 megapixels x 8 bytes (16-bit RGBA) or x 6 (progressive)
# = 800 MB. Above this size they wait for one another; below, each is at most 25 x 8 = 200 MB.
_LARGE_PIXELS = 25_000_000

CUT_OFF = "The file is cut off or damaged; please upload it again."
TOO_COSTLY = "The JPEG has too many scans for its size; please save it as a plain one."


class Undecodable(Exception):
    """The original cannot be decoded; the message is in words for its owner."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant as a JPEG file. `pixels` is the box that it fits; sizes in px, also of the oriented original."""

    pixels: int
    width: int
    height: int
    original_width: int
    original_height: int
    body: bytes


class Darkroom:
    """Makes variants under limits that hold for the whole process. Build one for each process, before its threads."""

    def __init__(self) -> None:
        # Only loaders that libvips trusts with hostile files, and of those only ours: no SVG, PDF or the like gets in.
        pyvips.block_untrusted_set(True)
        pyvips.operation_block_set("VipsForeignLoad", True)
        pyvips.operation_block_set("VipsForeignLoadJpeg", False)
        pyvips.operation_block_set("VipsForeignLoadPng", False)
        # One thread a picture: throughput comes from many pictures, and order within one stays fixed.
        pyvips.concurrency_set(1)
        # No picture is asked for twice, so that remembered operations only hold memory.
        pyvips.cache_set_max(0)
        self._one_large = Lock()

    def variants(self, original: bytes) -> Iterator[Variant]:
        """Yield the variants of an original (a JPEG or PNG file), the smallest first; raises Undecodable.

        All are decoded and resized before the first is yielded; each is encoded when it is asked for.
        """
        try:
            header = read_header(original)
        except PictureRefused as refused:
            raise Undecodable(refused.detail) from refused
        scans = original.count(_SCAN) if header.content_type == JPEG else 1
        if scans * header.width * header.height > MOST_SCANNED_PIXELS:
            raise Undecodable(TOO_COSTLY)
        try:
            if header.width * header.height > _LARGE_PIXELS:
                with self._one_large:
                    width, height, chain = _chain(original, header.content_type)
            else:
                width, height, chain = _chain(original, header.content_type)
        except pyvips.Error as cause:
            raise Undecodable(CUT_OFF) from cause
        for pixels in PIXELS:
            image = chain[pixels]
            body = image.jpegsave_buffer(Q=_QUALITY, keep="icc")
            yield Variant(pixels, image.width, image.height, width, height, body)


def fitted(width: int, height: int, pixels: int) -> tuple[int, int]:
    """Return the size that fits `pixels` x `pixels`: aspect kept, never enlarged, at least 1 x 1."""
    scale = min(1.0, pixels / max(width, height))
    # Halves go up, as they do in libvips; Python would round them to even.
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))


def _chain(original: bytes, content_type: str) -> tuple[int, int, dict[int, pyvips.Image]]:
    """Return the oriented original's size, and the image for each box, held in memory."""
    image, stored = _decoded(original, content_type)
    # The largest is made while the file streams by, lying as stored; turning needs it in memory, where it is small.
    first = _resized(_on_white(image), *fitted(*stored, _LARGEST))
    first = _in_srgb(first).copy_memory().autorot()
    turned = image.get_typeof("orientation") and image.get("orientation") >= 5
    width, height = stored[::-1] if turned else stored
    chain = {_LARGEST: first}
    for larger, smaller in pairwise(sorted(PIXELS, reverse=True)):
        chain[smaller] = _resized(chain[larger], *fitted(width, height, smaller)).copy_memory()
    return width, height, chain


def _decoded(original: bytes, content_type: str) -> tuple[pyvips.Image, tuple[int, int]]:
    """Open the first frame, shrunk as far as it stays at least as large as the largest variant; and the stored size."""
    options = {"access": "sequential", "fail_on": "truncated"}
    if content_type != JPEG:
        image = pyvips.Image.pngload_buffer(original, **options)
        return image, (image.width, image.height)
    image = pyvips.Image.jpegload_buffer(original, **options)
    stored = (image.width, image.height)
    # A side must not shrink to nothing: 20,000 x 1 px is a picture too.
    shrink = next((by for by in _SHRINKS if max(stored) // by >= _LARGEST and min(stored) >= by), 1)
    if shrink > 1:
        image = pyvips.Image.jpegload_buffer(original, shrink=shrink, **options)
    return image, stored


def _on_white(image: pyvips.Image) -> pyvips.Image:
    """Put what is transparent on white."""
    if not image.hasalpha():
        return image
    white = 65_535 if image.format == "ushort" else _WHITE
    return image.flatten(background=[white], max_alpha=white)


def _resized(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Resize to exactly this size; the image itself when it has it already."""
    if (image.width, image.height) == (width, height):
        return image
    return image.resize(width / image.width, vscale=height / image.height)


def _in_srgb(image: pyvips.Image) -> pyvips.Image:
    """Convert to 8-bit sRGB by the embedded profile; a CMYK picture without one by a usual press profile."""
    if image.get_typeof("icc-profile-data") or image.interpretation == "cmyk":
        usual = "cmyk" if image.interpretation == "cmyk" else "srgb"
        return image.icc_transform("srgb", embedded=True, input_profile=usual, intent="perceptual", depth=8)
    return image.colourspace("srgb")
