"""What the header of an upload says, and what is refused with which status."""

import struct
import zlib

import pytest
from hypothesis import given, strategies as st

from schemas.picture_header import JPEG, MAX_BYTES, PNG, HeaderReader, PictureRefused, read_header
from tests.specs.pictures_made import a_jpeg_header, a_png, chunk, exif, real_picture


def refusal(content: bytes) -> tuple[int, str]:
    with pytest.raises(PictureRefused) as refused:
        read_header(content)
    return refused.value.status, refused.value.detail


def test_the_type_is_told_by_content():
    assert read_header(a_png(3, 2)).content_type == PNG
    assert read_header(a_jpeg_header(3, 2)).content_type == JPEG


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_the_one_after_turning(orientation):
    turned = orientation >= 5
    for content in (a_jpeg_header(30, 20, orientation=orientation), a_png(30, 20, chunk(b"eXIf", exif(orientation, "<")))):
        header = read_header(content)
        assert (header.width, header.height) == ((20, 30) if turned else (30, 20))


@pytest.mark.parametrize("side", ["Landscape", "Portrait"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_real_cameras_orientations_are_read(side, orientation):
    header = read_header(real_picture(f"{side}_{orientation}.jpg"))
    # All eight show the same picture; the files differ in how it lies in them.
    flat = (600, 450) if side == "Landscape" else (450, 600)
    assert {header.width, header.height} == set(flat)
    assert header.content_type == JPEG


@pytest.mark.parametrize("content", [b"GIF89a" + bytes(40), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"x", bytes(100)])
def test_another_type_is_415_whatever_it_is_called(content):
    assert refusal(content) == (415, "The file is neither a JPEG nor a PNG, by its content.")


def test_an_svg_named_jpg_is_415():
    assert refusal(real_picture("circle.svg"))[0] == 415


def test_an_empty_file_is_422():
    assert refusal(b"") == (422, "The file is empty.")


@pytest.mark.parametrize("whole", [a_png(40, 40), a_jpeg_header(40, 40, orientation=6)])
def test_a_file_that_is_cut_anywhere_is_422(whole):
    for end in range(8, len(whole) - 1):
        status, detail = refusal(whole[:end])
        assert status == 422, end
        assert "cut off" in detail, end


@pytest.mark.parametrize("name", ["truncated.jpg", "truncated.png", "corrupt-header.jpg"])
def test_real_damaged_files_are_422(name):
    assert refusal(real_picture(name))[0] == 422


def test_what_a_phone_appends_after_the_end_is_allowed():
    assert read_header(a_jpeg_header(4, 3) + b"another picture follows").width == 4


@pytest.mark.parametrize(("width", "height"), [(65_536, 65_536), (10_001, 10_000), (20_001, 1), (1, 20_001)])
def test_too_many_pixels_are_422_before_any_decoding(width, height):
    assert refusal(a_png(width, height, rows=1))[0] == 422
    if max(width, height) < 65_536:
        assert refusal(a_jpeg_header(width, height))[0] == 422


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (20_000, 1), (1, 1)])
def test_the_limits_themselves_are_allowed(width, height):
    header = read_header(a_png(width, height, rows=1))
    assert (header.width, header.height) == (width, height)


@pytest.mark.parametrize("name", ["65536-uint32-limit.png", "giant-image.jpg"])
def test_real_decompression_bombs_are_422(name):
    status, detail = refusal(real_picture(name))
    assert status == 422
    assert "px" in detail


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (a_png(0, 5), "no size"),
        (a_jpeg_header(5, 0), "no size"),
        (b"\xff\xd8\xff\xd9", "ends before"),
        (b"\xff\xd8\xff\xe0\0\1rest of the file", "impossible length"),
        (b"\xff\xd8nonsense, no segment", "segment"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", zlib.compress(b"x")) + chunk(b"IEND"), "not in order"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IEND"), "no picture"),
    ],
)
def test_damage_is_422_and_said(content, word):
    status, detail = refusal(content)
    assert status == 422
    assert word in detail


def test_too_many_bytes_are_413_before_any_other_reason():
    assert refusal(b"no picture" + bytes(MAX_BYTES))[0] == 413
    assert read_header(a_png(2, 2).ljust(MAX_BYTES, b"\0")).size_bytes == MAX_BYTES
    assert refusal(a_png(2, 2).ljust(MAX_BYTES + 1, b"\0"))[0] == 413


def test_a_hopeless_upload_is_known_before_its_end():
    reader = HeaderReader()
    reader.feed(a_jpeg_header(4, 3)[:2])
    assert not reader.hopeless
    reader.feed(b"broken")
    assert reader.hopeless


@given(st.lists(st.integers(1, 40), max_size=60), st.sampled_from(["png", "jpeg"]), st.integers(1, 8))
def test_where_the_pieces_are_cut_changes_nothing(cuts, kind, orientation):
    """Kills: forgetting what is left to skip when a piece ends inside a chunk; losing an end mark that straddles two."""
    filler = chunk(b"tEXt", b"a comment that is skipped")
    segment = b"\xff\xfe" + struct.pack(">H", 27) + b"a comment that is skipped"
    whole = (
        a_png(30, 20, filler, chunk(b"eXIf", exif(orientation)))
        if kind == "png"
        else a_jpeg_header(30, 20, orientation=orientation, before=segment)
    )
    reader = HeaderReader()
    at = 0
    for cut in [*cuts, len(whole)]:
        reader.feed(whole[at : at + cut])
        at += cut
    assert reader.finish() == read_header(whole)


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\0\x20Exif\0\0MM\0*", b"\x89PNG\r\n\x1a\n"])
)
def test_garbage_is_refused_and_never_breaks(garbage, start):
    """Kills: an index error on short segments, a loop that does not advance."""
    try:
        read_header(start + garbage)
    except PictureRefused as refused:
        assert refused.status in (415, 422)
