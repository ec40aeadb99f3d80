"""The demo's pictures: files as cameras write them, upright when shown, the same each time, painted once."""

import pytest

from infra.demo import prints
from infra.demo.album import plan_album
from infra.demo.pictures import STORE_AS, Canvas, as_jpeg, expose
from tests.specs.pictures_read import shown_pixels


@pytest.fixture(scope="module")
def upright():
    canvas = Canvas(48, 32, 3)
    # Red to the right, green downwards: no turn or mirror leaves it the same.
    scene = canvas.x.bandjoin([canvas.y, canvas.x * 0])
    return expose(canvas, scene, 96, 64, grain=0.0)


@pytest.mark.parametrize("orientation", sorted(STORE_AS))
def test_a_picture_is_shown_upright_in_every_orientation(upright, orientation):
    expected = shown_pixels(as_jpeg(upright, {}, 1))
    shown = shown_pixels(as_jpeg(upright, {}, orientation))
    assert shown.size == expected.size == (96, 64)
    assert all(
        abs(a - b) <= 6 for corner in zip(shown.corners, expected.corners, strict=True) for a, b in zip(*corner, strict=True)
    )


def test_a_shot_is_painted_the_same_each_time(monkeypatch):
    monkeypatch.setattr(prints, "PAINTED_HEIGHT", 60)
    shot = plan_album(7, 1)[0]
    first = prints.paint(shot)
    assert first == prints.paint(shot)
    assert first.startswith(b"\xff\xd8")
    assert shot.camera[0].encode() in first


def test_an_album_is_painted_once(tmp_path, monkeypatch):
    painted = []
    monkeypatch.setattr(prints, "paint", lambda shot: painted.append(shot.number) or b"jpeg")
    shots = plan_album(7, 5)
    done = []
    for _ in range(2):
        paths = prints.print_album(shots, tmp_path, 7, lambda: done.append(1))
    assert sorted(painted) == [0, 1, 2, 3, 4]
    assert len(done) == 10
    assert [path.name for path in paths] == [shot.file_name for shot in shots]
    assert all(path.read_bytes() == b"jpeg" for path in paths)


def test_every_scene_of_the_album_has_a_painter():
    assert {shot.scene.name for shot in plan_album(7, 60)} <= set(prints.PAINTERS)
