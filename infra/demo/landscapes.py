"""Photographs taken outdoors: mountains, seas, forests, deserts, clouds, and skies at night. Each is painted from a seed."""

from __future__ import annotations

import math
from random import Random

from infra.demo.pictures import Canvas, Colour, Image, colour_at, mix, smooth, tint


def mountains(canvas: Canvas, light: str = "dusk") -> Image:
    """Ridges behind ridges, each paler with distance, under a sun or a soft sky."""
    random = canvas.random
    sky, far, near = {
        "dusk": (
            ((0.0, (0.10, 0.16, 0.42)), (0.35, (0.55, 0.35, 0.45)), (0.6, (1.5, 0.72, 0.32))),
            (0.85, 0.45, 0.36),
            (0.02, 0.02, 0.05),
        ),
        "dawn": (
            ((0.0, (0.28, 0.42, 0.70)), (0.4, (0.80, 0.66, 0.68)), (0.62, (1.35, 1.0, 0.72))),
            (0.78, 0.68, 0.72),
            (0.03, 0.06, 0.09),
        ),
        "blue": (
            ((0.0, (0.12, 0.30, 0.62)), (0.5, (0.50, 0.72, 0.95)), (0.65, (0.95, 1.02, 1.05))),
            (0.55, 0.70, 0.86),
            (0.01, 0.05, 0.08),
        ),
        "rose": (
            ((0.0, (0.34, 0.22, 0.48)), (0.35, (0.85, 0.42, 0.55)), (0.6, (1.5, 0.85, 0.75))),
            (0.80, 0.50, 0.62),
            (0.05, 0.02, 0.08),
        ),
    }[light]
    sun_x, sun_y = random.uniform(0.2, 0.8), random.uniform(0.34, 0.44)
    scene = canvas.gradient(sky) + tint(canvas.glow(sun_x, sun_y, 0.16), (1.4, 0.8, 0.4))
    scene = scene + tint(smooth(canvas.distance(sun_x, sun_y), 0.04, 0.034), (6.0, 4.5, 2.6))
    scene = veil_of_clouds(canvas, scene, sun_x, 0.5)
    layers = 6
    for layer in range(layers):
        nearness = (layer + 1) / layers
        base = 0.44 + 0.50 * nearness**1.3
        line = ridge(canvas, random.randrange(10**6), base, 0.30 - 0.16 * nearness, 0.9 + layer * 0.25)
        if layer == layers - 1:
            line = with_pines(canvas, random, line, 0.09)
        colour: Colour = tuple(f + (n - f) * nearness**0.6 for f, n in zip(far, near, strict=True))  # type: ignore[assignment]
        lit = tint(1.0 + canvas.noise(0.05, 4, 60 + layer) * 0.16, colour)
        mist = (canvas.under(line) * (2.6 / (1.2 - nearness * 0.5))).clamp() * (0.62 * (1 - nearness))
        slope = mix(lit, tint(canvas.x * 0 + 1, colour_at(sky, 0.58)), mist)
        scene = mix(scene, slope, canvas.below(line)).copy_memory()
    return scene


def veil_of_clouds(canvas: Canvas, scene: Image, sun_x: float, amount: float) -> Image:
    """High thin clouds, warm towards the sun and dark away from it."""
    shape = smooth(canvas.noise(0.16, 5, 5, wide=4.0) + canvas.noise(0.05, 4, 8, wide=6.0) * 0.4, 0.02, 0.75)
    shape = shape * (1 - smooth(canvas.y, 0.30, 0.52)) * amount
    warm = smooth(canvas.glow(sun_x, 0.45, 0.8), 0.1, 0.9)
    colour = mix(canvas.flat((0.42, 0.32, 0.42)), (1.7, 0.85, 0.55), warm)
    return mix(scene, colour, shape).copy_memory()


def ridge(canvas: Canvas, seed: int, base: float, height: float, roughness: float) -> list[float]:
    """The line of a ridge: one height (0 top, 1 bottom) for each column."""
    random = Random(seed)
    waves = []
    for octave in range(9):
        reach = [random.uniform(-1, 1) for _ in range(3 * 2**octave + 3)]
        waves.append((reach, 3 * 2**octave / 2, 0.52**octave * (roughness if octave > 3 else 1.0)))
    return [
        base - height * sum(level(reach, column / canvas.width * count) * weight for reach, count, weight in waves)
        for column in range(canvas.width)
    ]


def level(points: list[float], place: float) -> float:
    """The height at a place between points, straight between them as rock is."""
    left = int(place)
    return points[left] + (points[left + 1] - points[left]) * (place - left)


def with_pines(canvas: Canvas, random: Random, line: list[float], size: float) -> list[float]:
    """Stand pines on a line: each a saw-toothed spike."""
    line = list(line)
    place = -0.02
    while place < 1.02:
        tall = size * random.uniform(0.35, 1.0) ** 1.5
        half = max(2.0, tall * canvas.height * random.uniform(0.16, 0.24))
        foot = line[min(canvas.width - 1, max(0, int(place * canvas.width)))]
        for column in range(int(place * canvas.width - half), int(place * canvas.width + half) + 1):
            if 0 <= column < canvas.width:
                out = abs(column - place * canvas.width) / half
                tooth = 0.10 * ((out * 5.0 + random.random() * 0.5) % 1.0)
                line[column] = min(line[column], foot - tall * max(0.0, 1 - out**0.85 - tooth * (out > 0.08)))
        place += random.uniform(0.25, 1.3) * half / canvas.width * 1.6
    return line


