"""A mail taken apart, whatever its octets: headers and parts, and never an exception.

The standard library's parser raises on some mails that exist and takes a millisecond for a long
one; a mailbox of bounces has both. Only what bounces need is understood: headers (RFC 5322),
parts (RFC 2046), two encodings (RFC 2045) and encoded words (RFC 2047).
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.header import decode_header

LOOKED_AT = 256 * 1024
"""Octets of a mail that are read: what follows is the end of a returned message."""

_MOST_PARTS = 40
_DEEPEST = 6
_LONGEST_HEADER = 4_000
_MOST_LINES = 1_000
_MOST_ALIKE = 50
_LONGEST_NAME = 80
_PARAMETER = re.compile(
    r""";\s*([a-z0-9*_-]{1,40})\s*=\s*(?:"([^"]{0,300})"|([^;\s]{1,300}))""", re.IGNORECASE
)
_CHARSET = re.compile(
    r"(?:us-)?ascii|utf-?(?:7|8|16(?:-?[bl]e)?)|iso-?8859-?\d{1,2}(?:-[ei])?|latin-?1|windows-?\d{3,4}"
    r"|cp-?\d{3,4}|koi8-?[rut]|gb(?:2312|k|18030)|big5(?:-?hkscs)?|euc-?(?:jp|kr|tw)|shift[_-]?jis|sjis"
    r"|iso-2022-(?:jp|kr)(?:-\d)?|ks_c_5601-1987|tis-620|viscii|macintosh|mac-roman",
    re.IGNORECASE,
)
_LONGEST_HTML = 40_000
_TAG = re.compile(r"<[^<>]{1,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&quot;", '"'), ("&#64;", "@"),
             ("&#43;", "+"), ("&#39;", "'"), ("&amp;", "&"))  # fmt: skip

Headers = Mapping[str, tuple[str, ...]]
"""Names in lower case, each with its values in order."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part, or a whole mail: its headers and its body as it came."""

    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The first value of that name, or nothing."""
        return self.headers.get(name, ("",))[0]

    @property
    def kind(self) -> str:
        """The content type without parameters, in lower case; ``text/plain`` when none is said."""
        said = self.header("content-type").partition(";")[0].strip().lower()
        return said if "/" in said else "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of the content type, or nothing."""
        for key, quoted, bare in _PARAMETER.findall(self.header("content-type")):
            if key.lower() == name:
                return str(quoted or bare)
        return ""

    @property
    def octets(self) -> bytes:
        """The body with its transfer encoding undone as far as it goes."""
        encoding = self.header("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            return _base64(self.body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        return self.body

    @property
    def text(self) -> str:
        """The body as words; HTML without its tags."""
        text = decoded(self.octets, self.parameter("charset"))
        return without_tags(text) if self.kind == "text/html" else text


def take_apart(raw: bytes) -> Part:
    r"""A mail's headers and body; line ends become ``\n``, an mbox's ``From `` line is dropped."""
    lines = raw[:LOOKED_AT]
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in lines:
        lines = lines.replace(b"\0", b"")
    lines = lines.removeprefix(b"\xef\xbb\xbf").lstrip(b"\n \t")
    if lines.startswith((b"From ", b">From ")):
        lines = lines.partition(b"\n")[2]
    return _part(lines)


def _part(lines: bytes) -> Part:
    if lines.startswith(b"\n"):  # no headers at all
        return Part({}, lines[1:])
    head, _, body = lines.partition(b"\n\n")
    return Part(headers_of(decoded(head)), body)


def headers_of(head: str) -> Headers:
    """The fields of a block of headers, unfolded; lines that are none are left out."""
    found: dict[str, tuple[str, ...]] = {}
    name, value = "", ""
    for line in head.split("\n", _MOST_LINES)[:_MOST_LINES]:
        if line[:1] in {" ", "\t"}:
            if len(value) < _LONGEST_HEADER:
                value = f"{value} {line.strip()}"
            continue
        _keep(found, name, value)
        name, colon, value = line.partition(":")
        name = name.rstrip().lower() if colon else ""
    _keep(found, name, value)
    return found


def _keep(found: dict[str, tuple[str, ...]], name: str, value: str) -> None:
    if name and len(name) <= _LONGEST_NAME and name.isascii() and " " not in name:
        known = found.get(name, ())
        if len(known) < _MOST_ALIKE:
            found[name] = (*known, value.strip()[:_LONGEST_HEADER])


def parts_of(mail: Part) -> Iterator[Part]:
    """The leaves in order; a message within the mail is one leaf, not opened."""
    left = [_MOST_PARTS]
    yield from _leaves(mail, _DEEPEST, left)


def _leaves(part: Part, depth: int, left: list[int]) -> Iterator[Part]:
    boundary = part.parameter("boundary") if part.kind.startswith("multipart/") else ""
    if not boundary and part.kind.startswith("multipart/"):
        boundary = _guessed_boundary(part.body)
    if not boundary or not depth:
        if left[0] > 0:
            left[0] -= 1
            yield part
        return
    pieces = _split(part.body, boundary)
    if not pieces:
        left[0] -= 1
        yield Part({}, part.body)
        return
    for piece in pieces:
        if left[0] <= 0:
            return
        yield from _leaves(_part(piece), depth - 1, left)


def _split(body: bytes, boundary: str) -> list[bytes]:
    """The parts between the lines of a boundary; the last one may lack its end."""
    mark = b"--" + boundary.encode("utf-8", "replace")
    pieces = (b"\n" + body).split(b"\n" + mark)
    found = []
    for piece in pieces[1 : _MOST_PARTS + 1]:
        if piece.startswith(b"--"):
            break
        found.append(piece.partition(b"\n")[2])
    return found


def _guessed_boundary(body: bytes) -> str:
    """The boundary of a mail that does not say it: its first line that looks like one."""
    match = re.search(rb"^--([!-~]{6,100})\ncontent-", body[:20_000], re.IGNORECASE | re.MULTILINE)
    return match[1].decode("ascii", "replace") if match else ""


def decoded(octets: bytes, charset: str = "") -> str:
    """Words in a charset that a mail names, else in UTF-8, else in Latin-1; never an error."""
    name = charset.strip().strip("'\"").lower()
    for attempt in (name if _CHARSET.fullmatch(name) else "", "utf-8"):
        try:
            return octets.decode(attempt or "utf-8")
        except (UnicodeError, LookupError):
            continue
    return octets.decode("latin-1")


def unworded(header: str) -> str:
    """A header with its encoded words read (RFC 2047), on one line."""
    if "=?" not in header:
        return " ".join(header.split())
    try:
        pieces = decode_header(header[:2_000])
    except Exception:  # noqa: BLE001 the library raises several kinds on octets that people send
        return " ".join(header.split())
    words = "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "")
        for piece, charset in pieces
    )
    return " ".join(words.split())


def without_tags(html: str) -> str:
    """HTML as lines of words, roughly."""
    begin, style, rest = html[:_LONGEST_HTML].partition("<style")
    if style:
        begin += rest.partition("</style>")[2]
    text = _TAG.sub(" ", _BREAK.sub("\n", begin))
    for entity, letter in _ENTITIES:
        text = text.replace(entity, letter)
    return text


def _base64(body: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    try:
        return binascii.a2b_base64(
            kept[: len(kept) // 4 * 4] if len(kept) % 4 == 1 else kept + b"=" * (-len(kept) % 4)
        )
    except binascii.Error:
        return body
