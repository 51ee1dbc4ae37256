"""A reader's page as the preview's frames show it: in one scheme, with images of this machine."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from newsletter.web.guard import with_local_images, without_frames

Stamp = Callable[[str], str]
"""When an image was changed, by what follows ``/images/``: so that a changed one is shown."""

_PREFERS: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width:0px)", "(max-width:0px)"
_BOTH: Final = re.compile(r"(color-schemes?\s*:\s*|content\s*=\s*[\"'])light dark", re.IGNORECASE)
_IMAGE: Final = re.compile(r"""(?<=["'(])/images/([^"'\s<>)?]+)""")
_HEAD_END: Final = re.compile(r"</head\s*>", re.IGNORECASE)
_INVERTED: Final = (
    "<style>html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img{filter:invert(1) hue-rotate(180deg)}</style>"
)


class Scheme(StrEnum):
    """How a mail program paints a page."""

    LIGHT = "light"
    DARK = "dark"
    INVERTED = "inverted"
    """Light, turned over by a program that does not ask the page: images stay as they are."""


def framed(html: str, scheme: Scheme, stamp: Stamp) -> str:
    """The page for a frame; nothing in it asks for anything outside this machine.

    Media queries for a scheme become ones that always or never hold, so that a window in one
    scheme shows the page in the other.
    """
    page = without_frames(with_local_images(html))
    page = _IMAGE.sub(lambda match: f"{match[0]}?v={stamp(match[1])}", page)
    own = Scheme.DARK if scheme is Scheme.DARK else Scheme.LIGHT
    page = _PREFERS.sub(lambda match: _ALWAYS if match[1].lower() == own else _NEVER, page)
    page = _BOTH.sub(rf"\g<1>{own}", page)
    return (
        _HEAD_END.sub(f"{_INVERTED}</head>", page, count=1) if scheme is Scheme.INVERTED else page
    )
