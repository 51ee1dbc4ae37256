"""Why a message was given up: by enhanced status first, then by words, then by the reply's code.

A status that names an address is believed unless the words beside it tell another story: relays
answer ``5.1.1`` to spam and ``5.7.1`` to addresses that nobody has. Where nothing certain is said
the failure is soft: to mail a dead address once more costs little, to silence a reader costs her.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from newsletter.feedback.answers import (
    ABOUT_OUR_HOST,
    ABOUT_THE_SENDER,
    CERTAIN,
    PERHAPS_NO_MAILBOX,
    PHRASES,
)
from newsletter.feedback.model import Reason
from newsletter.feedback.phrases import Phrases, plain
from newsletter.feedback.status import Codes

_LONGEST = 1_500
_NOISE = re.compile(
    r"https?://\S{1,500}|(?<![^\s<>@])<?[^\s<>@]{1,80}@[^\s<>,;:]{1,200}>?"
    r"|unknown address error|\[[\d.]{7,15}\]",
    re.IGNORECASE,
)
_PATTERNS = tuple((reason, Phrases(block)) for reason, block in PHRASES.items())
_PERHAPS = Phrases(PERHAPS_NO_MAILBOX)
_SENDER = Phrases(ABOUT_THE_SENDER)
_HOST = Phrases(ABOUT_OUR_HOST)
_CERTAIN = Phrases(CERTAIN)
_BY_STATUS = {
    "1.2": Reason.NO_DOMAIN,
    "1.6": Reason.MOVED,
    "1.7": Reason.BLOCKED,
    "1.8": Reason.BLOCKED,
    "1.9": Reason.RELAYING,
    "1.10": Reason.NO_MAIL,
    "2.1": Reason.DISABLED,
    "2.2": Reason.FULL,
    "2.3": Reason.TOO_BIG,
    "3.1": Reason.FULL,
    "3.4": Reason.TOO_BIG,
    "4.4": Reason.NO_DOMAIN,
    "4.5": Reason.THROTTLED,
    "4.6": Reason.NETWORK,
    "4.7": Reason.EXPIRED,
    "4.310": Reason.NO_DOMAIN,
    "7.13": Reason.DISABLED,
    "7.17": Reason.MOVED,
}
"""Subject and detail (RFC 3463, RFC 7505, RFC 7293; Exchange Online's own) that say it all."""
_BY_CODE = {551: Reason.NO_MAILBOX, 552: Reason.FULL, 556: Reason.NO_MAIL}
_NAMES_A_MAILBOX = frozenset({550, 551, 553})
_FIRST = (Reason.FULL, Reason.TOO_BIG, Reason.MOVED, Reason.NO_MAIL, Reason.DISABLED)
_LAST = (Reason.THROTTLED, Reason.EXPIRED, Reason.NETWORK, Reason.SYSTEM)
_OF_THE_MESSAGE = (Reason.CONTENT, Reason.BLOCKED, Reason.RELAYING, Reason.THROTTLED)
_ALIVE = (
    Reason.FULL,
    Reason.TOO_BIG,
    Reason.DISABLED,
    Reason.RELAYING,
    Reason.CONTENT,
    Reason.BLOCKED,
    *_LAST,
)


@dataclass(frozen=True, slots=True)
class Story:
    """What an answer's words speak of."""

    reasons: frozenset[Reason]
    perhaps: bool
    """Words that are said of dead addresses most of the time."""
    of_sender: bool
    """It is the sender's address or host that displeased."""
    at_rcpt: bool
    """The answer came when the recipient was named."""

    def first(self, order: Iterable[Reason]) -> Reason | None:
        """The weightiest of these reasons that is spoken of."""
        return next((reason for reason in order if reason in self.reasons), None)


def story_of(words: str) -> Story:
    """Every reason that an answer's words speak of."""
    return _story(plain(_NOISE.sub(" ", words[:_LONGEST])))


@lru_cache(maxsize=4_096)  # without addresses, answers are much the same
def _story(text: str) -> Story:
    reasons = frozenset(reason for reason, phrases in _PATTERNS if phrases.within(text))
    at_rcpt = "rcpt to" in text or "rcpt command" in text
    perhaps = _PERHAPS.within(text.replace("sender address", "sender"))
    ours = _SENDER.within(text) or (_HOST.within(text) and not _CERTAIN.within(text))
    return Story(reasons, perhaps, ours, at_rcpt)


def reason_of(codes: Codes, words: str) -> Reason:
    """Why it failed; never a hard reason for codes of class 4.

    A disabled mailbox is one for good where the code says so (RFC 3463, x.2.1: permanent if it is
    never enabled again, transient if it is only for now) and no word says that it will pass.
    """
    story = story_of(words)
    reason = _reason(codes, story)
    if reason is Reason.DISABLED and (codes.class_ != "5" or Reason.CLOSED in story.reasons):
        return Reason.CLOSED
    return reason


def _reason(codes: Codes, story: Story) -> Reason:
    subject, _, detail = codes.status[2:].partition(".")
    known = _BY_STATUS.get(f"{subject}.{detail}")
    if codes.class_ == "4":
        return story.first(_ALIVE) or (known if known in _ALIVE else None) or Reason.EXPIRED
    if subject == "1":
        return _of_address(known, detail, codes, story)
    if known and known is not Reason.DISABLED and known is not Reason.NO_DOMAIN:
        return known
    if subject == "7":
        return _of_policy(story)
    if subject == "6":
        return Reason.CONTENT
    return _by_words(codes, story) or known or Reason.UNKNOWN


def _of_address(known: Reason | None, detail: str, codes: Codes, story: Story) -> Reason:
    """The status speaks of an address (x.1.z), unless the words speak of something else."""
    if detail == "0":
        return _by_words(codes, story) or Reason.NO_MAILBOX
    if known in _ALIVE:
        return known or Reason.BLOCKED
    alive = story.first((Reason.FULL, Reason.TOO_BIG))
    if alive:
        return alive
    if story.of_sender and not story.perhaps:
        return Reason.BLOCKED
    dead = story.first((Reason.NO_MAILBOX, Reason.NO_DOMAIN, Reason.MOVED))
    if known is Reason.NO_MAIL and dead is Reason.NO_MAILBOX:
        return dead  # Exchange means a mailbox by what RFC 7505 gave to domains
    if dead or story.perhaps:
        return known or Reason.NO_MAILBOX
    return story.first((Reason.DISABLED, *_OF_THE_MESSAGE)) or known or Reason.NO_MAILBOX


def _of_policy(story: Story) -> Reason:
    """The status speaks of policy (x.7.z); some servers say so of addresses that nobody has."""
    first = story.first((*_FIRST, Reason.RELAYING, Reason.CONTENT))
    if first:
        return first
    if Reason.NO_MAILBOX in story.reasons and not story.of_sender:
        return Reason.NO_MAILBOX
    return Reason.BLOCKED


def _by_words(codes: Codes, story: Story) -> Reason | None:
    """The words alone, then the reply's code."""
    if story.of_sender and not story.perhaps:
        return story.first(_FIRST) or Reason.BLOCKED
    found = story.first((*_FIRST, Reason.RELAYING, Reason.NO_DOMAIN))
    if found:
        return found
    if Reason.NO_MAILBOX in story.reasons and Reason.CONTENT not in story.reasons:
        return Reason.NO_MAILBOX
    found = story.first((Reason.CONTENT,))
    if found:
        return found
    if story.perhaps:
        return Reason.NO_MAILBOX
    return story.first((Reason.BLOCKED, *_LAST)) or _by_code(codes, story)


def _by_code(codes: Codes, story: Story) -> Reason | None:
    if story.at_rcpt and codes.code in _NAMES_A_MAILBOX:
        return Reason.NO_MAILBOX
    return _BY_CODE.get(codes.code) if codes.code else None
