"""Codes in a server's answer: the enhanced status (RFC 3463) and the reply's (RFC 5321, 4.2)."""

import re
from typing import NamedTuple

_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_FIELD = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_REPLY = re.compile(
    r"(?<![\d.:/#=-])([245][0-5]\d)(?=[ \-#:<]|$)"
    r"(?! (?:kb|mb|bytes|characters|hours|days|minutes|messages))",
    re.IGNORECASE,
)
_CODED_FIRST = re.compile(r"(?:^|[\s:;(\"'])([245]\d\d)[ \-]+#?([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")


class Codes(NamedTuple):
    """What an answer says in numbers; empty and None where it does not."""

    status: str
    code: int | None

    @property
    def class_(self) -> str:
        """``5`` for good, ``4`` for now, ``2`` for success, or nothing."""
        return self.status[:1] or (str(self.code)[:1] if self.code else "")

    @property
    def vague(self) -> bool:
        """Whether the status only says that it failed (x.0.0), or there is none."""
        return not self.status or self.status[1:] == ".0.0"


def codes_in(text: str) -> Codes:
    """The numbers of an answer, those that stand together before those that stand alone."""
    together = _CODED_FIRST.search(text)
    if together:
        return Codes(together[2], int(together[1]))
    status, reply = _STATUS.search(text), _REPLY.search(text)
    return Codes(status[0] if status else "", int(reply[1]) if reply else None)


def status_of(field: str) -> str:
    """The enhanced status that a field ``Status`` begins with, or nothing."""
    found = _FIELD.search(field)
    return found[0] if found else ""


def settled(said: str, answer: Codes) -> Codes:
    """One status of the field ``Status`` and the answer that stands beside it.

    The remote server's own word is nearer to the truth than what the reporting one made of it,
    unless it says nothing but that it failed.
    """
    own = status_of(said)
    if not own or (not answer.vague and answer.status[:1] in {"4", "5"}):
        return Codes(answer.status or own, answer.code)
    if Codes(own, None).vague and answer.code and str(answer.code)[0] != own[0]:
        return Codes(f"{str(answer.code)[0]}.0.0", answer.code)
    return Codes(own, answer.code)
