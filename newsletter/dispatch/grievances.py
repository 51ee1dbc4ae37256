"""Complaints that go around: what a place said to one worker slows down the others as well.

A domain that answers 421 counts all that reaches it, whoever sends it. So each worker tells, with
its word to the others, for which complaints it slowed down of late; whoever hears of one for the
first time halves its own speed there, as for a complaint of its own.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from newsletter.ledger.notes import Place

_FRESH = 5_000_000
"""Microseconds for which a complaint is worth to be heard of."""
_MOST_TOLD = 8
"""So many of the latest go with one word."""
_MOST_KNOWN = 256


class Grievance(NamedTuple):
    """One complaint for which a worker slowed down."""

    relay: str
    domain: str
    """Empty if the relay itself complained."""
    at: int
    """Microseconds since 1970, by the clock of whoever heard it."""
    refused: float
    """Messages a second that this worker had sent there."""
    words: str

    @property
    def place(self) -> Place:
        """Who complained."""
        return Place(self.relay, self.domain)

    def age(self, now: int) -> float:
        """Seconds since it was heard; clocks that differ do not make it lie ahead."""
        return max(0, now - self.at) * 1e-6


class Grievances:
    """Those that this worker heard, and those that it was told of."""

    def __init__(self) -> None:
        self._own: deque[Grievance] = deque(maxlen=_MOST_TOLD)
        self._known: deque[tuple[Place, int]] = deque(maxlen=_MOST_KNOWN)

    def add(self, place: Place, at: int, refused: float, words: str) -> None:
        """One that this worker slowed down for."""
        self._own.append(Grievance(*place, at, refused, words))

    def fresh(self, now: int) -> tuple[Grievance, ...]:
        """What the others are to hear."""
        return tuple(each for each in self._own if now - each.at < _FRESH)

    def news(self, told: Iterable[Grievance], now: int) -> Iterator[Grievance]:
        """What was not known yet and is not old, each once."""
        for each in told:
            key = each.place, each.at
            if abs(now - each.at) < _FRESH and key not in self._known:
                self._known.append(key)
                yield each
