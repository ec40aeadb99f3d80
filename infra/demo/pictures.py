"""Light, noise and shapes for made-up photographs, in linear light, and the film that turns them into JPEG files.

All images are floats of one or three bands, 1.0 being white; a scene is painted at half its final size and enlarged, so
that a picture costs a few tenths of a second. What is painted stands in `landscapes` and `lights`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pyvips

Image = Any
Colour = tuple[float, float, float]

JPEG_QUALITY = 90
# Two worker threads paint two pictures at once; libvips' own threads on top would only contend.
pyvips.concurrency_set(1)
pyvips.cache_set_max(0)

# For each EXIF orientation, the transformation that stores an upright picture so that the tag turns it upright again.
STORE_AS: dict[int, Callable[[Image], Image]] = {
    1: lambda image: image,
    2: lambda image: image.fliphor(),
    3: lambda image: image.rot180(),
    4: lambda image: image.flipver(),
    5: lambda image: image.rot90().fliphor(),
    6: lambda image: image.rot270(),
    7: lambda image: image.rot270().fliphor(),
    8: lambda image: image.rot90(),
}


@dataclass(frozen=True)
class Canvas:
    """A size in pixels with the seed of everything random on it; `x` and `y` run from 0 to 1, left to right and down."""

    width: int
    height: int
    seed: int

    @property
    def random(self) -> Random:
        return Random(self.seed)

    @property
    def aspect(self) -> float:
        return self.width / self.height

    @property
    def x(self) -> Image:
        return pyvips.Image.xyz(self.width, self.height)[0] / self.width

    @property
    def y(self) -> Image:
        return pyvips.Image.xyz(self.width, self.height)[1] / self.height

    def flat(self, colour: Colour) -> Image:
        return pyvips.Image.black(self.width, self.height, bands=3).cast("float") + list(colour)

    def gradient(self, stops: Sequence[tuple[float, Colour]]) -> Image:
        """Colours down the picture: (y, colour) pairs in order, smooth between them."""
        values = array("f")
        for row in range(self.height):
            values.extend(colour_at(stops, row / self.height))
        column = pyvips.Image.new_from_memory(values.tobytes(), 1, self.height, 3, "float")
        return column.replicate(self.width, 1)

    def noise(self, cell: float, octaves: int, salt: int, wide: float = 1.0, gain: float = 0.5) -> Image:
        """Perlin noise summed over octaves, about -1 to 1; `cell` is a part of the height, `wide` stretches it sideways."""
        total, weight = None, 1.0
        columns = max(2, math.ceil(self.width / wide))
        for octave in range(octaves):
            size = max(2, round(self.height * cell) >> octave)
            layer = pyvips.Image.perlin(columns, self.height, cell_size=size, seed=self.seed * 131 + salt * 17 + octave)
            total = layer * weight if total is None else total + layer * weight
            weight *= gain
        if wide != 1.0:
            total = total.resize(self.width / columns, vscale=1.0, kernel="linear")
            total = total.extract_area(0, 0, min(self.width, total.width), self.height)
            total = total.embed(0, 0, self.width, self.height, extend="copy")
        return total.copy_memory()

    def distance(self, x: float, y: float, squeeze: float = 1.0) -> Image:
        """How far each pixel is from a point, in picture heights; `squeeze` above 1 makes rings upright ellipses."""
        across = (self.x - x) * (self.aspect * squeeze)
        return (across * across + (self.y - y) * (self.y - y)) ** 0.5

    def glow(self, x: float, y: float, radius: float, squeeze: float = 1.0) -> Image:
        """Light that falls off from 1 at a point, by e every `radius` picture heights."""
        return (self.distance(x, y, squeeze) * (-1.0 / radius)).exp()

    def below(self, line: Sequence[float]) -> Image:
        """A mask of 1 under a line that gives a height (0 top, 1 bottom) for each column, with smooth edges."""
        row = pyvips.Image.new_from_memory(array("f", line).tobytes(), self.width, 1, 1, "float")
        depth = self.y - row.replicate(1, self.height)
        return (depth * self.height + 0.5).clamp().copy_memory()

    def under(self, line: Sequence[float]) -> Image:
        """How far below the line each pixel is, in picture heights; negative above it."""
        row = pyvips.Image.new_from_memory(array("f", line).tobytes(), self.width, 1, 1, "float")
        return self.y - row.replicate(1, self.height)

    def drawing(self, shapes: str) -> tuple[Image, Image]:
        """Draw SVG in units of 1000 per picture height; the light of it (times its opacity), and its mask."""
        box = f'viewBox="0 0 {1000 * self.aspect:.1f} 1000" width="{self.width}" height="{self.height}"'
        text = f'<svg xmlns="http://www.w3.org/2000/svg" {box} preserveAspectRatio="none">{shapes}</svg>'
        drawn = pyvips.Image.svgload_buffer(text.encode())
        drawn = drawn.crop(0, 0, self.width, self.height).cast("float") / 255
        mask = drawn[3].copy_memory()
        return ((drawn[0:3] ** 2.2) * mask).copy_memory(), mask

    def warp(self, image: Image, across: Image, down: Image) -> Image:
        """Take each pixel from elsewhere: `across` and `down` in pixels, mirrored at the borders."""
        edge = 64
        grown = image.embed(edge, edge, self.width + 2 * edge, self.height + 2 * edge, extend="mirror")
        grid = pyvips.Image.xyz(self.width, self.height)
        places = (grid[0] + across + edge).bandjoin(grid[1] + down + edge)
        return grown.mapim(places.cast("float"))


def mix(under: Image, over: Image | Colour, mask: Image) -> Image:
    """Put one image, or a colour, over another where the mask is 1."""
    if isinstance(over, tuple):
        over = list(over)
        return under * (1 - mask) + mask.bandjoin([mask, mask]) * over
    return under * (1 - mask) + over * mask


def tint(light: Image, colour: Colour) -> Image:
    """Give light of one band a colour."""
    return light.bandjoin([light, light]) * list(colour)


def smooth(value: Image, low: float, high: float) -> Image:
    """0 below `low`, 1 above `high`, an S between."""
    step = ((value - low) / (high - low)).clamp()
    return step * step * (3 - 2 * step)


def soften(image: Image, radius: float) -> Image:
    """Blur by a radius in pixels; large ones are made small first, which looks the same and costs far less."""
    if radius < 1:
        return image
    factor = max(1, int(radius // 2))
    small = image.resize(1 / factor, kernel="linear") if factor > 1 else image
    small = small.gaussblur(radius / factor)
    if factor > 1:
        small = small.resize(image.width / small.width, vscale=image.height / small.height, kernel="cubic")
    return small.embed(0, 0, image.width, image.height, extend="copy").copy_memory()


def colour_at(stops: Sequence[tuple[float, Colour]], place: float) -> Colour:
    """The colour at a place between (place, colour) stops."""
    before = stops[0]
    for after in stops:
        if after[0] >= place:
            span = after[0] - before[0]
            part = (place - before[0]) / span if span > 0 else 0.0
            part = min(1.0, max(0.0, part))
            part = part * part * (3 - 2 * part)
            return tuple(a + (b - a) * part for a, b in zip(before[1], after[1], strict=True))  # type: ignore[return-value]
        before = after
    return stops[-1][1]


def expose(canvas: Canvas, scene: Image, width: int, height: int, exposure: float = 0.55, grain: float = 2.2) -> Image:
    """Turn light into a picture of 8-bit sRGB at its final size: lens, film curve, vignette, grain."""
    away = canvas.distance(0.5, 0.5) / (0.5 * math.hypot(canvas.aspect, 1.0))
    light = (scene * exposure * (1 - 0.42 * away * away * away)).copy_memory()
    grey = light.bandmean()
    light = ((grey + (light - grey) * 1.25).clamp(min=0, max=9) ** 1.12).copy_memory()
    bright = (light - 0.85).clamp(min=0, max=3)
    light = light + soften(bright, canvas.height * 0.02) * 0.5
    # The film's shoulder and toe in one curve (Narkowicz 2015).
    film = ((light * (2.51 * light + 0.03)) / (light * (2.43 * light + 0.59) + 0.14)).clamp()
    shown = ((film ** (1 / 2.2)) * 255).copy_memory()
    shown = shown.resize(width / shown.width, vscale=height / shown.height, kernel="cubic")
    return (shown.crop(0, 0, width, height) + film_grain(canvas.seed, width, height, grain)).cast("uchar").copy_memory()


def film_grain(seed: int, width: int, height: int, strength: float) -> Image:
    """Grain of one tile, repeated from a seeded place on; nobody sees the seams in noise."""
    tile = 640
    noise = pyvips.Image.gaussnoise(tile, tile, mean=0, sigma=strength, seed=seed)
    noise = noise.gaussblur(0.55) * 1.7
    across, down = math.ceil(width / tile) + 1, math.ceil(height / tile) + 1
    left, top = seed * 37 % tile, seed * 91 % tile
    return noise.copy_memory().replicate(across, down).crop(left, top, width, height)


def as_jpeg(picture: Image, exif: dict[str, str], orientation: int) -> bytes:
    """Encode an upright picture as a camera held another way would have: turned, with the tag that turns it back."""
    stored = STORE_AS[orientation](picture).copy_memory()
    stored = stored.copy(interpretation="srgb")
    for name, value in {**exif, "exif-ifd0-Orientation": str(orientation)}.items():
        stored.set_type(pyvips.GValue.gstr_type, name, value)
    stored.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return stored.jpegsave_buffer(Q=JPEG_QUALITY, keep="exif")
