"""Pictures that the specifications make for themselves: plain bytes, no decoder."""

import struct
import zlib
from pathlib import Path

import pytest

IMAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "images-sharp"


def real_picture(name: str) -> bytes:
    """Return a real picture's bytes, or skip the test where they are absent."""
    path = IMAGES / name
    if not path.exists():
        pytest.skip(f"the real pictures are not here: {name} is looked for in shared/data/images-sharp beside the checkout")
    return path.read_bytes()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def a_png(width: int, height: int, *extra: bytes, colour: bytes = b"\x20\x80\xc0", rows: int | None = None) -> bytes:
    """Return an RGB PNG of one colour; `extra` chunks stand before the picture, `rows` of them are really there."""
    row = b"\0" + colour * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(row * (height if rows is None else rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", body) + chunk(b"IEND")


def exif(orientation: int, order: str = ">") -> bytes:
    """Return a TIFF block that holds nothing but an orientation."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def a_jpeg_header(width: int, height: int, *, orientation: int | None = None, before: bytes = b"", frame: int = 0xC0) -> bytes:
    """Return a file with the outline of a JPEG: segments, a scan of nothing, and an end."""
    app1 = b""
    if orientation is not None:
        body = b"Exif\0\0" + exif(orientation)
        app1 = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    size = b"\xff" + bytes([frame]) + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\1\0\0\x3f\0" + b"scan\xff\0scan"
    return b"\xff\xd8" + before + app1 + size + scan + b"\xff\xd9"
