"""Photographs of lights and of small things: cities, lamps out of focus, stars, northern lights, flowers, coffee."""

from __future__ import annotations

import math
from random import Random

from infra.demo.landscapes import ridge, with_pines
from infra.demo.pictures import Canvas, Image, mix, smooth, soften, tint

# Opacity across a disc of light: flat, then a rim, then nothing.
DISC = ((0.0, 0.42), (0.86, 0.52), (0.95, 0.85), (1.0, 0.0))
LAMPS = ("#ffb45e", "#ff8a3c", "#ffd9a0", "#ff5f6d", "#6fc3ff", "#fff1d6", "#ffa24a", "#9be7d8")


def city(canvas: Canvas, light: str = "blue") -> Image:
    """A skyline at the blue hour or at night, lit windows, mirrored in a river."""
    random = canvas.random
    sky, wall = {
        "blue": (((0.0, (0.03, 0.07, 0.24)), (0.40, (0.20, 0.26, 0.52)), (0.64, (1.0, 0.52, 0.36))), (0.020, 0.024, 0.046)),
        "night": (
            ((0.0, (0.006, 0.010, 0.030)), (0.45, (0.03, 0.035, 0.08)), (0.64, (0.26, 0.16, 0.12))),
            (0.010, 0.010, 0.017),
        ),
    }[light]
    shore = 0.64
    scene = canvas.gradient(sky)
    scene = scene + tint(smooth(canvas.noise(0.2, 5, 1, wide=4), 0.0, 0.9) * 0.12, (0.8, 0.5, 0.5))
    for row, (tall, haze) in enumerate(((0.30, 0.55), (0.38, 0.25), (0.30, 0.0))):
        shapes, windows = skyline(canvas, random, shore, tall, 0.55 - 0.1 * row)
        _, mask = canvas.drawing(shapes)
        front = mix(canvas.flat(wall), sky[-1][1], canvas.x * 0 + haze * 0.5)
        scene = mix(scene, front, mask)
        lit, _ = canvas.drawing(windows)
        scene = (scene + lit * (1.5 - haze) + soften(lit, canvas.height * 0.012) * 1.2).copy_memory()
    depth = ((canvas.y - shore) / (1 - shore)).clamp(min=0, max=1)
    mirrored = scene.flipver().embed(0, round((2 * shore - 1) * canvas.height), canvas.width, canvas.height, extend="copy")
    waves = canvas.noise(0.02, 3, 21, wide=5.0)
    streaks = soften_down(canvas.warp(mirrored, waves * (3 + 12 * depth), waves * (10 + 60 * depth)), canvas.height * 0.035)
    water = streaks * (0.75 + 0.4 * waves) * [0.72, 0.80, 0.95]
    lamps, _ = canvas.drawing(
        "".join(
            f'<circle cx="{x}" cy="{1000 * shore - 3}" r="{random.uniform(1.5, 3.2):.1f}" fill="{random.choice(LAMPS[:3])}"/>'
            for x in range(10, int(1000 * canvas.aspect), random.randint(28, 44))
        )
    )
    scene = mix(scene, water, smooth(canvas.y, shore - 0.001, shore + 0.001))
    return scene + lamps * 3 + soften(lamps, canvas.height * 0.016) * 7


def soften_down(image: Image, radius: float) -> Image:
    """Blur up and down only, as moving water does to lights."""
    small = image.resize(1.0, vscale=1 / max(1.0, radius / 2), kernel="linear")
    small = small.gaussblur(1.2)
    return small.resize(image.width / small.width, vscale=image.height / small.height, kernel="cubic").embed(
        0, 0, image.width, image.height, extend="copy"
    )


def skyline(canvas: Canvas, random: Random, shore: float, tall: float, lit: float) -> tuple[str, str]:
    """One row of buildings and the windows in them where somebody is still up."""
    shapes, windows, x = [], [], -20.0
    end = 1000 * canvas.aspect + 20
    while x < end:
        wide = random.uniform(34, 92)
        high = 1000 * tall * random.uniform(0.22, 1.0) ** 1.25
        top = 1000 * shore - high
        shapes.append(f'<rect x="{x:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{high + 4:.0f}"/>')
        if random.random() < 0.25:
            middle, mast = x + wide / 2, random.uniform(18, 60)
            shapes.append(f'<rect x="{middle - 1:.1f}" y="{top - mast:.1f}" width="2.2" height="{mast:.1f}"/>')
            windows.append(f'<circle cx="{middle:.1f}" cy="{top - mast:.1f}" r="2" fill="#ff3b30"/>')
        windows.extend(lit_windows(random, x, top, wide, high, lit * random.uniform(0.25, 1.0)))
        x += wide * random.uniform(0.85, 1.08)
    return "".join(shapes), "".join(windows)


