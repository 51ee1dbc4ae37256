"""When an outcome is a reason to begin no further message. Pure but for what it remembers."""

from collections.abc import Callable

from newsletter.delivery import Accepted, Blame, Outcome, Refused, too_big
from newsletter.dispatch.model import Halt
from newsletter.ledger.model import CampaignState

_ALIKE = 3


def _the(relay: str) -> str:
    return f"the relay {relay}" if relay else "the relay"


def _nobody(kind: str) -> int:
    del kind
    return 0


class Watch:
    """Looks at the outcomes in the order in which they come."""

    def __init__(self) -> None:
        self.kind = ""
        """How the text was refused last."""
        self.alike = 0
        """Refusals of the text in a row; whoever sees an acceptance may set it to 0."""
        self.others: Callable[[str], int] = _nobody
        """How often other workers were refused it like this, while nobody's was taken."""

    def see(self, outcome: Outcome, relay: str = "") -> Halt | None:
        """The reason to stop (the relay refuses us) or to pause and ask (it refuses the text).

        ``relay`` is named where there are several.
        """
        match outcome:
            case Accepted():
                self.alike = 0
            case Refused(reply=reply, blame=Blame.US):
                return Halt(CampaignState.STOPPED, f"{_the(relay)} refuses us: {reply}")
            case Refused(reply=reply) if too_big(outcome):
                why = f"the message is too big for {_the(relay)}: {reply}"
                return Halt(CampaignState.PAUSED, why)
            case Refused(reply=reply, blame=Blame.MESSAGE):
                return self._count(f"{reply.code} {reply.enhanced}", str(reply))
        return None

    def _count(self, kind: str, words: str) -> Halt | None:
        self.alike = self.alike + 1 if kind == self.kind else 1
        self.kind = kind
        if self.alike + self.others(kind) < _ALIKE:
            return None
        return Halt(CampaignState.PAUSED, f"the relay refused the message {_ALIKE} times: {words}")
