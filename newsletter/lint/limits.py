"""The thresholds of the rules: a newsletter may set its own under ``[check.limits]``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Where each measured thing begins to be too much; the defaults suit most newsletters."""

    subject: int = 70
    """Characters of the subject: desktop inboxes show about 70, phones about 40."""
    preheader: int = 150
    """Characters of the preheader: no inbox shows more."""
    html: int = 80_000
    """Bytes of a page: Gmail cuts it at 102,400, and relays and forwards add to it."""
    image: int = 200_000
    """Bytes of an image: phones on mobile networks wait for each."""
    message: int = 1_000_000
    """Bytes of a whole message: relays bill and delay by weight, and each reader gets one."""