def lit_windows(random: Random, left: float, top: float, wide: float, high: float, lit: float) -> list[str]:
    step_x, step_y = random.choice(((7, 9), (6, 11), (9, 8)))
    colour = random.choice(("#ffc06a", "#ffd79a", "#ffb066", "#e8eeff"))
    found = []
    for row in range(int((high - 10) / step_y)):
        for column in range(int((wide - 8) / step_x)):
            if random.random() < lit * 0.62:
                x, y = left + 5 + column * step_x, top + 7 + row * step_y
                bright = random.uniform(0.25, 1.0)
                place = f'x="{x:.0f}" y="{y:.0f}" width="{step_x * 0.55:.1f}" height="{step_y * 0.55:.1f}"'
                found.append(f'<rect {place} fill="{colour}" fill-opacity="{bright:.2f}"/>')
    return found


def bokeh(canvas: Canvas, light: str = "warm") -> Image:
    """Lamps far out of focus, as discs of light over one another."""
    random = canvas.random
    dark, colours = {
        "warm": ((0.035, 0.018, 0.012), ("#ffb45e", "#ff8a3c", "#ffd9a0", "#ff6b4a", "#ffe7c4")),
        "neon": ((0.015, 0.012, 0.040), ("#ff4fa0", "#5ad1ff", "#9d7bff", "#ffd36b", "#46e6c0")),
        "garden": ((0.030, 0.050, 0.022), ("#d9ff8a", "#a6e060", "#fff6b0", "#7ccf6a", "#ffe08a")),
    }[light]
    scene = canvas.gradient(((0.0, dark), (0.6, tuple(c * 2.5 for c in dark)), (1.0, tuple(c * 0.8 for c in dark))))
    scene = scene + tint(smooth(canvas.noise(0.6, 3, 1), -0.3, 1.0) * 0.5, tuple(c * 3 for c in dark))
    for layer, (count, size) in enumerate(((46, 30), (30, 52), (16, 78), (7, 112))):
        discs, _ = canvas.drawing(lens_discs(canvas, random, colours, count, size, f"d{layer}"))
        scene = (scene + soften(discs, 1.5 + layer * 1.6) * (1.25 - layer * 0.18)).copy_memory()
    return scene


def lens_discs(canvas: Canvas, random: Random, colours: tuple[str, ...], count: int, size: float, name: str) -> str:
    """Discs with a brighter rim, squeezed towards the corners as a fast lens does."""
    paints = "".join(
        f'<radialGradient id="{name}{n}">{"".join(gradient_stop(at, c, opacity) for at, opacity in DISC)}</radialGradient>'
        for n, c in enumerate(colours)
    )
    wide, shapes = 1000 * canvas.aspect, []
    for _ in range(count):
        x, y = random.uniform(-0.05, 1.05) * wide, 1000 * random.gauss(0.52, 0.24)
        away = math.hypot(x - wide / 2, y - 500) / math.hypot(wide / 2, 500)
        angle = math.degrees(math.atan2(y - 500, x - wide / 2))
        radius = size * random.uniform(0.6, 1.15)
        paint = f"{name}{random.randrange(len(colours))}"
        shapes.append(
            f'<ellipse rx="{radius * (1 - 0.30 * away * away):.1f}" ry="{radius:.1f}" fill="url(#{paint})"'
            f' opacity="{random.uniform(0.25, 0.95):.2f}" transform="translate({x:.1f} {y:.1f}) rotate({angle:.1f})"/>'
        )
    return f"<defs>{paints}</defs>{''.join(shapes)}"


def gradient_stop(at: float, colour: str, opacity: float = 1.0) -> str:
    return f'<stop offset="{at}" stop-color="{colour}" stop-opacity="{opacity}"/>'


