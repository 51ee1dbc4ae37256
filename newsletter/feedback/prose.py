"""Failures told in words alone, as qmail, Exim, Exchange and many others write them.

What comes back is cut where the returned message begins. An address that begins a line, or that
stands where one is named, is believed to be the recipient; others are only mentioned.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from newsletter.feedback import addresses
from newsletter.feedback.dsn import judged
from newsletter.feedback.model import Failure
from newsletter.feedback.status import codes_in

_LONGEST = 12_000
_MOST = 30
_MOST_WORDS = 2_000
_SHORT = 40
_OF_A_MESSAGE = r"(?:messages?|mail|text|headers?)\b"
_GOES_ON = (
    r"(?! (?:was|were|has|had|is|could|will|to|you|that|from|sent|cannot|did|with|which|as) )"
)
_RETURNED = re.compile(
    r"^[ \t>*#=_~-]{0,80}(?:"
    r"(?:(?:begin|start) of )?(?:the )?"
    rf"(?:original|returned|unsent|undelivered|forwarded|failed|rejected) {_OF_A_MESSAGE}{_GOES_ON}"
    r"|(?:this|here|below|following|above)\b.{0,20} (?:is|are) (?:a |the |an )?"
    r"(?:copy|first|original|headers?|contents|beginning|your|text|returned|top)"
    r"|(?:a )?copy of (?:the |your )?(?:original )?message"
    r"|message (?:text|headers?|follows|body|contents|header follows)\b"
    r"|below (?:this line|is)|included is|begin(?:ning)? of"
    r"|(?:the )?(?:first|headers?)\b.{0,40} (?:of|lines|bytes)\b.{0,40}(?:message|mail)"
    r"|(?:message )?headers? (?:of|from|follow)|unsent message"
    r"|your message (?:follows|reads|text|begins)"
    r"|-{2,60} ?(?:message|mail|text|copy|original|included|forwarded|urspr|messag|mensa|nachricht)"
    r"|(?:return-path|received|delivered-to|mime-version|dkim-signature|x-received|x-mailer): "
    r"|--- .{0,60}(?:original|mensaje|messaggio|nachricht|bericht|サブジェクト|原)"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
"""A line with which the returned message begins, or is announced."""

_NAMES = (
    r"(?:rcpt to|recipients?(?: address(?:es)?)?|to(?: the following \w+)?|address(?:es)?|user"
    r"|account|for|mailbox|delivered to|reach|deliver to|destinataire|destinatari\w*|empfänger\w*"
    r"|an|a|à|para|alla|der|do|til|till|naar|для|до|宛先|收件人|адрес\w*)"
)
_BEFORE = re.compile(
    r"(?:^|\n)[ \t>*•·-]*(?:[\"'(<\[]|&lt;|\d{1,3}[.)] |<?mailto:|smtp:|rfc822;)*$"
    rf"|{_NAMES}[ :=<(\[\"'\t\n]{{1,6}}(?:smtp:|mailto:)?$",
    re.IGNORECASE,
)
"""What stands before an address that is named as a recipient."""

_REMOTE = re.compile(r"\(reason: ([^\n]{3,400}?)\)(?:\s|$)")
"""Sendmail: what the other server said; what follows is its own, and often "User unknown"."""

_FROM = re.compile(
    r"\b(?:(?<!generated )(?<!generiert )from|sender|sent by|by user|by|contact|mail|von|da|de|от"
    r"|reply-to|return-path|e-mail to|message-id|mailfrom|mail from|queue id)[ :=<(\"'\t\n]{1,6}$",
    re.IGNORECASE,
)
"""What stands before an address that is somebody else's."""

_HEADER_TO = re.compile(r"\bTo:[ \t]+\S{3,250}\n[ \t>]*(?:Subject|Cc|Date|Sent):", re.IGNORECASE)
"""The head of our own message, quoted."""


def before_returned(text: str) -> str:
    """The words before the message that is returned with them."""
    begins = (found.start() for found in _RETURNED.finditer(text[:_LONGEST]))
    return text[: next((at for at in begins if at > 0), _LONGEST)]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an address stands, and whether it is named as a recipient there."""

    address: str
    start: int
    end: int
    named: bool


def by_address(text: str, ours: Iterable[str]) -> dict[str, str]:
    """What is said of each address that a text names as a recipient; under ``""`` the whole."""
    places = list(_places(text, {address.lower() for address in ours}))
    named = {place.address for place in places if place.named}
    if not named:
        named = {place.address for place in places[:1]}
    kept = [place for place in places if place.address in named]
    said: dict[str, list[str]] = {}
    for number, place in enumerate(kept):
        later = (o.start for o in kept[number + 1 :] if o.address != place.address)
        said.setdefault(place.address, []).append(_around(text, place, next(later, len(text))))
    return {
        **{address: " ".join(w)[:_MOST_WORDS] for address, w in said.items()},
        "": text[:_MOST_WORDS],
    }


def _places(text: str, own: set[str]) -> Iterator[_Place]:
    for found in islice(addresses.in_words(text), 4 * _MOST):
        address = addresses.tidy(found[1])
        if not address or address.lower() in own or addresses.is_daemon(address):
            continue
        before = text[max(0, found.start() - 60) : found.start()]
        if _FROM.search(before) or _HEADER_TO.search(
            before + text[found.start() : found.end() + 30]
        ):
            continue
        yield _Place(address, found.start(), found.end(), bool(_BEFORE.search(before)))


def _around(text: str, place: _Place, limit: int) -> str:
    """From the address's line to a gap, or to the line where another address stands."""
    begin = text.rfind("\n", 0, place.start) + 1
    stop = text.find("\n\n", place.end)
    stop = len(text) if stop < 0 else stop
    if stop - place.end < _SHORT:  # the reason stands after the gap
        further = text.find("\n\n", stop + 2)
        stop = len(text) if further < 0 else further
    if limit < stop:
        stop = max(text.rfind("\n", 0, limit), place.end)
    return text[begin : min(stop, begin + 800)]


def failures_in(text: str, ours: Iterable[str], failed: Iterable[str]) -> list[Failure]:
    """Each recipient that failed; ``failed`` are those that a header names."""
    said = by_address(text, ours)
    whole = said.pop("")
    names = addresses.distinct(failed) or tuple(said)
    if not names:
        return [judged((), codes_in(whole), "", whole)]
    lower = {address.lower(): words for address, words in said.items()}
    alone = len(names) == 1
    return [_failure(n, lower.get(n.lower(), whole), whole, alone=alone) for n in names[:_MOST]]


def _failure(name: str, words: str, whole: str, *, alone: bool) -> Failure:
    remote = _REMOTE.search(words)
    if remote:
        return judged((name,), codes_in(remote[1]), remote[1], "")
    codes = codes_in(words)
    if alone and not codes.class_:
        codes = codes_in(whole)
    return judged((name,), codes, words, whole if alone else "")
