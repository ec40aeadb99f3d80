"""CPU of a photo's four variants, beside the parts that cannot be done without.

The parts: one decode at half size, the encoding of the largest, and making and encoding the three smaller ones from it.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import pyvips

from agents.pictures import Darkroom
from infra.demo.album import plan_shot
from infra.demo.prints import paint
from tests.bench.figures import Figure, Say

ROUNDS = 7
# 12 megapixels, as a phone's main camera takes them.
WIDTH, HEIGHT = 4032, 3024
QUALITY = 80
SMALLER = (640, 320, 150)


def variants(say: Say) -> Figure:
    """Measure the median of some rounds, whole and parts in turns."""
    original = paint(replace(plan_shot(1, 1), width=WIDTH, height=HEIGHT, orientation=1))
    say(f"painted a picture of {WIDTH} x {HEIGHT} px, {len(original) / 1e6:.1f} MB")
    room = Darkroom()
    made = [variant.body for variant in room.variants(original)]
    largest = pyvips.Image.jpegload_buffer(made[-1]).copy_memory()

    def whole() -> None:
        for _ in room.variants(original):
            continue

    def parts() -> None:
        pyvips.Image.jpegload_buffer(original, shrink=2, access="sequential").copy_memory()
        largest.jpegsave_buffer(Q=QUALITY, keep="icc")
        for smaller in SMALLER:
            largest.resize(smaller / max(largest.width, largest.height)).jpegsave_buffer(Q=QUALITY, keep="icc")

    rounds = [(cpu_ms(whole), cpu_ms(parts)) for _ in range(ROUNDS)]
    ours, least = (median(times) for times in zip(*rounds, strict=True))
    first = median(cpu_ms(lambda: next(room.variants(original))) for _ in range(3))
    return Figure(
        name="variants",
        value=ours,
        unit="CPU ms/photo, 4 variants",
        baseline=least,
        against="half-size decode + 4 encodes, 3 made from the largest",
        note=f"{first:.0f} ms until the first",
    )


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU that something takes, in ms."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3