def stars(canvas: Canvas, light: str = "milky") -> Image:
    """The Milky Way, or northern lights, over a dark ridge with pines."""
    random = canvas.random
    scene = canvas.gradient(((0.0, (0.006, 0.010, 0.030)), (0.6, (0.022, 0.035, 0.075)), (0.9, (0.10, 0.10, 0.13))))
    scene = scene + (milky_way(canvas, random) if light == "milky" else northern_lights(canvas, random))
    small, _ = canvas.drawing("".join(star(canvas, random) for _ in range(900)))
    scene = scene + small * 2.2 + soften(small, 2.0) * 1.6
    line = with_pines(canvas, random, ridge(canvas, canvas.seed + 3, 0.90, 0.07, 0.8), 0.13)
    return mix(scene, (0.004, 0.005, 0.009), canvas.below(line))


def star(canvas: Canvas, random: Random) -> str:
    size = 0.45 + 1.5 * random.random() ** 9
    colour = random.choice(("#ffffff", "#cfe0ff", "#fff1dc", "#ffffff"))
    x, y = random.uniform(0, 1000 * canvas.aspect), random.uniform(0, 960)
    return circle(x, y, size, colour, random.uniform(0.25, 1.0))


def milky_way(canvas: Canvas, random: Random) -> Image:
    """A band of light across the sky with dark lanes in it."""
    lean, middle = random.uniform(-0.7, 0.7), random.uniform(0.4, 0.6)
    across = (canvas.x - middle) * canvas.aspect + (canvas.y - 0.45) * lean + canvas.noise(0.5, 3, 2) * 0.10
    band = ((across / 0.20) ** 2 * -1.0).exp()
    core = ((across / 0.08) ** 2 * -1.0).exp()
    cloud = smooth(canvas.noise(0.16, 6, 3, gain=0.6), -0.5, 0.8)
    lanes = smooth(canvas.noise(0.11, 6, 4, gain=0.6) + core * 0.25, 0.12, 0.55) * core
    light = tint(band * cloud * 0.16, (0.75, 0.85, 1.25)) + tint(core * cloud * 0.30, (1.2, 0.92, 0.85))
    return light * (1 - lanes * 0.85)


def northern_lights(canvas: Canvas, random: Random) -> Image:
    """Curtains of green and violet light, rayed upwards from a wandering hem."""
    light = canvas.flat((0.0, 0.0, 0.0))
    for curtain in range(3):
        phases = [(random.uniform(1, 7), random.uniform(0, 6.3), random.uniform(0.3, 1)) for _ in range(4)]
        base = 0.60 - 0.13 * curtain + random.uniform(-0.04, 0.04)
        hem = [
            base + 0.075 * sum(a * math.sin(f * c / canvas.width * 3 + p) for f, p, a in phases) for c in range(canvas.width)
        ]
        above = canvas.under(hem) * -1.0
        rays = canvas.noise(0.03, 3, 50 + curtain, wide=0.5).crop(0, 0, canvas.width, 1).replicate(1, canvas.height)
        folds = smooth(rays, -0.6, 0.8) * 0.75 + 0.25
        rise = smooth(above, -0.012, 0.012) * (above.clamp(min=0, max=1) * -5.2).exp()
        high = smooth(above, 0.05, 0.42)
        colour = mix(canvas.flat((0.12, 1.15, 0.42)), (0.62, 0.20, 0.85), high)
        light = (light + colour * (rise * folds * (1.0 - 0.25 * curtain))).copy_memory()
    return light + soften(light, canvas.height * 0.05) * 0.35


