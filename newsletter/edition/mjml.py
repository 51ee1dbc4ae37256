"""MJML to HTML by MRML, with everything refused that it cannot bear.

MRML 6.0.1 crashes the process on deep nesting, panics on some includes and passes control
characters on, so all three are refused before it sees the page.
"""

import re
from collections.abc import Callable
from typing import Final

from mjml import mjml2html

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 100
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\ufffe\uffff]")
_TAG = re.compile(
    r"<(/?)([a-zA-Z][\w-]*+)(?:[^'\">]++|\"[^\"]*+\"|'[^']*+')*+>|<!--.*?-->", re.DOTALL
)
_POSITION = re.compile(r"at position (\d+)")
_LEFT = re.compile(r"<(mj-[\w-]+|mjml\b)")
_FORBIDDEN = re.compile(r"<(mj-include|mj-html-attributes|mj-hero|mj-carousel)\b")


class MjmlError(ValueError):
    """MJML that cannot be rendered; ``offset`` counts characters, -1 when the place is unknown."""

    def __init__(self, message: str, offset: int = -1) -> None:
        super().__init__(message)
        self.offset = offset


def to_html(mjml: str, renderer: Callable[..., str] = mjml2html) -> str:
    """The HTML of an MJML page; ``MjmlError`` says what is wrong and where.

    The positions in MRML's messages are byte offsets; here they become characters.
    """
    refuse(mjml)
    try:
        html = renderer(mjml, disable_comments=True, fonts={}, include_loader=None)
    except ValueError as error:
        raise MjmlError(str(error), _offset(str(error), mjml)) from error
    except BaseException as error:
        # A Rust panic is a BaseException of its own; anything else here is not ours to catch.
        if type(error).__name__ != "PanicException":
            raise
        message = "the MJML renderer failed"
        raise MjmlError(message) from error
    left = _LEFT.search(html)
    if left:  # MRML passes on what it does not know, as a tag that no mail program knows
        message = f"{left[1]} is no tag of MJML, or not in this place"
        raise MjmlError(message, mjml.find(left[0]))
    return html


def refuse(mjml: str) -> None:
    """Raise ``MjmlError`` for a page that MRML must not be given."""
    if len(mjml.encode()) > MAX_BYTES:
        message = f"the page is larger than {MAX_BYTES:,} bytes"
        raise MjmlError(message)
    control = _CONTROLS.search(mjml)
    if control:
        message = f"the page holds the control character U+{ord(control[0]):04X}"
        raise MjmlError(message, control.start())
    forbidden = _FORBIDDEN.search(mjml)
    if forbidden:
        message = f"{forbidden[1]} is not supported here"
        raise MjmlError(message, forbidden.start())
    _refuse_depth(mjml)


def _refuse_depth(mjml: str) -> None:
    depth = 0
    for tag in _TAG.finditer(mjml):
        if tag[2] is None or mjml[tag.end() - 2] == "/":
            continue
        depth += -1 if tag[1] else 1
        if depth > MAX_DEPTH:
            message = f"tags are nested more than {MAX_DEPTH} deep"
            raise MjmlError(message, tag.start())


def _offset(message: str, mjml: str) -> int:
    match = _POSITION.search(message)
    if not match:
        return -1
    return len(mjml.encode()[: int(match[1])].decode(errors="ignore"))
