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
        self._failures: deque[tuple[int, str]] = deque()
        """Of the last tries those that failed: which one it was, and how."""
        self.tries = 0
        """Whoever sees an acceptance may count it here, and need not tell more."""

    def see(self, outcome: Outcome, *, paced: bool = False) -> str:
        """The reason to pause, in a sentence, or nothing.

        ``paced``: it only asked for fewer messages, and it gets fewer; that is no failure.
        """
        self.tries += 1
        kind = _kind(outcome, paced=paced)
        if not kind:
            return ""
        self._failures.append((self.tries, kind))
        return self.verdict(self._thresholds.after)

    def verdict(self, after: int) -> str:
        """The same of all that was seen, once it is ``after`` tries."""
        tries, failures = min(self.tries, _LATELY), self._failures
        if not tries or tries < after:
            return ""
        while failures and failures[0][0] <= self.tries - _LATELY:
            failures.popleft()
        kinds = [kind for _, kind in failures]
        limits = (("refused", self._thresholds.refused), ("deferred", self._thresholds.deferred))
        for kind, limit in limits:
            count = kinds.count(kind)
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
