"""A picture made fit for mail: upright, in sRGB, twice its shown width, light, without secrets.

What a camera wrote beside the picture (place, time, owner, thumbnail) never goes along. Pillow
does the work (the extra ``images``) and is imported here alone.
"""

import io
import re
import struct
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.errors import UsageError

HEAVIEST: Final = 200_000  # octets
SHARPNESS: Final = 2  # pixels for each one shown
JPEG_QUALITY: Final = 80
_LARGEST_FILE = 100_000_000
_MOST_PIXELS = 90_000_000
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
_LOSSY = frozenset({"JPEG", "MPO"})
_EXPORT = "export it as JPEG (a photograph) or PNG (a drawing)"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready for a letter: its octets, its pixels, and the width it is shown at."""

    content: bytes
    suffix: str
    pixels: tuple[int, int]
    width: int
    notes: tuple[str, ...] = ()
    """What the officer may want to do about it, a sentence each."""


def fit_picture(path: Path, width: int) -> Picture:
    """Make the picture in a file fit to be shown ``width`` pixels wide; it is never enlarged.

    ``UsageError`` says why a file is no picture that a newsletter can show.
    """
    content = _read(path)
    with _opened(path, content) as image:
        lossy = image.format in _LOSSY
        fitted, notes = _upright_srgb(image)
        shown = min(width, fitted.width)
        fitted = _shrunk(fitted, shown * SHARPNESS)
        packed, suffix = _packed(fitted, lossy=lossy)
    if fitted.width < shown * SHARPNESS or shown < width:
        notes = (*notes, _small(fitted.width, width, shown))
    if len(packed) > HEAVIEST:
        notes = (*notes, _heavy(len(packed), shown))
    return Picture(packed, suffix, fitted.size, shown, notes)


def plain_name(name: str) -> str:
    """A file's name without its suffix as every system writes it: a-z, 0-9, hyphens."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:60].strip("-") or "image"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise UsageError(message, cure="name a picture on this machine") from error
    if len(content) > _LARGEST_FILE:
        message = f"{path.name} is larger than {_LARGEST_FILE // 1_000_000} MB"
        raise UsageError(message, cure=_EXPORT)
    return content


@contextmanager
def _opened(path: Path, content: bytes) -> Iterator[Any]:
    """The whole picture, decoded; everything that Pillow says of a bad file becomes one word."""
    pillow = _pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are judged below, and odd metadata is dropped
            with pillow.open(io.BytesIO(content), formats=_FORMATS) as image:
                _refuse_unfit(path, image)
                image.load()
                yield image
    except pillow.DecompressionBombError as error:
        raise _too_large(path.name) from error
    except pillow.UnidentifiedImageError as error:
        message = f"{path.name} is not a picture that can be read: JPEG, PNG, GIF, WebP, TIFF, BMP"
        raise UsageError(message, cure=_EXPORT) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError) as error:
        message = f"{path.name} is broken: {error or type(error).__name__}"
        raise UsageError(
            message, cure="export it anew from the program it was made with"
        ) from error


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        message = "pictures need Pillow, which is not installed"
        cure = "pip install 'newsletter[images]', or put a finished picture into images/"
        raise UsageError(message, cure=cure) from error
    Image.init()  # else the rarer formats are not known
    return Image


def _refuse_unfit(path: Path, image: Any) -> None:
    """By the file's own head, before anything is decoded."""
    if image.width * image.height > _MOST_PIXELS:
        raise _too_large(f"{path.name} ({image.width} × {image.height})")
    count = 1 if image.format in _LOSSY else getattr(image, "n_frames", 1)
    if count > 1:
        message = f"{path.name} holds {count} pictures, and a letter's picture stands still"
        cure = "export one of them; an animated GIF may be put into images/ by hand"
        raise UsageError(message, cure=cure)


def _too_large(name: str) -> UsageError:
    message = f"{name} has more than {_MOST_PIXELS // 1_000_000} million pixels"
    return UsageError(message, cure="make it smaller first: 1040 pixels wide is enough")


def _upright_srgb(image: Any) -> tuple[Any, tuple[str, ...]]:
    """The picture as it is meant to be seen, in RGB or RGBA and nothing besides its pixels."""
    from PIL import ImageOps

    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    converted, notes = _in_srgb(upright, profile) if profile else (upright, ())
    mode = "RGBA" if converted.has_transparency_data else "RGB"
    if converted.mode.startswith(("I", "F")):  # sixteen bits and more: the upper eight
        converted = converted.point(lambda value: value / 256).convert("L")
    whole = converted.convert(mode)
    if mode == "RGBA" and whole.getchannel("A").getextrema()[0] == 255:  # noqa: PLR2004 - opaque
        whole = whole.convert("RGB")
    whole.info = {}
    return whole, notes


def _in_srgb(image: Any, profile: bytes) -> tuple[Any, tuple[str, ...]]:
    from PIL import ImageCms

    alpha = image.getchannel("A") if image.mode in {"RGBA", "LA"} else None
    base = image.convert({"RGBA": "RGB", "LA": "L", "P": "RGB"}.get(image.mode, image.mode))
    try:
        source, target = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
        )
        shown = ImageCms.profileToProfile(base, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image, ("its colour profile cannot be used: compare the colours",)
    if shown is not None and alpha is not None:
        shown.putalpha(alpha)
    return shown, ()


def _shrunk(image: Any, width: int) -> Any:
    if image.width <= width:
        return image
    from PIL import Image

    size = (width, max(1, round(image.height * width / image.width)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _packed(image: Any, *, lossy: bool) -> tuple[bytes, str]:
    """A photograph as JPEG; a drawing as PNG, unless that is heavy and it may lose a little."""
    if lossy:
        return _saved(image.convert("RGB"), "JPEG"), ".jpg"
    drawn = _saved(image, "PNG")
    if len(drawn) <= HEAVIEST or image.mode == "RGBA":
        return drawn, ".png"
    return _saved(image, "JPEG"), ".jpg"


def _saved(image: Any, form: str) -> bytes:
    buffer = io.BytesIO()
    if form == "JPEG":
        image.save(buffer, form, quality=JPEG_QUALITY, optimize=True, progressive=True)
    else:
        image.save(buffer, form, optimize=True)
    return buffer.getvalue()


def _small(pixels: int, wanted: int, shown: int) -> str:
    fault = f"it has {pixels} pixels across; {wanted * SHARPNESS} are sharp on every screen"
    narrower = f", so it is shown {shown} wide" if shown < wanted else ""
    return f"{fault}{narrower}: look for the original"


def _heavy(octets: int, shown: int) -> str:
    narrower = max(120, shown * 3 // 4 // 10 * 10)
    return (
        f"it weighs {octets // 1000} KB, more than {HEAVIEST // 1000}: crop it, choose one with"
        f" fewer details, or show it narrower with --width {narrower}"
    )
