"""What may befall one run: the relay's deeds, an officer's meddling, a death at a step of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from newsletter.delivery import Outcome, Phase, Reply, outcome_of


@dataclass(frozen=True)
class Deed:
    """What the relay does with one message: where it ends, what is said, whether it is taken."""

    phase: Phase
    said: str = ""
    takes: bool = False
    leaves: bool = False

    def outcome_at(self, phase: Phase) -> Outcome:
        """What a transport must make of it."""
        reply = Reply(int(self.said[:3]), self.said[4:]) if self.said else None
        return outcome_of(phase, reply, "" if reply else "connection lost")


GOOD = Deed(Phase.DOT, "250 2.0.0 ok", takes=True)


class Harm(Enum):
    """What happens to the process at one of its steps."""

    KILL = "killed before the step"
    TEAR = "killed in the middle of the next write"
    FULL = "from this write on the disk is full"


class Meddling(Enum):
    """What happens beside a run, at one of its messages."""

    PAUSE = "an officer pauses"
    CANCEL = "an officer cancels"
    SUPPRESS = "the last reader unsubscribes"
    SIGNAL = "SIGTERM"
    AN_HOUR_ON = "the clock is set an hour ahead"
    AN_HOUR_BACK = "the clock is set an hour back"


@dataclass(frozen=True)
class Script:
    """One run: the relay's deeds in order (then all is well), and what else befalls it."""

    deeds: Sequence[Deed] = ()
    away: int = 0
    """How many times the relay cannot be reached at first."""
    closed: bool = False
    """Whether it then refuses us at the door."""
    window: int = 1
    """How many messages may be in the air on one connection."""
    eager: bool = False
    """Whether the dots of all of them are written at once."""
    meddling: tuple[int, Meddling] | None = None
    """At which message, what."""
    harm: tuple[int, Harm] | None = None
    """At which step, what."""
