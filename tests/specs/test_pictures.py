"""Variants: sizes, colours, orientation, what is kept out of them, and what cannot be decoded."""

import hashlib
import time

import pytest
import pyvips

from agents.pictures import CUT_OFF, MOST_SCANNED_PIXELS, TOO_COSTLY, Darkroom, Undecodable, fitted
from tests.behaviours import clause
from tests.specs.pictures_made import a_png, chunk, exif, real_picture


@pytest.fixture(scope="module")
def room() -> Darkroom:
    return Darkroom()


def uniform(values: list[int], kind: str = "uchar", interpretation: str = "srgb") -> pyvips.Image:
    """Return a small picture of one colour."""
    return pyvips.Image.black(200, 200).cast(kind).new_from_image(values).copy(interpretation=interpretation)


def photograph(width: int = 2_000, height: int = 1_500) -> pyvips.Image:
    """Return something that compresses like a photograph: smooth waves with some grain."""
    waves = pyvips.Image.sines(width, height, hfreq=3, vfreq=2) * 60 + 120
    bands = [waves, waves.flip("horizontal"), waves.flip("vertical")]
    grain = pyvips.Image.gaussnoise(width, height, sigma=3, mean=0, seed=7)
    return (bands[0].bandjoin(bands[1:]) + grain).cast("uchar").copy(interpretation="srgb")


def sizes(room, original: bytes) -> list[tuple[int, int, int]]:
    return [(v.pixels, v.width, v.height) for v in room.variants(original)]


def opened(body: bytes) -> pyvips.Image:
    # The limits allow reading what we wrote: a JPEG from memory.
    return pyvips.Image.jpegload_buffer(body)


