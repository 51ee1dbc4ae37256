"""Mails that a machine wrote: out of office, receipts, challenges. None of them is a failure.

By headers first (RFC 3834, and what vendors set), then by a subject in many languages.
"""

from collections.abc import Iterable

from newsletter.feedback.mail import Part
from newsletter.feedback.phrases import plain
from newsletter.feedback.signs import AUTOMATIC_SUBJECT, CHALLENGE, SUCCESS_SUBJECT

_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-response-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-ms-exchange-inbox-rules-loop",
    "x-away",
    "x-kfs-autoreply",
    "x-opensrs-autoreply",
    "x-auto-reply-from",
)
_CHALLENGE_HEADERS = ("x-boxbe-challenge", "x-spamarrest", "x-challenge", "x-tmda-confirm")
_BULK = frozenset({"auto_reply", "auto-reply", "bulk", "junk", "list"})
_LOOKED_AT = 1_500


def is_automatic(mail: Part, subject: str, text: str) -> bool:
    """Whether a machine answered, for reasons that have nothing to do with delivery."""
    return _says_so(mail) or is_vacation(mail, subject) or is_challenge(mail, subject, text)


def _says_so(mail: Part) -> bool:
    submitted = mail.header("auto-submitted").strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    precedence = (mail.header("precedence") or mail.header("x-precedence")).strip().lower()
    return precedence in _BULK or "autorespond" in mail.header("x-post-messageclass").lower()


def is_answer(mail: Part) -> bool:
    """Whether a program says that it answers a mail, as those of absence do (RFC 3834, 5)."""
    return mail.header("auto-submitted").strip().lower().startswith("auto-replied")


def is_notice(mail: Part, parts: Iterable[Part]) -> bool:
    """Whether it tells what became of a message that had arrived (RFC 8098): read, or deleted."""
    written = mail.header("content-type").lower().replace('"', "").replace(" ", "")
    return "report-type=disposition-notification" in written or any(
        part.kind == "message/disposition-notification" for part in parts
    )


def is_vacation(mail: Part, subject: str) -> bool:
    """Whether it is certainly somebody's answer of absence, however it is addressed."""
    if any(name in mail.headers for name in _HEADERS):
        return True
    return is_success(subject) or AUTOMATIC_SUBJECT.within(plain(subject))


def is_success(subject: str) -> bool:
    """Whether the subject says that a message arrived or was read."""
    return subject.lower().startswith(SUCCESS_SUBJECT)


def is_challenge(mail: Part, subject: str, text: str) -> bool:
    """Whether the other side wants the sender to prove that it is human."""
    if any(name in mail.headers for name in _CHALLENGE_HEADERS):
        return True
    return CHALLENGE.within(plain(f"{subject}\n{text[:_LOOKED_AT]}"))
