"""Quoted-printable (RFC 2045, 6.7) in pieces that can be joined in any order.

Every piece begins at the start of a line and ends at one: in a hard line break, or in a soft one
(``=`` CRLF, which decodes to nothing). So no line's length depends on its neighbours, and no line
is longer than 76. A line never begins with a dot (no dot-stuffing, RFC 5321, 4.5.2) nor with
``From`` and a space (which mbox files alter): their first letter is encoded. Nor does a line hold
two spaces in a row, a tab, or a space at its end: such lines are their own relaxed form, so that
signing a body (RFC 6376, 3.4.4) is no more than hashing it.
"""

import html
import re

_WIDTH = 73  # 76, less the soft break and the two letters that ``.`` grows by as ``=2E``
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n?")
_PLAIN = re.compile(r"(?![.]|From )[A-Za-z0-9 _,;:!?()+*/@#%|~.-]{1,75}+").fullmatch
_ENCODED = tuple(
    chr(octet) if 32 <= octet < 127 and octet != ord("=") else f"={octet:02X}"  # noqa: PLR2004
    for octet in range(256)
)


def body_text(value: str) -> str:
    """A value as a body shows it: text, with what is not text as U+FFFD.

    Control characters (but tab and line break) and lone surrogates are not text. Every kind of
    line break becomes a line feed. Markup, template marks and bidi controls stay as they are:
    in the HTML body the result is escaped, and nothing interprets it after that.
    """
    if value.isprintable():
        return value
    return _NOT_TEXT.sub("\ufffd", _LINE_BREAK.sub("\n", value))


def encode_plain(value: str) -> bytes | None:
    """A value that both bodies hold as it is, as a piece of either; None for any other."""
    return f"{value}=\r\n".encode() if _PLAIN(value) and "  " not in value else None


def encode_html(value: str) -> bytes:
    """A value as a piece of an HTML body, in a text node or a quoted attribute."""
    return encode_plain(value) or encode_segment(html.escape(body_text(value)))


def encode_text(value: str) -> bytes:
    """A value as a piece of a plain-text body."""
    return encode_plain(value) or encode_segment(body_text(value))


def encode_segment(text: str) -> bytes:
    """Text as a piece of a body; its last line ends in a soft break, to go on with the next."""
    *closed, last = text.split("\n")
    pieces = [_fold(_keep_space(line)) + "\r\n" for line in closed]
    if last:
        pieces.append(_fold(_encode(last)) + "=\r\n")
    return "".join(pieces).encode()


def _encode(line: str) -> str:
    return "".join(map(_ENCODED.__getitem__, line.encode())).replace("  ", " =20")


def _keep_space(line: str) -> str:
    """One line, encoded; white space before a hard break would be lost (RFC 2045, 6.7, 3)."""
    encoded = _encode(line)
    return encoded[:-1] + "=20" if encoded.endswith(" ") else encoded


def _fold(encoded: str) -> str:
    """One encoded line without its break, folded by soft breaks."""
    rows = []
    start = 0
    while start < len(encoded):
        end = _cut(encoded, start)
        rows.append(_guard(encoded[start:end]))
        start = end
    return "=\r\n".join(rows)


def _cut(encoded: str, start: int) -> int:
    """Where the row from ``start`` ends: never inside an ``=XX``."""
    end = start + _WIDTH
    mark = encoded.rfind("=", end - 2, end)
    return mark if mark > start and end < len(encoded) else min(end, len(encoded))


def _guard(row: str) -> str:
    """Encode a first letter that relays or mail stores would touch."""
    if row.startswith((".", "From ")):
        return f"={ord(row[0]):02X}{row[1:]}"
    return row
