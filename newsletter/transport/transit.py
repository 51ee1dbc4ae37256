"""A message on its way: how far it came, and what silence would mean for it now.

Before its last octet reached the kernel the relay cannot have accepted it, after that nobody
knows (RFC 5321, 4.1.1.4 and 6.1).
"""

from newsletter.delivery import Outcome, Phase, Reply, outcome_of
from newsletter.transport.base import Handover, OutgoingMessage

_NOT_ENDED = -1


class Transit:
    """One message that was handed over and has no outcome yet."""

    __slots__ = ("behind", "end", "handover", "message", "phase", "refusal")

    def __init__(self, message: OutgoingMessage, handover: Handover) -> None:
        self.message = message
        self.handover = handover
        self.phase = Phase.MAIL
        self.behind = False
        """Whether its envelope went out before the message in front of it was answered."""
        self.end = _NOT_ENDED
        """Where its last octet lies among all that were written, once the intent is recorded."""
        self.refusal: tuple[Phase, Reply] | None = None
        """What ended it, where more must be read before it is told."""

    @property
    def refused(self) -> Outcome | None:
        """The outcome that its refusal comes to, if it was refused."""
        return outcome_of(*self.refusal) if self.refusal else None

    @property
    def ended(self) -> bool:
        """Whether its last octet was written, or at least given to be written."""
        return self.end != _NOT_ENDED

    def after_loss(self, why: str, taken: int, *, first: bool) -> Outcome | None:
        """What the loss of the connection comes to; None when not a word of it counted.

        ``taken``: no octet beyond this position reached the kernel. ``first``: the next reply
        would have been to this message.
        """
        if self.refusal:
            return self.refused
        if self.ended:
            return outcome_of(Phase.DOT if self.end <= taken else Phase.BODY, None, why)
        if not first or (self.behind and self.phase is Phase.MAIL):
            return None
        return outcome_of(self.phase, None, why)
