"""What the first bytes of an upload say: the type by content, the oriented size, and whether the file is whole.

Nothing is decoded and no driver is needed, so that the edge can refuse what is hopeless while the file is still arriving.
What only a decoder can find is left to `agents.pictures`. The file is walked once, in pieces of any length, and no more
of it is held than the piece that is being read.
"""

from collections.abc import Generator
from dataclasses import dataclass

from schemas.exif import orientation_of

# 10 MiB; http.md, Pictures.
MAX_BYTES = 10_485_760
MAX_PIXELS = 100_000_000
MAX_SIDE = 20_000

JPEG = "image/jpeg"
PNG = "image/png"

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
# Start-of-frame markers are C0 to CF without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: TEM and the restarts.
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# An orientation of 5 to 8 turns the picture by a quarter.
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
# A longer Exif chunk of a PNG is skipped unread: a JPEG segment cannot be longer either.
_LONGEST_EXIF = 65_536


class PictureRefused(ValueError):
    """The upload is not a picture that Darkroom takes; `status` is the HTTP status that says so (413, 415 or 422)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What is known before decoding. `width` and `height` in px, as the picture is to be seen."""

    content_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(slots=True)
class _Found:
    """What the walk has found so far."""

    content_type: str | None = None
    width: int = 0
    height: int = 0
    orientation: int = 1
    whole: bool = False
    foreign: bool = False
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class _Take:
    """Ask for the next `count` bytes."""

    count: int


@dataclass(frozen=True, slots=True)
class _Skip:
    """Pass over the next `count` bytes."""

    count: int


@dataclass(frozen=True, slots=True)
class _SkipPast:
    """Pass over all bytes up to a mark, and over the mark."""

    mark: bytes


_Walk = Generator["_Take | _Skip | _SkipPast", bytes, None]


class HeaderReader:
    """Reads the header of one upload from pieces of it: `feed` each, then `finish`.

    `feed` never raises, since a hopeless upload must still be read to its end before it can be answered; `hopeless` says
    that its bytes need not be kept.
    """

    def __init__(self) -> None:
        self._found = _Found()
        self._walk = _walk(self._found)
        self._wish = next(self._walk, None)
        self._held = bytearray()
        self._skip = 0
        self.size_bytes = 0

    @property
    def hopeless(self) -> bool:
        """Whether `finish` will refuse, whatever follows."""
        return self._refusal(ended=False) is not None

    def feed(self, piece: bytes) -> None:
        """Read the next piece of the file."""
        self.size_bytes += len(piece)
        if self._wish is None:
            return
        skipped = min(self._skip, len(piece))
        self._skip -= skipped
        self._held += memoryview(piece)[skipped:]
        while not self._skip and self._wish is not None and self._advance(self._wish):
            pass
        if self._wish is None:
            self._held.clear()

    def finish(self) -> PictureHeader:
        """Return what the file says about itself; raises PictureRefused (413, 415, 422, in this order)."""
        refusal = self._refusal(ended=True)
        if refusal is not None:
            raise refusal
        found = self._found
        turned = found.orientation in _QUARTER_TURNS
        width, height = (found.height, found.width) if turned else (found.width, found.height)
        return PictureHeader(found.content_type or "", width, height, self.size_bytes)

    def _advance(self, wish: "_Take | _Skip | _SkipPast") -> bool:
        """Grant the walk's wish if the bytes are there; return whether they were."""
        held = self._held
        answer = b""
        match wish:
            case _Take(count):
                if len(held) < count:
                    return False
                answer = bytes(held[:count])
                del held[:count]
            case _Skip(count):
                here = min(count, len(held))
                del held[:here]
                self._skip = count - here
            case _SkipPast(mark):
                at = held.find(mark)
                if at < 0:
                    # The mark may straddle two pieces, so that its length less one is kept.
                    del held[: max(0, len(held) - len(mark) + 1)]
                    return False
                del held[: at + len(mark)]
        try:
            self._wish = self._walk.send(answer)
        except StopIteration:
            self._wish = None
        return True

    def _refusal(self, *, ended: bool) -> PictureRefused | None:
        """Return why the upload is refused, the weightiest reason first, or None."""
        found = self._found
        if self.size_bytes > MAX_BYTES:
            return PictureRefused(413, f"The file is larger than {MAX_BYTES:,} bytes.")
        if found.foreign or (ended and found.content_type is None and self.size_bytes):
            return PictureRefused(415, "The file is neither a JPEG nor a PNG, by its content.")
        if found.broken:
            return PictureRefused(422, found.broken)
        too_large = _too_large(found)
        if too_large:
            return PictureRefused(422, too_large)
        if not ended or found.whole:
            return None
        if self.size_bytes == 0:
            return PictureRefused(422, "The file is empty.")
        return PictureRefused(422, "The file is cut off: its end is missing.")


