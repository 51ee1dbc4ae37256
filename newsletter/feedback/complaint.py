"""Complaints: abuse reports in their form (RFC 5965), and the form that Microsoft sends."""

import re

from newsletter.feedback import addresses
from newsletter.feedback.mail import Part, headers_of

_SPAM = frozenset(
    {
        "abuse",
        "fraud",
        "other",
        "opt-out",
        "opt-out-list",
        "complaint",
        "spam",
        "virus",
        "miscategorized",
    }
)
_JUNK_MAIL = re.compile(
    r"complaint about message from|abuse report|spam complaint|feedback loop|abuse complaint"
    r"|email feedback report",
    re.IGNORECASE,
)
_REPORTERS = re.compile(
    r"(?:staff@hotmail\.com|feedbackloop@|fbl|scomp@|abuse@|arf@|complaint|feedback@|spam@)",
    re.IGNORECASE,
)


def report_in(part: Part) -> dict[str, str]:
    """The fields of a feedback report, names in lower case."""
    fields = headers_of(part.text)
    return {name: values[0] for name, values in fields.items()}


def recipients_in(part: Part) -> tuple[str, ...]:
    """Whom the message was for, as the report's fields say (RFC 5965, 3.2)."""
    fields = headers_of(part.text)
    names = ("original-rcpt-to", "removal-recipient")
    return addresses.all_in(value for name in names for value in fields.get(name, ()))


def is_about_spam(fields: dict[str, str]) -> bool:
    """Whether a reader complained; authentication reports and ``not-spam`` are no complaints."""
    kind = fields.get("feedback-type", "abuse").strip().lower()
    return kind.partition("(")[0].strip() in _SPAM


def is_informal(subject: str, sender: str, original: Part | None) -> bool:
    """A complaint without a report's fields: a returned message under a known subject."""
    if original is not None and "x-hmxmroriginalrecipient" in original.headers:
        return True
    return (
        original is not None
        and bool(_JUNK_MAIL.search(subject))
        and bool(_REPORTERS.search(sender))
    )
