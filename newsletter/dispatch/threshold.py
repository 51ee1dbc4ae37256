"""When so many are refused or put off that going on would do harm: the run pauses and asks."""

from collections import deque
from dataclasses import dataclass

from newsletter.delivery import Deferred, Outcome, Refused

_LATELY = 1000


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The shares of the last 1,000 tries, in percent, that pause a run; 0 never pauses.

    Nothing is judged before ``after`` tries.
    """

    refused: float = 0.0
    deferred: float = 0.0
    after: int = 100


class Shares:
    """Remembers what the last tries of a run came to."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._lately: deque[str] = deque(maxlen=_LATELY)
        self._counts = {"refused": 0, "deferred": 0}

    def see(self, outcome: Outcome, *, paced: bool = False) -> str:
        """The reason to pause, in a sentence, or nothing.

        ``paced``: it only asked for fewer messages, and it gets fewer; that is no failure.
        """
        kind = _kind(outcome, paced=paced)
        self._remember(kind)
        if not kind:
            return ""
        self._counts[kind] += 1
        return self.verdict(self._thresholds.after)

    def accepted(self) -> None:
        """One more try that is no reason to pause."""
        self._remember("")

    def _remember(self, kind: str) -> None:
        lately = self._lately
        if len(lately) == _LATELY and lately[0]:
            self._counts[lately[0]] -= 1
        lately.append(kind)

    def verdict(self, after: int) -> str:
        """The same of all that was seen, once it is ``after`` tries."""
        tries = len(self._lately)
        if not tries or tries < after:
            return ""
        limits = (("refused", self._thresholds.refused), ("deferred", self._thresholds.deferred))
        for kind, limit in limits:
            count = self._counts[kind]
            if limit and count * 100 > limit * tries:
                return f"{count} of the last {tries} were {kind}, more than {limit:g} %"
        return ""


def _kind(outcome: Outcome, *, paced: bool) -> str:
    match outcome:
        case Refused():
            return "refused"
        case Deferred() if not paced:
            return "deferred"
        case _:
            return ""
