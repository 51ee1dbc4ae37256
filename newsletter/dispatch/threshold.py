"""When so many are refused or put off that going on would do harm: the run pauses and asks."""

from collections import deque
from dataclasses import dataclass

from newsletter.delivery import Accepted, Deferred, Outcome, Refused

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
        self._failures: deque[tuple[int, str]] = deque()
        """Of the last tries those that failed: which one it was, and how."""
        self.tries = 0
        """Whoever sees an acceptance may count it here, and need not tell more."""
        self.failed = 0
        """Tries of this run that were no acceptance."""
        self.others = (0, 0, 0)
        """What other workers at the campaign tried, were refused and put off, of late."""

    def see(self, outcome: Outcome, *, paced: bool = False) -> str:
        """The reason to pause, in a sentence, or nothing.

        ``paced``: it only asked for fewer messages, and it gets fewer; that is no failure.
        """
        self.tries += 1
        kind = _kind(outcome, paced=paced)
        self.failed += not isinstance(outcome, Accepted)
        if not kind:
            return ""
        self._failures.append((self.tries, kind))
        return self.verdict(self._thresholds.after)

    @property
    def lately(self) -> tuple[int, int, int]:
        """The last tries of this run, and how many of them were refused and put off."""
        failures = self._failures
        while failures and failures[0][0] <= self.tries - _LATELY:
            failures.popleft()
        kinds = [kind for _, kind in failures]
        return min(self.tries, _LATELY), kinds.count("refused"), kinds.count("deferred")

    def verdict(self, after: int) -> str:
        """The same of all that was seen, once it is ``after`` tries."""
        own, refused, deferred = self.lately
        tries = own + self.others[0]
        if not tries or tries < after:
            return ""
        found = (
            ("refused", refused + self.others[1], self._thresholds.refused),
            ("deferred", deferred + self.others[2], self._thresholds.deferred),
        )
        for kind, count, limit in found:
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
