"""How an element of a page looks: its colours and its type, taken from its parent and its CSS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from newsletter.lint.color import BLACK, WHITE, Color, color_of, over

_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|em|rem|%|pt|)", re.IGNORECASE)
_ROOT: Final = 16.0
_BOLD: Final = 600
_NORMAL_LINE: Final = 1.2
_KEYWORDS: Final = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
}
_HEADINGS: Final = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67}
_HEAVY: Final = frozenset({"b", "strong", "th", *_HEADINGS})
_SMALLER: Final = {"small": 0.83, "sub": 0.83, "sup": 0.83}
_LINK: Final = {False: (0, 0, 238), True: (158, 158, 255)}
"""What browsers give a link that has no colour of its own, in light and in dark."""
LOOKED_AT: Final = frozenset(
    {
        *("color", "background", "background-color", "background-image"),
        *("font", "font-size", "font-weight", "line-height"),
        *("display", "visibility", "max-height", "opacity"),
    }
)
"""The properties that make a look."""


@dataclass(frozen=True, slots=True)
class Look:
    """Colours and sizes in pixels; ``ground`` is None where a picture lies under the text."""

    color: Color = BLACK
    ground: Color | None = WHITE
    size: float = _ROOT
    line: float = _NORMAL_LINE
    """Height of a line: a factor of ``size``, or pixels where negative."""
    bold: bool = False
    hidden: bool = False
    unknown: bool = False
    """Whether the text's colour is one that is not known here."""

    @property
    def shows(self) -> bool:
        """Whether words that stand here are seen; MJML sets the cells around them to size 0."""
        return not self.hidden and self.size > 0

    @property
    def line_height(self) -> float:
        """Pixels from one line to the next."""
        return -self.line if self.line < 0 else self.line * self.size


def look_of(parent: Look, tag: str, declared: Mapping[str, str], *, dark: bool) -> Look:
    """The look of an element; ``declared`` is what won the cascade for it."""
    if not declared and tag not in _OWN:
        return parent
    size = _size(declared.get("font-size"), parent.size, tag)
    ground = _ground(declared, parent.ground)
    color = _color(tag, declared.get("color"), parent.color, ground, dark=dark)
    return Look(
        color or parent.color,
        ground,
        size,
        _line(declared.get("line-height"), size, parent.line),
        bold=_bold(declared.get("font-weight"), tag, bold=parent.bold),
        hidden=parent.hidden or _is_hidden(declared),
        unknown=color is None or (parent.unknown and color == parent.color),
    )


_OWN: Final = frozenset({"a", *_HEAVY, *_SMALLER})


def _ground(declared: Mapping[str, str], below: Color | None) -> Color | None:
    """What the text lies on; None for a picture, or for a colour that is not known here."""
    painted = color_of(declared.get("background-color", "transparent"))
    if painted is None or "url(" in declared.get("background-image", ""):
        return None
    if painted[1] <= 0 or (below is None and painted[1] < 1):
        return below
    return over(painted[0], painted[1], below or WHITE)


def _color(
    tag: str, written: str | None, inherited: Color, ground: Color | None, *, dark: bool
) -> Color | None:
    """The text's colour; None for one that is not known here."""
    if written is None:
        return _LINK[dark] if tag == "a" else inherited
    if written.strip().lower() in {"inherit", "currentcolor", "unset"}:
        return inherited
    found = color_of(written)
    return over(found[0], found[1], ground or WHITE) if found else None


def _is_hidden(declared: Mapping[str, str]) -> bool:
    return (
        declared.get("display", "").strip() == "none"
        or declared.get("visibility", "").strip() in {"hidden", "collapse"}
        or pixels(declared.get("max-height", "")) == 0
        or declared.get("opacity", "").strip() in {"0", "0.0"}
    )


def _size(written: str | None, parent: float, tag: str) -> float:
    if written is None:
        factor = _HEADINGS.get(tag) or _SMALLER.get(tag)
        return _ROOT * factor if tag in _HEADINGS and factor else parent * (factor or 1)
    found = length(written, parent)
    return parent if found is None else found


def _line(written: str | None, size: float, parent: float) -> float:
    if written is None:
        return parent
    match = _LENGTH.fullmatch(written.strip())
    if not match:
        return _NORMAL_LINE if written.strip() == "normal" else parent
    number, unit = float(match[1]), match[2].lower()
    return number if not unit else -(length(written, size) or 0) or -0.001


def _bold(written: str | None, tag: str, *, bold: bool) -> bool:
    if written is None:
        return bold or tag in _HEAVY
    word = written.strip()
    return word in {"bold", "bolder"} or (word.isdigit() and int(word) >= _BOLD)


@lru_cache(maxsize=1024)
def length(written: str, parent: float) -> float | None:
    """A length in pixels, relative ones by the parent's; None for what is none."""
    word = written.strip().lower()
    if word in _KEYWORDS:
        return _KEYWORDS[word]
    match = _LENGTH.fullmatch(word)
    if not match:
        return None
    factors = {"px": 1.0, "": 1.0, "pt": 4 / 3, "em": parent, "%": parent / 100, "rem": _ROOT}
    return float(match[1]) * factors[match[2]]


def pixels(written: str) -> float | None:
    """A length that needs no parent: ``12px``, ``0``; None for any other."""
    match = _LENGTH.fullmatch(written.strip().lower())
    plain = match and (match[2] in {"px", "pt"} or float(match[1]) == 0)
    return length(written, _ROOT) if plain else None
