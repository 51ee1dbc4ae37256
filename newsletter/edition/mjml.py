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

from newsletter.edition.tags import TagFault, lexical_faults, refuse_tags

MAX_BYTES: Final = 1_000_000
MAX_HTML: Final = 4_000_000
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]"
)
_POSITION = re.compile(r"(?: in \w+ template)?(?: at position (\d+)(?::\d+)?)?$")
_NAME = re.compile(r"<?/?([\w:.-]+)")
_LEFT = re.compile(r"<(mj-[^\s<>/]*|mjml\b)", re.IGNORECASE)
_START_TAG = re.compile(r"<[a-zA-Z](?:[^'\"<>]++|\"[^\"]*+\"|'[^']*+')*+>")
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_ODD = re.compile(r"[^\x20-\x5b\x5d-\x7e]")
_FORBIDDEN = re.compile(r"<(mj-include|mj-html-attributes|mj-hero|mj-carousel)\b", re.IGNORECASE)


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
    return accepted_to_html(mjml, renderer)


def accepted_to_html(mjml: str, renderer: Callable[..., str] = mjml2html) -> str:
    """The same of a page that was not refused before: it is not searched for faults again."""
    given = _spelled(mjml)
    try:
        html = renderer(given, disable_comments=True, fonts={}, include_loader=None)
    except ValueError as error:
        raise _explained(str(error), given, mjml) from error
    except BaseException as error:
        # A Rust panic is a BaseException of its own; anything else here is not ours to catch.
        if type(error).__name__ != "PanicException":
            raise
        message = "the MJML renderer failed"
        raise MjmlError(message) from error
    left = _LEFT.search(html)
    if left:  # MRML passes on what it does not know, as a tag that no mail program knows
        message = f"{left[1]} is no tag of MJML, or not in this place"
        raise MjmlError(message, mjml.rfind(left[0]))
    if len(html) > MAX_HTML:
        message = f"the page becomes larger than {MAX_HTML:,} characters of HTML"
        raise MjmlError(message)
    return html


def refuse(mjml: str) -> None:
    """Raise ``MjmlError`` for a page that MRML must not be given."""
    control = _CONTROLS.search(mjml)
    if control:
        message = f"the page holds the control character U+{ord(control[0]):04X}"
        raise MjmlError(message, control.start())
    if len(mjml.encode()) > MAX_BYTES:
        message = f"the page is larger than {MAX_BYTES:,} bytes"
        raise MjmlError(message)
    forbidden = _FORBIDDEN.search(mjml)
    if forbidden:
        message = f"{forbidden[1]} is not supported here"
        raise MjmlError(message, forbidden.start())
    try:
        refuse_tags(mjml)
    except TagFault as error:
        raise _lexical(mjml) or MjmlError(str(error), error.offset) from error


def _lexical(mjml: str) -> MjmlError | None:
    """What is not even a tag comes first: tags that do not pair are often its consequence."""
    fault = next(lexical_faults(mjml), None)
    return MjmlError(str(fault), fault.offset) if fault else None


def _explained(said: str, given: str, mjml: str) -> MjmlError:
    """MRML's complaint in words for a theme's author, at its character where it has one."""
    match = _POSITION.search(said)
    message, at = (said[: match.start()], match[1]) if match else (said, None)
    offset = _offset(int(at), given, mjml) if at else -1
    name = _NAME.match(mjml, offset) if at else None
    if message == "unexpected element" and name:
        message = f"{name[1]} may not stand here"
    return _lexical(mjml) or MjmlError(message, offset)


def _offset(at: int, given: str, mjml: str) -> int:
    """The character of ``mjml`` that MRML's byte in the page that it was given stands for."""
    before = given.encode()[:at].decode(errors="ignore")
    longer = 0
    for one, other in zip(_START_TAG.finditer(given), _START_TAG.finditer(mjml), strict=True):
        if one.end() > len(before):
            break
        longer += len(one[0]) - len(other[0])
    return len(before) - longer


def _spelled(mjml: str) -> str:
    """The page with references in its attributes for all that MRML would write otherwise."""
    if not _ODD.search("".join(_START_TAG.findall(mjml))):
        return mjml
    return _START_TAG.sub(_spelled_tag, mjml)


def _spelled_tag(tag: re.Match[str]) -> str:
    text = tag[0]
    return _VALUE.sub(_spelled_value, text) if _ODD.search(text) else text


def _spelled_value(value: re.Match[str]) -> str:
    return _ODD.sub(lambda sign: f"&#{ord(sign[0])};", value[0])
