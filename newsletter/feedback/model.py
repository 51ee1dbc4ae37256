"""The words of the room: what a mail that came back says, before anybody asks the ledger."""

from dataclasses import dataclass
from enum import StrEnum

LONGEST_WORDS = 300
"""Letters of a server's answer that are kept; the mail itself never is."""


class Kind(StrEnum):
    """What a mail in the bounce mailbox is."""

    BOUNCE = "bounce"
    """A message was given up."""
    DELAYED = "delayed"
    """A server still tries; nothing is decided."""
    COMPLAINT = "complaint"
    """A reader called a message spam, and the provider passed it on (RFC 5965)."""
    UNSUBSCRIBE = "unsubscribe"
    """A mail with one of our tokens, sent by a mail program's button or by hand."""
    WISH = "wish"
    """A person's words that seem to ask to leave: for the officer to read, never obeyed."""
    AUTOMATIC = "automatic"
    """Out of office, a receipt, a challenge, a delivery that succeeded: nothing to do."""
    OTHER = "other"
    """A mail of another kind, perhaps from a person."""


class Gravity(StrEnum):
    """Whether trying again may help."""

    HARD = "hard"
    SOFT = "soft"


class Reason(StrEnum):
    """Why a message was given up."""

    NO_MAILBOX = "no such mailbox"
    NO_DOMAIN = "no such domain"
    MOVED = "moved away"
    NO_MAIL = "takes no mail"
    DISABLED = "mailbox disabled"
    FULL = "mailbox full"
    TOO_BIG = "message too big"
    CONTENT = "content refused"
    BLOCKED = "sender refused"
    RELAYING = "relaying refused"
    THROTTLED = "too much at once"
    EXPIRED = "not reached in time"
    NETWORK = "network or name service"
    SYSTEM = "a server's fault"
    UNKNOWN = "no reason told"

    @property
    def gravity(self) -> Gravity:
        """Hard only where no message can ever arrive there."""
        return Gravity.HARD if self in _HARD else Gravity.SOFT


_HARD = frozenset({Reason.NO_MAILBOX, Reason.NO_DOMAIN, Reason.MOVED, Reason.NO_MAIL})


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