def sea(canvas: Canvas, light: str = "gold") -> Image:
    """A low sun over the sea, its path on the waves."""
    random = canvas.random
    sky, sun = {
        "gold": (((0.0, (0.12, 0.22, 0.46)), (0.3, (0.60, 0.45, 0.46)), (0.52, (1.7, 0.90, 0.32))), (7.0, 4.6, 2.0)),
        "pink": (((0.0, (0.26, 0.26, 0.58)), (0.28, (0.85, 0.46, 0.62)), (0.52, (1.5, 0.78, 0.62))), (6.0, 3.6, 2.6)),
        "teal": (((0.0, (0.03, 0.14, 0.28)), (0.3, (0.16, 0.40, 0.50)), (0.52, (1.0, 0.85, 0.60))), (5.0, 4.0, 2.4)),
    }[light]
    horizon, sun_x = random.uniform(0.50, 0.58), random.uniform(0.3, 0.7)
    sun_y = horizon - random.uniform(0.03, 0.09)
    air = canvas.gradient(sky) + tint(canvas.glow(sun_x, sun_y, 0.20), (1.5, 0.75, 0.25))
    banks = smooth(canvas.noise(0.22, 6, 3, wide=3.2) + (canvas.y - 0.25) * 0.5, 0.05, 0.8) * 0.8
    lit = smooth(canvas.glow(sun_x, horizon, 0.55), 0.15, 0.95)
    air = mix(
        air,
        mix(tint(canvas.x * 0 + 1, tuple(c * 0.55 for c in sky[1][1])), (1.9, 0.8, 0.35), lit),
        banks * (1 - smooth(canvas.y, horizon - 0.12, horizon)),
    ).copy_memory()
    calm = air
    air = air + tint(smooth(canvas.distance(sun_x, sun_y), 0.037, 0.031) * (1 - banks * 0.8), sun)
    depth = ((canvas.y - horizon) / (1 - horizon)).clamp(min=0.0005, max=1)
    waves = sea_waves(canvas, depth)
    # The mirror image of the sky, shaken by the waves, more so the nearer they are.
    mirrored = calm.flipver()
    shift = (2 * horizon - 1) * canvas.height
    water = canvas.warp(mirrored, waves * depth * 30, waves * depth * 60)
    water = water.embed(0, round(shift), canvas.width, canvas.height, extend="copy") if abs(shift) >= 1 else water
    water = water * (0.50 + 0.24 * waves) * [0.80, 0.90, 1.0] * (1 - 0.45 * depth)
    path = (((canvas.x - sun_x) * canvas.aspect) / (0.035 + 0.16 * depth)) ** 2
    sparkle = smooth(waves + canvas.noise(0.008, 2, 77, wide=5.0) * 0.8, 0.10, 0.75) * (path * -1.0).exp()
    water = water + tint(sparkle * (1 - 0.4 * depth), (sun[0] * 0.45, sun[1] * 0.42, sun[2] * 0.4))
    scene = mix(air, water, smooth(canvas.y, horizon - 0.0012, horizon + 0.0012)).copy_memory()
    if random.random() < 0.6:
        headland = ridge(canvas, canvas.seed + 5, 0.0, 0.05, 0.8)
        side = 1 if sun_x < 0.5 else -1
        line = [
            horizon + 0.004 - max(0.0, (0.16 + h) * (1 - min(1.0, abs((1 if side > 0 else 0) - c / canvas.width) / 0.34)))
            for c, h in enumerate(headland)
        ]
        scene = mix(scene, (0.035, 0.03, 0.045), canvas.below(line) * (1 - smooth(canvas.y, horizon + 0.001, horizon + 0.006)))
    return scene


def sea_waves(canvas: Canvas, depth: Image) -> Image:
    """Waves that grow towards the viewer, about -1 to 1: noise looked at along the water."""
    near = canvas.noise(0.045, 4, 11, wide=5.0)
    middle = canvas.noise(0.018, 3, 12, wide=6.0)
    far = canvas.noise(0.007, 2, 13, wide=7.0)
    weight = depth**0.7
    return (near * weight * 1.5 + middle * (1 - weight * 0.5) + far * (1 - weight)).copy_memory()


