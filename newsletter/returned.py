"""What came back, in the words that all rooms share: kinds, reasons, proofs, consequences. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.values import Digest

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
    CLOSED = "mailbox closed for now"
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
        """Hard only where no message can be expected ever to arrive there."""
        return Gravity.HARD if self in _HARD else Gravity.SOFT


_HARD = frozenset({
    Reason.NO_MAILBOX, Reason.NO_DOMAIN, Reason.MOVED, Reason.NO_MAIL, Reason.DISABLED,
})  # fmt: skip


class Proof(StrEnum):
    """How far it is certain that something came back from where it says."""

    SIGNED = "signed"
    """By a return path of ours, a one-click token, or a provider's signature."""
    KNOWN = "known"
    """It names a message of ours and whom that went to; whoever got a copy could write it."""
    NONE = "unproven"
    """Anybody could have written it; it is shown, and does nothing."""


@dataclass(frozen=True, slots=True)
class Returned:
    """One thing that came back about one reader. The address is the ledger's where it is known."""

    mark: Digest
    """The same for the same event, however often it is read."""
    kind: Kind
    at: dt.datetime
    source: str
    """``mailbox``, ``pipe``, ``postmark`` …"""
    proof: Proof
    address: str = ""
    gravity: Gravity | None = None
    reason: str = ""
    status: str = ""
    code: int | None = None
    campaign: int | None = None
    seq: int | None = None
    words: str = ""
    id: int = 0
    """The ledger's number; 0 until it is there."""
    void: bool = False
    """An officer said that it counts no more."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When bounces that pass silence an address."""

    soft_limit: int = 4
    """So many messages that bounced softly, within the window; 0 is never."""
    window: dt.timedelta = dt.timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event did."""

    event: Returned
    new: bool
    """Whether it was not known before."""
    suppressed: str = ""
    """The reason for which the address is suppressed from now on, or nothing."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What came back about one campaign: messages, each counted once."""

    hard: int = 0
    soft: int = 0
    delayed: int = 0
    complaints: int = 0
    unsubscribed: int = 0
    """By mail, and by the link in a message."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Bounces by reason, the most frequent first."""
    read_at: dt.datetime | None = None
    """When the mailbox was read last; None if it never was."""

    @property
    def any(self) -> bool:
        """Whether anything came back at all."""
        return bool(self.hard + self.soft + self.delayed + self.complaints + self.unsubscribed)


NOTHING = Afterwards()