def read_header(content: bytes) -> PictureHeader:
    """Return the header of a whole file; raises PictureRefused."""
    reader = HeaderReader()
    reader.feed(content)
    return reader.finish()


def _too_large(found: _Found) -> str | None:
    """Return the words for a picture of too many pixels, or None."""
    if max(found.width, found.height) > MAX_SIDE:
        return f"The picture is {found.width} x {found.height} px; a side may have at most {MAX_SIDE:,} px."
    if found.width * found.height > MAX_PIXELS:
        return f"The picture is {found.width} x {found.height} px; at most {MAX_PIXELS // 1_000_000} megapixels are allowed."
    return None


def _walk(found: _Found) -> _Walk:
    """Tell the type by the first bytes and walk the rest accordingly."""
    start = yield _Take(2)
    if start == _JPEG_START:
        found.content_type = JPEG
        yield from _walk_jpeg(found)
    elif start == _PNG_SIGNATURE[:2]:
        rest = yield _Take(6)
        if start + rest != _PNG_SIGNATURE:
            found.foreign = True
            return
        found.content_type = PNG
        yield from _walk_png(found)
    else:
        found.foreign = True


def _walk_jpeg(found: _Found) -> _Walk:
    """Walk the segments up to the first scan, then look for the end mark, which scans cannot contain."""
    while True:
        if (yield _Take(1)) != b"\xff":
            found.broken = "The file is damaged: a JPEG segment does not begin where it should."
            return
        marker = 0xFF
        while marker == 0xFF:
            marker = (yield _Take(1))[0]
        if marker in _ALONE:
            continue
        if marker == _JPEG_END[1]:
            found.broken = "The file is damaged: the JPEG ends before its picture begins."
            return
        length = int.from_bytes((yield _Take(2)), "big") - 2
        if length < 0:
            found.broken = "The file is damaged: a JPEG segment has an impossible length."
            return
        if marker in _FRAMES and length >= 6:
            _read_frame((yield _Take(length)), found)
        elif marker == 0xE1:
            found.orientation = orientation_of((yield _Take(length)).removeprefix(b"Exif\0\0"), found.orientation)
        else:
            yield _Skip(length)
        if found.broken:
            return
        if marker == 0xDA:
            break
    if not found.width:
        found.broken = "The file is damaged: the JPEG has no frame before its scan."
        return
    # Phones append further pictures after the end, so that it is looked for and not expected last.
    yield _SkipPast(_JPEG_END)
    found.whole = True


def _read_frame(segment: bytes, found: _Found) -> None:
    """Take the size from a start-of-frame segment."""
    found.height = int.from_bytes(segment[1:3], "big")
    found.width = int.from_bytes(segment[3:5], "big")
    if not found.height or not found.width:
        found.broken = "The picture has no size: it must be at least 1 x 1 px."


def _walk_png(found: _Found) -> _Walk:
    """Walk the chunks to the last one."""
    pixels_seen = False
    first = True
    while True:
        chunk = yield _Take(8)
        length, kind = int.from_bytes(chunk[:4], "big"), chunk[4:]
        if (kind == b"IHDR") != first or (first and length != 13) or length > 0x7FFF_FFFF:
            found.broken = "The file is damaged: its PNG chunks are not in order."
            return
        if first:
            first = False
            header = yield _Take(13)
            found.width, found.height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
            if not found.height or not found.width:
                found.broken = "The picture has no size: it must be at least 1 x 1 px."
                return
        elif kind == b"eXIf" and length <= _LONGEST_EXIF:
            found.orientation = orientation_of((yield _Take(length)), found.orientation)
        else:
            yield _Skip(length)
        pixels_seen = pixels_seen or kind == b"IDAT"
        yield _Take(4)
        if kind == b"IEND":
            break
    if not pixels_seen:
        found.broken = "The file is damaged: the PNG has no picture."
        return
    found.whole = True