def forest(canvas: Canvas, light: str = "mist") -> Image:
    """Rows of pines fading into fog, light falling from one side."""
    random = canvas.random
    fog, dark = {"mist": ((0.72, 0.80, 0.82), (0.010, 0.030, 0.028)), "gold": ((1.15, 0.88, 0.52), (0.040, 0.026, 0.014))}[
        light
    ]
    sun_x = random.uniform(0.25, 0.75)
    scene = canvas.gradient(((0.0, tuple(c * 0.75 for c in fog)), (0.5, fog), (1.0, tuple(c * 0.8 for c in fog))))
    scene = scene + tint(canvas.glow(sun_x, 0.22, 0.30), (0.9, 0.75, 0.5))
    rows = 6
    for row in range(rows):
        nearness = (row + 1) / rows
        line = ridge(canvas, random.randrange(10**6), 0.40 + 0.56 * nearness**1.15, 0.10, 0.6)
        line = with_pines(canvas, random, line, 0.10 + 0.30 * nearness)
        colour: Colour = tuple(f + (d - f) * nearness**0.75 for f, d in zip(fog, dark, strict=True))  # type: ignore[assignment]
        mask = canvas.below(line)
        drift = (
            smooth(canvas.noise(0.30, 4, 20 + row, wide=3.0), -0.2, 0.9)
            * (canvas.under(line) * 4).clamp()
            * 0.8
            * (1 - nearness)
        )
        scene = mix(scene, mix(canvas.flat(colour), fog, drift), mask * (0.35 + 0.65 * nearness)).copy_memory()
    rays = canvas.glow(sun_x, 0.10, 0.55) * smooth(canvas.noise(0.4, 2, 31), -0.4, 0.8)
    return scene + tint(rays * 0.35, (1.0, 0.85, 0.55))


def dunes(canvas: Canvas, light: str = "evening") -> Image:
    """Sand in waves, one side lit, the other in shadow, ripples in front."""
    random = canvas.random
    sky, sand, shade = {
        "evening": (((0.0, (0.18, 0.30, 0.58)), (0.45, (0.95, 0.72, 0.60))), (1.10, 0.56, 0.24), (0.16, 0.07, 0.06)),
        "noon": (((0.0, (0.14, 0.36, 0.78)), (0.45, (0.62, 0.80, 0.98))), (1.05, 0.72, 0.42), (0.36, 0.20, 0.11)),
    }[light]
    scene = canvas.gradient(sky)
    for row in range(5):
        nearness = (row + 1) / 5
        line = dune_line(canvas, random, 0.40 + 0.42 * nearness, 0.05 + 0.07 * nearness)
        depth = canvas.under(line)
        turn = random.uniform(0.6, 1.6)
        bend = canvas.noise(0.5, 2, 40 + row, wide=2.5) * 0.10
        lit = smooth(depth * turn + bend + slope_of(canvas, line), -0.02, 0.035)
        ripples = (
            ((depth * (90 + 260 / (0.6 + nearness)) + canvas.noise(0.12, 3, 50 + row, wide=3) * 7) * (180 / math.pi)).sin()
            * 0.06
            * nearness
        )
        body = mix(tint(1 + ripples * 0.5, shade), tint(1 + ripples + canvas.noise(0.004, 1, 70) * 0.06, sand), lit)
        body = mix(body, tuple(c * 0.9 for c in sky[-1][1]), canvas.x * 0 + 0.55 * (1 - nearness))
        scene = mix(scene, body, canvas.below(line)).copy_memory()
    return scene


def dune_line(canvas: Canvas, random: Random, base: float, height: float) -> list[float]:
    """A smooth crest with a few sharp tops, as wind leaves them."""
    phases = [(random.uniform(0.7, 2.2), random.uniform(0, 6.3), random.uniform(0.4, 1.0)) for _ in range(3)]
    return [
        base - height * sum(a * (1 - abs(math.sin(c / canvas.width * f * 3.1 + p)) ** 1.3) for f, p, a in phases)
        for c in range(canvas.width)
    ]


def slope_of(canvas: Canvas, line: list[float]) -> Image:
    """How the crest falls at each column: sand that faces the sun is lit."""
    step = max(2, canvas.width // 60)
    slopes = [(line[max(0, c - step)] - line[min(canvas.width - 1, c + step)]) * 2.0 for c in range(canvas.width)]
    return canvas.under([-s for s in slopes]) - canvas.y


def clouds(canvas: Canvas, light: str = "day") -> Image:
    """Heaped clouds in a deep sky, lit from above or from behind."""
    sky, lit, dark = {
        "day": (((0.0, (0.05, 0.20, 0.58)), (1.0, (0.42, 0.68, 0.95))), (1.25, 1.22, 1.18), (0.46, 0.52, 0.62)),
        "evening": (
            ((0.0, (0.16, 0.18, 0.46)), (0.6, (0.9, 0.5, 0.5)), (1.0, (1.5, 0.85, 0.45))),
            (1.6, 0.95, 0.72),
            (0.34, 0.24, 0.38),
        ),
    }[light]
    shape = canvas.noise(0.42, 8, 1, wide=1.5, gain=0.56) + (canvas.y - 0.42) * 0.9
    above = shape.embed(0, round(canvas.height * 0.045), canvas.width, canvas.height, extend="copy")
    cover = smooth(shape, 0.02, 0.30)
    lightness = smooth((shape - above) * 1.0 + 0.14, -0.12, 0.42)
    body = mix(canvas.flat(dark), lit, lightness)
    scene = mix(canvas.gradient(sky), body, cover * 0.97)
    return scene + tint(canvas.glow(0.75, 0.1, 0.5) * 0.25, (1.0, 0.9, 0.7))
