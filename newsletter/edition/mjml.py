r"""MJML to HTML by MRML, with everything refused that it cannot bear.

MRML 6.0.1 crashes the process on deep nesting, panics on some includes and passes control
characters on, so all three are refused before it sees the page. And it writes attributes as
Rust's debugger would (a no-break space in an alternative text becomes ``\u{a0}``), so in
attributes it is given whatever is not plain ASCII as a reference: ``&#160;``.
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
_START_TAG = re.compile(r"<[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^'\">])*>")
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_ODD = re.compile(r"[^\x20-\x5b\x5d-\x7e]")
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
    given = _spelled(mjml)
    try:
        html = renderer(given, disable_comments=True, fonts={}, include_loader=None)
    except ValueError as error:
        raise MjmlError(str(error), _offset(str(error), given, mjml)) from error
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


def _spelled(mjml: str) -> str:
    """The page with references in its attributes for all that MRML would write otherwise."""
    return _START_TAG.sub(_spelled_tag, mjml)


def _spelled_tag(tag: re.Match[str]) -> str:
    text = tag[0]
    return _VALUE.sub(_spelled_value, text) if _ODD.search(text) else text


def _spelled_value(value: re.Match[str]) -> str:
    return _ODD.sub(lambda sign: f"&#{ord(sign[0])};", value[0])


def _offset(message: str, given: str, mjml: str) -> int:
    """The character of ``mjml`` that MRML's byte in the page that it was given stands for."""
    match = _POSITION.search(message)
    if not match:
        return -1
    before = given.encode()[: int(match[1])].decode(errors="ignore")
    longer = 0
    for one, other in zip(_START_TAG.finditer(given), _START_TAG.finditer(mjml), strict=True):
        if one.end() > len(before):
            break
        longer += len(one[0]) - len(other[0])
    return len(before) - longer
