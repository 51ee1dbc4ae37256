"""Leaving by mail: a token in the subject is obeyed, a person's words are shown to the officer."""

import re

from newsletter.feedback.phrases import plain
from newsletter.feedback.signs import WISH

_TOKEN = re.compile(
    r"(?:re: ?)?\s*unsubscribe[\s:+%20]{1,8}<?([A-Za-z0-9_-]{32})>?\s*", re.IGNORECASE
)
_IN_LINK = re.compile(rb"/u/([A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])")
_FOLDED = re.compile(rb"=\n|\n[ \t]+")
_QUOTED = re.compile(
    r"^(?:>|on .{5,120} wrote:|il .{5,120} ha scritto|le .{5,120} a écrit|am .{5,120} schrieb"
    r"|el .{5,120} escribió|-{3,}|_{5,}|from:|da:|de:|von:|发件人|寄件者)",
    re.IGNORECASE | re.MULTILINE,
)
_LOOKED_AT = 600


def token_in_subject(subject: str) -> str:
    """The one-click token of ``unsubscribe TOKEN``, as mail programs write it, or nothing."""
    found = _TOKEN.fullmatch(subject)
    return found[1] if found else ""


def token_in_message(lines: bytes) -> str:
    """The token of the first one-click link in a returned message, or nothing."""
    found = _IN_LINK.search(lines) or _IN_LINK.search(_FOLDED.sub(b"", lines))
    return found[1].decode("ascii") if found else ""


def own_words(text: str) -> str:
    """What a person wrote above what she quoted."""
    found = _QUOTED.search(text)
    return (text[: found.start()] if found else text)[:_LOOKED_AT]


def is_wish(subject: str, text: str) -> bool:
    """Whether a person's own words seem to ask to leave."""
    return WISH.within(plain(f"{subject}\n{own_words(text)}"))
