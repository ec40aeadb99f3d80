"""How a viewer that minds EXIF shows a JPEG file, for tests."""

from typing import NamedTuple

import pyvips


class Shown(NamedTuple):
    """Size in pixels, and the colours near the corners, clockwise from the upper left."""

    size: tuple[int, int]
    corners: tuple[tuple[float, ...], ...]


def shown_pixels(jpeg: bytes) -> Shown:
    image = pyvips.Image.new_from_buffer(jpeg, "").autorot()
    right, bottom = image.width - 4, image.height - 4
    places = ((3, 3), (right, 3), (right, bottom), (3, bottom))
    return Shown((image.width, image.height), tuple(tuple(image.getpoint(x, y)) for x, y in places))
