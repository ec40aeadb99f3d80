"""The album on disk: each shot painted once, two at a time, and kept for the next demo."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from infra.demo import landscapes, lights
from infra.demo.album import Shot, exif_of
from infra.demo.pictures import Canvas, Image, as_jpeg, expose

# Scenes are painted this high, in pixels, and enlarged.
PAINTED_HEIGHT = 520
# A change to how pictures are painted asks for another number, so that nobody sees the old ones.
EDITION = 1

PAINTERS: dict[str, Callable[[Canvas, str], Image]] = {
    "mountains": landscapes.mountains,
    "sea": landscapes.sea,
    "forest": landscapes.forest,
    "dunes": landscapes.dunes,
    "clouds": landscapes.clouds,
    "city": lights.city,
    "bokeh": lights.bokeh,
    "stars": lights.stars,
    "flower": lights.flower,
}


def paint(shot: Shot) -> bytes:
    """Return a shot as the JPEG file that its camera would have written."""
    height = PAINTED_HEIGHT if shot.width > shot.height else round(PAINTED_HEIGHT * 1.22)
    canvas = Canvas(round(height * shot.width / shot.height), height, shot.seed)
    scene = PAINTERS[shot.scene.name](canvas, shot.scene.light)
    picture = expose(canvas, scene, shot.width, shot.height, shot.scene.exposure)
    return as_jpeg(picture, exif_of(shot), shot.orientation)


def print_album(shots: Sequence[Shot], directory: Path, seed: int, printed: Callable[[], None]) -> list[Path]:
    """Make the files that are not there yet, calling `printed` for each shot; return their paths in the shots' order."""
    folder = directory / f"edition-{EDITION}-seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / shot.file_name for shot in shots]
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for finished in as_completed([pool.submit(keep, shot, path) for shot, path in zip(shots, paths, strict=True)]):
            finished.result()
            printed()
    return paths


def keep(shot: Shot, path: Path) -> None:
    """Paint a shot into a file unless it is there; a half-written file is never seen."""
    if path.exists():
        return
    draft = path.with_suffix(f".{os.getpid()}.part")
    draft.write_bytes(paint(shot))
    draft.rename(path)
