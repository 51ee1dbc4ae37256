"""Colours as CSS writes them, and the contrast of two (WCAG 2.2, 1.4.3)."""

import re
from functools import lru_cache
from typing import Final

Color = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

BLACK: Final[Color] = (0, 0, 0)
WHITE: Final[Color] = (255, 255, 255)
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_FUNCTION = re.compile(r"rgba?\(\s*([^)]+)\)", re.IGNORECASE)
# The names that pages are written with; another name counts as unknown, not as a fault.
_NAMES: Final = {
    "black": BLACK,
    "white": WHITE,
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "red": (255, 0, 0),
    "maroon": (128, 0, 0),
    "yellow": (255, 255, 0),
    "olive": (128, 128, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "aqua": (0, 255, 255),
    "cyan": (0, 255, 255),
    "teal": (0, 128, 128),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "fuchsia": (255, 0, 255),
    "magenta": (255, 0, 255),
    "purple": (128, 0, 128),
    "orange": (255, 165, 0),
    "pink": (255, 192, 203),
    "gold": (255, 215, 0),
    "brown": (165, 42, 42),
    "lightgray": (211, 211, 211),
    "lightgrey": (211, 211, 211),
    "darkgray": (169, 169, 169),
    "darkgrey": (169, 169, 169),
    "dimgray": (105, 105, 105),
    "dimgrey": (105, 105, 105),
    "gainsboro": (220, 220, 220),
    "whitesmoke": (245, 245, 245),
}


@lru_cache(maxsize=1024)
def color_of(text: str) -> tuple[Color, float] | None:
    """A colour and its opacity; None for what is no colour that is known here."""
    word = text.strip().lower()
    if word == "transparent":
        return BLACK, 0.0
    if word in _NAMES:
        return _NAMES[word], 1.0
    found = _HEX.fullmatch(word)
    if found:
        digits = found[1] if len(found[1]) > 4 else "".join(each * 2 for each in found[1])  # noqa: PLR2004 - short forms
        red, green, blue, *rest = bytes.fromhex(digits)
        return (red, green, blue), (rest[0] / 255 if rest else 1.0)
    function = _FUNCTION.fullmatch(word)
    return _of_numbers(re.split(r"[\s,/]+", function[1].strip())) if function else None


def _of_numbers(parts: list[str]) -> tuple[Color, float] | None:
    try:
        red, green, blue, *rest = [
            float(part[:-1]) / 100 if part.endswith("%") else float(part) for part in parts
        ]
    except ValueError:
        return None
    scale = 255 if parts[0].endswith("%") else 1
    opacity = rest[0] if rest else 1.0
    return (round(red * scale), round(green * scale), round(blue * scale)), opacity


def over(color: Color, opacity: float, ground: Color) -> Color:
    """A colour that lets the ground through."""
    if opacity >= 1:
        return color
    red, green, blue = (
        round(above * opacity + below * (1 - opacity))
        for above, below in zip(color, ground, strict=True)
    )
    return red, green, blue


@lru_cache(maxsize=1024)
def contrast(one: Color, other: Color) -> float:
    """The contrast ratio, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def hex_of(color: Color) -> str:
    """``#A3133F``."""
    return "#{:02X}{:02X}{:02X}".format(*color)


def _luminance(color: Color) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
        for part in color
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