def colour(room, original: bytes) -> list[float]:
    """Return the colour in the middle of the smallest variant."""
    image = opened(next(room.variants(original)).body)
    return image.getpoint(image.width // 2, image.height // 2)


def test_the_thumbnail_comes_first_and_each_fits_its_box(room):
    assert sizes(room, photograph(2_000, 1_500).jpegsave_buffer()) == [
        (150, 150, 113), (320, 320, 240), (640, 640, 480), (1_080, 1_080, 810),
    ]  # fmt: skip


def test_nothing_is_enlarged(room):
    assert sizes(room, a_png(200, 100)) == [(150, 150, 75), (320, 200, 100), (640, 200, 100), (1_080, 200, 100)]
    assert sizes(room, a_png(1, 1)) == [(pixels, 1, 1) for pixels in (150, 320, 640, 1_080)]


@pytest.mark.parametrize(("width", "height"), [(20_000, 1), (1, 20_000), (20_000, 7), (1_081, 1_080), (8_641, 8_640)])
def test_extreme_shapes_keep_a_pixel_and_their_box(room, width, height):
    original = pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb").jpegsave_buffer()
    for pixels, w, h in sizes(room, original):
        assert (w, h) == fitted(width, height, pixels)
        assert max(w, h) == min(pixels, max(width, height))
        assert min(w, h) >= 1


def test_the_same_bytes_in_give_the_same_bytes_out(room):
    """Kills: a thread count that changes sums, a date or a version in the file, an unordered choice of decoder."""
    original = photograph().jpegsave_buffer()
    shas = [[hashlib.sha256(v.body).hexdigest() for v in maker.variants(original)] for maker in (room, room, Darkroom())]
    assert shas[0] == shas[1] == shas[2]
    assert len(set(shas[0])) == 4


@clause("16.4")
@pytest.mark.parametrize("side", ["Landscape", "Portrait"])
def test_all_eight_orientations_come_out_alike(room, side):
    upright = next(room.variants(real_picture(f"{side}_1.jpg")))
    flat = opened(upright.body)
    for orientation in range(2, 9):
        variant = next(room.variants(real_picture(f"{side}_{orientation}.jpg")))
        assert (variant.width, variant.height) == (upright.width, upright.height)
        assert (variant.original_width, variant.original_height) == (upright.original_width, upright.original_height)
        # The files differ by their own compression; turned wrongly, the mean difference is above 30.
        assert (opened(variant.body) - flat).abs().avg() < 15, orientation


@clause("16.4")
def test_an_orientation_is_applied_before_measuring_also_in_a_png(room):
    variant = next(room.variants(a_png(300, 100, chunk(b"eXIf", exif(6)))))
    assert (variant.width, variant.height, variant.original_width, variant.original_height) == (50, 150, 100, 300)


@clause("16.4")
def test_no_metadata_but_the_profile_is_served(room):
    image = photograph(900, 600).copy()
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd3-GPSLatitude", "52/1 30/1 0/1 (52, 30, 0, Rational)")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "Camera (Camera, ASCII, 7 components, 7 bytes)")
    image.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x:xmpmeta/>")
    original = image.jpegsave_buffer(profile="p3")
    assert any("GPS" in name for name in opened(original).get_fields())
    for variant in room.variants(original):
        kept = [f for f in opened(variant.body).get_fields() if any(w in f for w in ("exif", "xmp", "iptc", "icc", "comment"))]
        assert kept == ["icc-profile-data"]


def test_another_profile_is_converted_to_srgb(room):
    # Display P3's pure green is outside sRGB; its half red is a stronger red in sRGB numbers.
    flat = uniform([200, 100, 100])
    converted = colour(room, flat.pngsave_buffer(profile="p3"))
    plain = colour(room, flat.pngsave_buffer())
    assert plain == pytest.approx([200, 100, 100], abs=3)
    assert converted[0] > plain[0] + 4


@pytest.mark.parametrize("name", ["Channel_digital_image_CMYK_color.jpg", "Channel_digital_image_CMYK_color_no_profile.jpg"])
def test_cmyk_becomes_srgb(room, name):
    for variant in room.variants(real_picture(name)):
        image = opened(variant.body)
        assert (image.interpretation, image.bands, image.format) == ("srgb", 3, "uchar")


def test_what_is_transparent_lies_on_white(room):
    clear = uniform([10, 20, 30, 0])
    assert colour(room, clear.pngsave_buffer()) == pytest.approx([255, 255, 255], abs=2)
    half = uniform([0, 0, 0, 128])
    assert colour(room, half.pngsave_buffer()) == pytest.approx([127, 127, 127], abs=3)


def test_sixteen_bits_become_eight_of_the_same_colour(room):
    deep = uniform([51_400, 25_700, 12_850], "ushort", "rgb16")
    assert colour(room, deep.pngsave_buffer()) == pytest.approx([200, 100, 50], abs=3)
    clear = deep.bandjoin_const([0]).cast("ushort").copy(interpretation="rgb16")
    assert colour(room, clear.pngsave_buffer()) == pytest.approx([255, 255, 255], abs=2)


@pytest.mark.parametrize("name", ["16-bit-grey-alpha.png", "Flag_of_the_Netherlands-16bit.png", "tbgn2c16.png", "bggn4a16.png"])
def test_real_sixteen_bit_pictures_come_out_as_srgb(room, name):
    for variant in room.variants(real_picture(name)):
        image = opened(variant.body)
        assert (image.interpretation, image.bands, image.format) == ("srgb", 3, "uchar")


def test_grey_becomes_srgb(room):
    grey = uniform([90], "uchar", "b-w")
    assert colour(room, grey.jpegsave_buffer()) == pytest.approx([90, 90, 90], abs=2)


def refusal(room, original: bytes) -> str:
    with pytest.raises(Undecodable) as undecodable:
        list(room.variants(original))
    return str(undecodable.value)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_a_file_that_lost_its_end_is_refused_even_with_an_end_mark_sewn_on(room, kind, keep):
    image = photograph(800, 600)
    whole = image.jpegsave_buffer() if kind == "jpg" else image.pngsave_buffer()
    end = b"\xff\xd9" if kind == "jpg" else whole[-12:]
    cut = whole[: int(len(whole) * keep)]
    assert "cut off" in refusal(room, cut)
    if kind == "png":
        assert refusal(room, cut + end)


@pytest.mark.parametrize("name", ["truncated.jpg", "truncated.png", "corrupt-header.jpg", "65536-uint32-limit.png",
                                  "giant-image.jpg", "check.svg", "circle.svg", "struct-image-04-t.svg"])  # fmt: skip
def test_real_hostile_files_are_refused_at_once(room, name):
    began = time.process_time()
    assert refusal(room, real_picture(name))
    # A bound on hostile work, not a benchmark: decoding any of these would take ten times as long.
    assert time.process_time() - began < 5


def test_noise_with_a_good_header_is_refused_in_words(room):
    whole = a_png(500, 500)
    at = whole.index(b"IDAT") + 8
    assert refusal(room, whole[:at] + bytes(20) + whole[at + 20 :]) == CUT_OFF


def test_a_jpeg_of_very_many_scans_is_refused_before_decoding(room):
    original = pyvips.Image.black(5_000, 5_000, bands=3).copy(interpretation="srgb").jpegsave_buffer(interlace=True)
    scans = original.count(b"\xff\xda")
    needed = MOST_SCANNED_PIXELS // 25_000_000 - scans + 1
    # A scan costs the decoder the whole picture, whatever is in it.
    assert refusal(room, original[:-2] + b"\xff\xda\0\2" * needed + b"\xff\xd9") == TOO_COSTLY


@pytest.mark.parametrize("name", [f"{s}_{n}.jpg" for s in ("Landscape",) for n in (1, 6)] + ["flowers.jpeg", "gain-map.jpg",
    "gamma_dalai_lama_gray.jpg", "grey-8bit-alpha.png", "50020484-00001.png", "testimgl.jpg"])  # fmt: skip
def test_real_pictures_of_many_kinds_decode(room, name):
    assert [v.pixels for v in room.variants(real_picture(name))] == [150, 320, 640, 1_080]