def flower(canvas: Canvas, light: str = "daisy") -> Image:
    """A flower close up before a garden out of focus."""
    random = canvas.random
    inner, outer, heart, count = {
        "daisy": ("#f3ead8", "#ffffff", "#f4b41a", 21),
        "rose": ("#c2185b", "#ff9ec4", "#ffe08a", 13),
        "sun": ("#f08a00", "#ffd21f", "#5a3411", 26),
        "violet": ("#4a1fa8", "#b69cff", "#ffe45c", 15),
    }[light]
    scene = garden(canvas, random)
    x, y = 1000 * canvas.aspect * random.uniform(0.42, 0.58), random.uniform(440, 540)
    size = random.uniform(330, 400)
    bow, foot = random.uniform(-40, 40), random.uniform(-90, 90)
    stem = f"M{x:.0f} {y:.0f} q{bow:.0f} 300 {foot:.0f} 640"
    drawn, mask = canvas.drawing(f'<path d="{stem}" stroke="#4d7a2c" stroke-width="20" fill="none"/>')
    scene = mix(scene, soften(drawn, 5) * 1.4, soften(mask, 5))
    for row in range(3):
        length = size * (1.0 - 0.15 * row)
        drawn, mask = canvas.drawing(petals(random, x, y, length, count, inner, outer, row))
        shadow = soften(mask, 14) * 0.30
        scene = scene * (1 - shadow)
        blur = (2.6, 1.2, 0.0)[row]
        grain = canvas.noise(0.03, 4, 80 + row) * 0.10 + 1.0
        scene = mix_premultiplied(scene, soften(drawn, blur) * grain * (0.72 + 0.16 * row), soften(mask, blur))
    drawn, mask = canvas.drawing(florets(x, y, size * 0.27, heart))
    scene = scene * (1 - soften(mask, 10) * 0.35)
    scene = mix_premultiplied(scene, drawn * 1.25, mask)
    return scene * (0.72 + 0.62 * canvas.glow(0.3, 0.1, 1.1))


def mix_premultiplied(under: Image, drawn: Image, mask: Image) -> Image:
    return (under * (1 - mask) + drawn).copy_memory()


def garden(canvas: Canvas, random: Random) -> Image:
    """Greens far out of focus with patches of sun."""
    base = canvas.gradient(((0.0, (0.16, 0.24, 0.09)), (1.0, (0.03, 0.07, 0.03))))
    base = base * (1.0 + canvas.noise(0.7, 3, 1) * 0.8)
    spots, _ = canvas.drawing(lens_discs(canvas, random, ("#dfff9a", "#9fd060", "#fff3b8", "#f7c6d8"), 26, 60, "g"))
    return (base + soften(spots, 9) * 0.42).copy_memory()


def petals(random: Random, x: float, y: float, length: float, count: int, inner: str, outer: str, row: int) -> str:
    """One ring of petals, each a little different."""
    stops = gradient_stop(0, inner) + gradient_stop(0.6, outer) + gradient_stop(1, outer)
    paint = f'<defs><linearGradient id="p{row}" x1="0" y1="0" x2="1" y2="0">{stops}</linearGradient></defs>'
    edge = 'stroke="#000" stroke-opacity=".16" stroke-width="2"'
    shapes = []
    for number in range(count):
        angle = 360 * (number + row / 3) / count + random.uniform(-4, 4)
        long, wide = length * random.uniform(0.9, 1.04), length * random.uniform(3.0, 3.7) / count
        near, far = long * 0.3, long * 0.85
        there = f"C{near:.0f} {-wide:.0f} {far:.0f} {-wide:.0f} {long:.0f} 0"
        back = f"C{far:.0f} {wide:.0f} {near:.0f} {wide:.0f} 20 0"
        petal = f'<path d="M20 0 {there} {back}Z" fill="url(#p{row})" {edge}/>' + veins(long, wide)
        shapes.append(f'<g transform="translate({x:.0f} {y:.0f}) rotate({angle:.1f})">{petal}</g>')
    return paint + "".join(shapes)


def veins(long: float, wide: float) -> str:
    """Three fine lines along a petal."""
    line = 'stroke="#000" stroke-opacity=".10" stroke-width="2" fill="none"'
    ends = (-wide * 0.4, 0.0, wide * 0.4)
    return "".join(f'<path d="M40 0 Q{long * 0.5:.0f} {v:.0f} {long * 0.93:.0f} {v * 0.5:.0f}" {line}/>' for v in ends)


def circle(x: float, y: float, radius: float, colour: str, opacity: float = 1.0) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.2f}" fill="{colour}" fill-opacity="{opacity:.2f}"/>'


def florets(x: float, y: float, radius: float, colour: str) -> str:
    """The heart of the flower: florets in a Fibonacci spiral, darker towards the middle."""
    total = 420
    dots = [circle(x, y, radius, colour), circle(x, y, radius, "#3a1c00", 0.35)]
    for number in range(total):
        away = radius * math.sqrt((number + 0.5) / total)
        turn = number * 2.399963
        cx, cy = x + away * math.cos(turn), y + away * math.sin(turn)
        dots.append(circle(cx, cy + 2, radius * 0.055, "#000", 0.43 - 0.28 * number / total))
        dots.append(circle(cx - 1, cy - 1, radius * 0.042, colour))
    return "".join(dots)
