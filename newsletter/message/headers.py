"""Header lines: encoded words, mailboxes, and tokens that go in raw.

Nothing that a value holds can end a header or begin one. Words for people (names, subjects) pass
``header_text`` and leave as encoded words (RFC 2047), which hold no white space, or as an atom or
a quoted string of known characters. Tokens for machines (addresses, dates, ids, URLs) are refused
unless every character is one that the header allows.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

_LONGEST_VALUE = 200  # characters of one value that a header shows; the rest becomes an ellipsis
_WORD_WIDTH = 63  # RFC 2047, 2: an encoded word has 75 letters at most, ``=?utf-8?q??=`` has 12
_FIRST_WIDTH = 50  # the same on a line that begins with the header's name
_LINE_WIDTH = 76
_TO_WIDTH = _LINE_WIDTH - len("To: ")
_REMEMBERED = 1_000  # names whose phrase is kept: those with accents cost most
_LONGEST_TOKEN = 900  # RFC 5322, 2.1.1: 998 octets a line, less the header's name

_BREAKS = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

_SAFE_WORD = re.compile(r"[A-Za-z0-9!*+/ -]{1,50}").fullmatch
_WORD_LETTER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q = tuple(
    chr(octet) if octet in _WORD_LETTER else "_" if octet == ord(" ") else f"={octet:02X}"
    for octet in range(256)
)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*").fullmatch
_QUOTABLE = re.compile(r"[ !#-<>@-\[\]-~]+").fullmatch

_MAILBOX = re.compile(r"[!#-'*+./0-9=?A-Z^-~-]+@[A-Za-z0-9.-]+").fullmatch
_PLAIN_MAILBOX = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+").fullmatch  # so no encoded word
_PLAIN_TO = re.compile(
    r"To: [A-Za-z0-9'-]{1,24}(?: [A-Za-z0-9'-]{1,24})? <[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+>\r\n"
).fullmatch
_DATE = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"
).fullmatch
_MESSAGE_ID = re.compile(r"<[!-;=A-~]+@[!-;=A-~]+>").fullmatch  # no ``?``, so no encoded word
_URL = r"(?:https?://|mailto:)[!#-+\-.-;=?-\[\]-~]++"
_TARGETS = re.compile(f"<{_URL}>(?:,\r\n <{_URL}>)?").fullmatch
_FOR_MACHINES = {
    "List-Help": re.compile(f"<{_URL}>").fullmatch,
    "Feedback-ID": re.compile(r"[A-Za-z0-9._-]*(?::[A-Za-z0-9._-]*){3}").fullmatch,
}
_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def header_text(value: str) -> str:
    """A value as a header shows it: one short line of text.

    Control characters, line breaks of every kind and runs of white space become one space; bidi
    controls and zero-width characters are dropped (they would turn or hide what follows in an
    inbox's list); lone surrogates become U+FFFD; ``=?`` becomes ``= ?``, so that no later reader
    takes it for an encoded word (CVE-2024-6923); what exceeds 200 characters becomes ``…``.
    """
    short = len(value) <= _LONGEST_VALUE and "  " not in value
    if short and value.isprintable() and "=?" not in value:
        return value.strip()
    return _cleaned(value)


def _cleaned(value: str) -> str:
    shown = _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", _BREAKS.sub(" ", value[:4_000])))
    shown = _BREAKS.sub(" ", shown).strip().replace("=?", "= ?")
    if len(shown) > _LONGEST_VALUE:
        shown = shown[: _LONGEST_VALUE - 1].rstrip() + "…"
    return shown


def check_static(text: str, what: str) -> str:
    """The text itself, if every reader's header may hold it; ``ValueError`` says why not."""
    found = _REFUSED.search(text)
    if found:
        message = f"{what} holds the control character U+{ord(found[0]):04X}: remove it"
        raise ValueError(message)
    if "=?" in text:
        message = f'{what} holds "=?", which begins an encoded word: write it in another way'
        raise ValueError(message)
    return text


def encoded_words(text: str, *, first: int = _FIRST_WIDTH) -> str:
    """Text as encoded words, a line each; decoders join them without the white space between.

    Quoted-printable or base64, whichever is shorter. ``first`` is how many letters the first
    word may have: it shares its line with the header's name.
    """
    if _SAFE_WORD(text) and len(text) <= first:
        return f"=?utf-8?q?{text.replace(' ', '_')}?="
    octets = text.encode()
    in_q = _in_q(octets)
    if len(in_q) <= len(octets) * 4 / 3:
        words = (in_q,) if len(in_q) <= first else _words_in_q(text, first)
        return "\r\n ".join([f"=?utf-8?q?{word}?=" for word in words])
    return "\r\n ".join(f"=?utf-8?b?{word}?=" for word in _words_in_base64(text, first))


def _in_q(octets: bytes) -> str:
    return "".join(map(_Q.__getitem__, octets))


def _words_in_q(text: str, width: int) -> Iterator[str]:
    word = ""
    for character in text:
        letter = _in_q(character.encode())
        if len(word) + len(letter) > width:
            yield word
            word, width = "", _WORD_WIDTH
        word += letter
    yield word


def _words_in_base64(text: str, width: int) -> Iterator[str]:
    word = b""
    for character in text:
        octets = character.encode()
        if len(word) + len(octets) > width // 4 * 3:
            yield base64.b64encode(word).decode()
            word, width = b"", _WORD_WIDTH
        word += octets
    yield base64.b64encode(word).decode()


def unstructured(name: str, text: str) -> str:
    """A whole header of free text (RFC 5322, 2.2.1), folded, with its line break."""
    if not text.isascii():
        return f"{name}: {encoded_words(text)}\r\n"
    lines = [f"{name}:"]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > _LINE_WIDTH and lines[-1].strip():
            lines.append("")
        lines[-1] += f" {word}"
    if max(map(len, lines)) > _LINE_WIDTH:
        return f"{name}: {encoded_words(text)}\r\n"
    return "\r\n".join(lines) + "\r\n"


def mailbox(name: str, header_name: str, address: str) -> str:
    """A whole address header (RFC 5322, 3.4): the shown name, then the address; folded.

    ``ValueError`` when the address holds a character that a plain address cannot have.
    """
    if not _MAILBOX(address) or "=?" in address:
        message = f"{address!r} cannot stand in a {header_name} header"
        raise ValueError(message)
    phrase = _phrase(name, _LINE_WIDTH - len(header_name) - 2)
    if not phrase:
        return f"{header_name}: {address}\r\n"
    line = f"{header_name}: {phrase}"
    gap = " " if len(line) + len(address) + 3 <= _LINE_WIDTH else "\r\n "
    return f"{line}{gap}<{address}>\r\n"


@lru_cache(maxsize=_REMEMBERED)
def _phrase(name: str, width: int) -> str:
    """A shown name (RFC 5322, 3.2.5): atoms or a quoted string within a line, or encoded words."""
    shown = header_text(name)
    if len(shown) <= width and (not shown or _ATOMS(shown)):
        return shown
    if len(shown) + 2 <= width and _QUOTABLE(shown) and not _ATOMS(shown):
        return f'"{shown}"'
    return encoded_words(shown)


def to_line(name: str, address: str) -> bytes:
    """The To header as ``mailbox`` gives it, or nothing when there is no address.

    Most names and addresses are plain and need no second look.
    """
    line = f"To: {name} <{address}>\r\n"
    if not _PLAIN_TO(line):
        return _to_line(name, address)
    if len(line) > _LINE_WIDTH + 2:
        line = f"To: {name}\r\n <{address}>\r\n"
    return line.encode()


def _to_line(name: str, address: str) -> bytes:
    if not address:
        return b""
    phrase = _phrase(name, _TO_WIDTH)
    if not phrase or not _PLAIN_MAILBOX(address):
        return mailbox(name, "To", address).encode("ascii")
    gap = " " if len(phrase) + len(address) + 3 <= _TO_WIDTH else "\r\n "
    return f"To: {phrase}{gap}<{address}>\r\n".encode()


def date_line(value: str) -> str:
    """The Date header (RFC 5322, 3.3), or nothing when there is no value."""
    if not value:
        return ""
    if not _DATE(value):
        message = f"{value!r} is not a date such as Fri, 15 Nov 2019 09:00:00 +0100"
        raise ValueError(message)
    return f"Date: {value}\r\n"


def message_id_line(value: str) -> str:
    """The Message-ID header (RFC 5322, 3.6.4), or nothing when there is no value."""
    if not value:
        return ""
    if not _MESSAGE_ID(value) or len(value) > _LONGEST_TOKEN:
        message = f"{value!r} is not a Message-ID such as <token@list.example>"
        raise ValueError(message)
    return f"Message-ID: {value}\r\n"


def fixed(name: str, value: str) -> str:
    """A header that all of a variant's messages have, with its line break.

    Those that machines read stand on one line as they are; ``ValueError`` where they cannot.
    """
    allowed = _FOR_MACHINES.get(name)
    if allowed is None:
        return unstructured(name, value)
    if not allowed(value) or "=?" in value or len(value) > _LONGEST_TOKEN:
        message = f"{value!r} cannot stand in a {name} header"
        raise ValueError(message)
    return f"{name}: {value}\r\n"


def unsubscribe_lines(values: Mapping[str, str]) -> str:
    """List-Unsubscribe (RFC 2369) and, where there is an https address, its -Post (RFC 8058).

    Each URL stands on a line of its own and is never folded nor encoded: mail services ignore it
    otherwise. Without ``unsubscribe_url`` and ``unsubscribe_mailto`` there is no header.
    """
    web, mail = values.get("unsubscribe_url") or "", values.get("unsubscribe_mailto") or ""
    if not web and not mail:
        return ""
    targets = f"<{web}>,\r\n <{mail}>" if web and mail else f"<{web or mail}>"
    long = len(targets) > _LONGEST_TOKEN and max(len(web), len(mail)) > _LONGEST_TOKEN
    if long or not _TARGETS(targets) or "=?" in targets:
        message = f"{targets!r} cannot stand in a List-Unsubscribe header"
        raise ValueError(message)
    one_click = _ONE_CLICK if web.startswith("https:") else ""
    return f"List-Unsubscribe: {targets}\r\n{one_click}"
