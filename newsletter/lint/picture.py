"""A picture's file, read by its first octets: kind, size in pixels, colours, movement."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from os import fstat
from pathlib import Path

_HEAD = 262_144
_CMYK = 4
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"%PDF", "PDF"),
)
SHOWN = frozenset({"PNG", "JPEG", "GIF"})
"""What every mail program shows (caniemail: image formats)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a file says of itself; ``width`` and ``height`` are 0 where it does not say."""

    kind: str
    width: int = 0
    height: int = 0
    octets: int = 0
    cmyk: bool = False


def picture_of(path: Path) -> Picture | None:
    """The picture in a file, looked at once until its octets change; None without a file."""
    try:
        with path.open("rb") as file:
            head, octets = file.read(_HEAD), fstat(file.fileno()).st_size
    except OSError:
        return None
    return _looked_at(head, octets)


@lru_cache(maxsize=64)
def _looked_at(head: bytes, octets: int) -> Picture:
    kind = _kind(head)
    try:
        width, height, cmyk = _SIZES.get(kind, lambda _: (0, 0, False))(head)
    except (struct.error, IndexError):
        width, height, cmyk = 0, 0, False
    return Picture(kind, width, height, octets, cmyk)


def _kind(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return {b"avif": "AVIF", b"heic": "HEIC", b"mif1": "HEIC"}.get(head[8:12], "a film")
    return next((kind for magic, kind in _KINDS if head.startswith(magic)), "no picture")


def _png(head: bytes) -> tuple[int, int, bool]:
    width, height = struct.unpack(">II", head[16:24])
    return width, height, False


def _gif(head: bytes) -> tuple[int, int, bool]:
    width, height = struct.unpack("<HH", head[6:10])
    return width, height, False


def _jpeg(head: bytes) -> tuple[int, int, bool]:
    """The frame header (ITU T.81, B.2.2): size, and how many colour components."""
    at = 2
    while head[at] == 0xFF:  # noqa: PLR2004 - each marker begins with it
        marker, (length,) = head[at + 1], struct.unpack(">H", head[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width, components = struct.unpack(">HHB", head[at + 5 : at + 10])
            return width, height, components == _CMYK
        at += 2 + length
    return 0, 0, False


_SIZES = {"PNG": _png, "GIF": _gif, "JPEG": _jpeg}
