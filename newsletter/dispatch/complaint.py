"""When a reply asks for fewer messages, and of whom it speaks: a domain, or the relay itself."""

import re
from collections import deque
from enum import StrEnum

from newsletter.delivery import Deferred, Outcome, Phase, Reply

_CLOSING = 421
_BUSY_CODES = frozenset({421, 451, 452, 454})
_BUSY = frozenset({"4.3.2", "4.4.5"})
"""RFC 3463: the system takes no messages now; the system is congested."""
_POLICY = "4.7."
_ABOUT_ONE_MAILBOX = ("4.1.", "4.2.")
_NOT_YET = re.compile(r"gr[ea]y-?\s?list", re.IGNORECASE)
"""Greylisting asks for patience with one message; fewer messages do not help."""
_TOO_FAST = re.compile(
    r"\brate\b|too (?:many|much|fast|quick)|throttl|limit|exceed|slow|\bbusy\b|overload|\bload\b"
    r"|frequen|\bquota\b|try (?:again )?later",
    re.IGNORECASE,
)
_BEFORE_THE_READER = frozenset(
    {Phase.CONNECT, Phase.GREETING, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL}
)
_STRANGERS = 3
_STRANGERS_SECONDS = 10.0
_HARDLY = 3
"""Messages in a few seconds that cannot have been too many."""


class Whose(StrEnum):
    """Who takes fewer messages."""

    DOMAIN = "domain"
    RELAY = "relay"


def complaint_in(outcome: Outcome) -> Reply | None:
    """The reply, if it asks for fewer messages: 421 anywhere, 4.7.x, 451 and 452 about a rate."""
    if not isinstance(outcome, Deferred) or outcome.reply is None:
        return None
    reply = outcome.reply
    if _NOT_YET.search(reply.text) or reply.enhanced.startswith(_ABOUT_ONE_MAILBOX):
        return None
    if reply.code == _CLOSING or reply.enhanced in _BUSY or reply.enhanced.startswith(_POLICY):
        return reply
    return reply if reply.code in _BUSY_CODES and _TOO_FAST.search(reply.text) else None


def whose(outcome: Outcome) -> Whose:
    """Before RCPT nobody knows the reader: what is said there is the relay's own wish."""
    early = isinstance(outcome, Deferred) and outcome.phase in _BEFORE_THE_READER
    return Whose.RELAY if early else Whose.DOMAIN


class Strangers:
    """Domains that were given next to nothing and complain all the same.

    Slowing each of them helps nobody: several together mean that the relay itself is too busy.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, str]] = deque()

    def complain(self, domain: str, tried: int, now: float) -> bool:
        """Whether the relay is to be slowed for it; ``tried``: what the domain was given lately."""
        if tried > _HARDLY:
            return False
        while self._seen and self._seen[0][0] <= now - _STRANGERS_SECONDS:
            self._seen.popleft()
        self._seen.append((now, domain))
        if len({name for _, name in self._seen}) < _STRANGERS:
            return False
        self._seen.clear()
        return True
