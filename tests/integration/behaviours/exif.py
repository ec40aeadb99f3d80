"""A JPEG with what cameras write beside the picture: how it was held, and where."""

import struct

# Turned by a quarter, so that width and height change places when it is shown upright.
QUARTER_TURN = 6
SHORT, LONG, ASCII = 3, 4, 2
ORIENTATION, GPS_POINTER, GPS_DATUM = 0x0112, 0x8825, 0x0012
SECRET = b"GPS-SECRET\0"
HEADER_BYTES, ENTRY_BYTES = 8, 12


def with_exif(jpeg: bytes) -> bytes:
    """Return a JPEG with an APP1 segment: an orientation, and a GPS block whose datum is `GPS-SECRET`."""
    # An IFD is a count, its entries and the offset of the next one (none).
    gps_at = HEADER_BYTES + 2 + 2 * ENTRY_BYTES + 4
    secret_at = gps_at + 2 + ENTRY_BYTES + 4
    first = struct.pack(">H", 2) + entry(ORIENTATION, SHORT, 1, QUARTER_TURN << 16) + entry(GPS_POINTER, LONG, 1, gps_at)
    gps = struct.pack(">H", 1) + entry(GPS_DATUM, ASCII, len(SECRET), secret_at)
    none = struct.pack(">I", 0)
    block = b"Exif\0\0MM\0*" + struct.pack(">I", HEADER_BYTES) + first + none + gps + none + SECRET
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    """Return one entry of an IFD; `value` is what its four bytes hold, or where the value stands."""
    return struct.pack(">HHII", tag, kind, count, value)
