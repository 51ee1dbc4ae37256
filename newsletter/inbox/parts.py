"""A received message taken apart: headers, page, text. Any octets give a result; none raises."""

import email
import email.errors
import email.header
import email.message
import email.policy
import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_MOST_HEADERS = 200
_LONGEST_HEADER = 20_000
_BODY_LIMIT = 5_000_000  # characters of a page or text; beyond it a browser is of no use
_MOST_BOUNDARIES = 50  # each level of nesting is another pass over what lies in it
_HEADER_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a mail program would make of the octets.

    ``headers`` are decoded, in order. ``html`` and ``text`` are None where there is no such part.
    ``defects`` names what is broken, in the words of Python's parser.
    """

    headers: tuple[tuple[str, str], ...]
    html: str | None
    text: str | None
    charsets: tuple[str, ...]
    defects: tuple[str, ...]
    embedded: Mapping[str, bytes] = field(default_factory=dict)
    """The images inside the message, by Content-ID (without its angle brackets)."""

    def header(self, name: str) -> str:
        """The first header of that name, or nothing."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    def count(self, name: str) -> int:
        """How many headers have that name."""
        return sum(1 for key, _ in self.headers if key.lower() == name.lower())


def take_apart(content: bytes) -> Parts:
    """Parse a whole message."""
    if content.lower().count(b"boundary=") > _MOST_BOUNDARIES:
        return Parts(read_headers(content), None, None, (), ("unreadable: nested too deep",))
    try:
        message = email.message_from_bytes(content, policy=email.policy.compat32)
        leaves = [part for part in message.walk() if not part.is_multipart()]
    except (RecursionError, ValueError, LookupError, AttributeError, IndexError) as error:
        # Python's parser is written for mail, not for malice: nested too deep, or a bad header.
        return Parts(
            read_headers(content), None, None, (), (f"unreadable: {type(error).__name__}",)
        )
    html = next((part for part in leaves if _kind(part) == "text/html"), None)
    text = next((part for part in leaves if _kind(part) == "text/plain"), None)
    defects = [type(defect).__name__ for part in leaves for defect in part.defects]
    return Parts(
        headers=_decoded(message),
        html=None if html is None else _body(html),
        text=None if text is None else _body(text),
        charsets=tuple(_charset(part) for part in (html, text) if part is not None),
        defects=tuple(dict.fromkeys(defects)),
        embedded={_content_id(part): _octets(part) for part in leaves if _is_embedded(part)},
    )


def read_headers(content: bytes) -> tuple[tuple[str, str], ...]:
    """The decoded headers alone; the body is not looked at."""
    head = _HEADER_END.split(content, maxsplit=1)[0][: _MOST_HEADERS * 1_000]
    try:
        return _decoded(email.message_from_bytes(head + b"\r\n\r\n", policy=email.policy.compat32))
    except (RecursionError, ValueError, LookupError, AttributeError, IndexError):
        return ()


def decoded_header(raw: str) -> str:
    """A header as people read it: encoded words decoded, folds undone."""
    raw = " ".join(raw[:_LONGEST_HEADER].split())
    if "=?" not in raw:
        return raw
    try:
        return str(email.header.make_header(email.header.decode_header(raw)))
    except (email.errors.HeaderParseError, LookupError, ValueError):
        return raw


def _decoded(message: email.message.Message) -> tuple[tuple[str, str], ...]:
    items = list(message.items())[:_MOST_HEADERS]
    return tuple((name, _clean(decoded_header(_clean(str(value))))) for name, value in items)


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _kind(part: email.message.Message) -> str:
    attached = part.get_content_disposition() == "attachment"
    return "" if attached else part.get_content_type()


def _charset(part: email.message.Message) -> str:
    try:
        return (part.get_content_charset() or "us-ascii").lower()
    except (LookupError, ValueError, AttributeError):
        return "unreadable"


def _is_embedded(part: email.message.Message) -> bool:
    return part.get_content_maintype() == "image" and bool(_content_id(part))


def _content_id(part: email.message.Message) -> str:
    return _clean(str(part.get("Content-ID", ""))).strip().removeprefix("<").removesuffix(">")


def _octets(part: email.message.Message) -> bytes:
    try:
        octets = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return octets if isinstance(octets, bytes) else b""


def _body(part: email.message.Message) -> str:
    octets = _octets(part)
    try:
        text = octets.decode(_charset(part), "replace")
    except (LookupError, ValueError):  # an unknown charset, or one with a NUL in its name
        text = octets.decode("utf-8", "replace")
    return text[:_BODY_LIMIT]
