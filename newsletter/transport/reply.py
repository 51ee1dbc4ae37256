"""What a relay's octets say: whole replies, and never anything else."""

import re
from functools import lru_cache

from newsletter.delivery import Reply

_MAX_LINE = 8_192
_MAX_REPLY = 32_768
_MAX_TEXT = 1_000
_REMEMBERED = 64
_USUAL = 512
"""Octets: more than what a relay says to an envelope."""
_ENDLESS = "the relay's reply has no end"
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3} ")


class Lost(Exception):
    """The dialogue ended without an answer; the text says how."""


def read_reply(received: bytes) -> tuple[Reply, bytes] | None:
    """The first whole reply and what follows it, or None while it is incomplete.

    Raises ``Lost`` for what no reply can be (RFC 5321, 4.2: three digits, the same in each line).
    A bare LF ends a line too. A reply of more than 32 KB has no end for us.
    """
    end = received.find(b"\n")
    if end < 0:
        if len(received) > _MAX_REPLY:
            raise Lost(_ENDLESS)
        return None
    if received[3:4] != b"-":
        return one_line(received[:end]), received[end + 1 :]
    return _several_lines(received)


def read_replies(received: bytes, most: int) -> tuple[list[Reply], bytes, str]:
    """So many whole replies at most, what follows them, and why the next one is none (if so)."""
    first, rest, garbled = _read(received, min(most, 1))
    if not first or garbled or most == 1:
        return list(first), rest, garbled
    read = _read_again if len(rest) < _USUAL else _read
    more, rest, garbled = read(rest, most - 1)
    return [*first, *more], rest, garbled


def _read(received: bytes, most: int) -> tuple[tuple[Reply, ...], bytes, str]:
    replies: list[Reply] = []
    try:
        while len(replies) < most and (whole := read_reply(received)):
            reply, received = whole
            replies.append(reply)
    except Lost as garbled:
        return tuple(replies), received, str(garbled)
    return tuple(replies), received, ""


_read_again = lru_cache(maxsize=_REMEMBERED)(_read)
"""What follows the first reply is mostly an envelope's, in words that the relay repeats."""


@lru_cache(maxsize=_REMEMBERED)
def one_line(line: bytes) -> Reply:
    """A reply of one line, less its LF; ``Lost`` as for all.

    A relay repeats itself, so the last ones are remembered.
    """
    code, _, text = _parts(line)
    return Reply(int(code), _join([text]))


def _several_lines(received: bytes) -> tuple[Reply, bytes] | None:
    texts: list[bytes] = []
    first, begin = b"", 0
    while (end := received.find(b"\n", begin)) >= 0:
        if end > _MAX_REPLY:
            raise Lost(_ENDLESS)
        line = received[begin:end]
        code, mark, text = _parts(line)
        if first not in {b"", code}:
            raise _senseless(line)
        first, begin = code, end + 1
        texts.append(text)
        if mark != b"-":
            return Reply(int(code), _join(texts)), received[begin:]
    if len(received) > _MAX_REPLY:
        raise Lost(_ENDLESS)
    return None


def _parts(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Code, mark and text of one line."""
    match = _LINE.fullmatch(line.rstrip(b"\r"))
    if not match or len(line) > _MAX_LINE:
        raise _senseless(line)
    return match[1], match[2] or b"", match[3] or b""


def _senseless(line: bytes) -> Lost:
    return Lost(f"the relay's reply makes no sense: {storable(line[:80])!r}")


def _join(texts: list[bytes]) -> str:
    """One text of a reply's lines; an enhanced code that each line repeats is kept once."""
    lines = [storable(text) for text in texts]
    first = _ENHANCED.match(lines[0])
    if first:
        lines = [lines[0], *(line.removeprefix(first[0]) for line in lines[1:])]
    return shortened(" ".join(line for line in lines if line))


def shortened(text: str, most: int = _MAX_TEXT) -> str:
    """As much of it as an officer reads."""
    return text if len(text) <= most else text[: most - 1] + "…"


def storable(raw: bytes) -> str:
    """A text that any database and terminal takes: no surrogate, no control character."""
    text = " ".join(raw.decode("utf-8", "backslashreplace").split())
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text
    )
