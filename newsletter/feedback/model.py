"""What a mail says before anybody asks the ledger."""

from dataclasses import dataclass

from newsletter.returned import LONGEST_WORDS, Gravity, Kind, Reason

__all__ = ["LONGEST_WORDS", "Failure", "Gravity", "Heard", "Kind", "Reason"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that a mail speaks of. Addresses are as written there, unproven."""

    addresses: tuple[str, ...]
    """The original recipient first, then the final one; empty when the mail names none."""
    gravity: Gravity
    reason: Reason
    status: str = ""
    """The enhanced status (RFC 3463), such as ``5.1.1``."""
    code: int | None = None
    """The SMTP reply's code."""
    words: str = ""
    """What the server said, at most ``LONGEST_WORDS`` letters on one line."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one mail says. Nothing in it is proven: a mail can be forged."""

    kind: Kind
    failures: tuple[Failure, ...] = ()
    sent_to: tuple[str, ...] = ()
    """Addresses that the mail itself was delivered to: one may be a return path of ours."""
    message_ids: tuple[str, ...] = ()
    """Message-IDs of the message that it is about, with their angle brackets."""
    original_recipients: tuple[str, ...] = ()
    """Whom the message that it is about was sent to."""
    token: str = ""
    """The one-click token of an unsubscribe or of the message that it is about."""
    sender: str = ""
    """Who says that the mail is from them."""
    own_id: str = ""
    """The mail's own Message-ID."""
    words: str = ""
    """A line for people: the subject, or what was said."""
