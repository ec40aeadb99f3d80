"""The orientation that an Exif block asks for: the one field of Exif that Darkroom reads."""

_ORIENTATION = 0x0112
_SHORT = 3
# Cameras write some tens of fields; more are not looked at.
_MOST_FIELDS = 512


def orientation_of(block: bytes, otherwise: int = 1) -> int:
    """Return the orientation (1 to 8) in a TIFF block, `otherwise` when it says none or makes no sense."""
    if block[:4] == b"II*\0":
        order = "little"
    elif block[:4] == b"MM\0*":
        order = "big"
    else:
        return otherwise
    directory = int.from_bytes(block[4:8], order)
    count = min(int.from_bytes(block[directory : directory + 2], order), _MOST_FIELDS)
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        field = block[at : at + 12]
        if len(field) < 12:
            return otherwise
        tag, kind = int.from_bytes(field[:2], order), int.from_bytes(field[2:4], order)
        if tag == _ORIENTATION and kind == _SHORT:
            value = int.from_bytes(field[8:10], order)
            return value if 1 <= value <= 8 else otherwise
    return otherwise
