"""How fast a place takes messages: halved when it complains, found again by careful probing.

Additive increase, multiplicative decrease, with a memory of the rate that was refused: it comes
back near that rate within seconds, passes it slowly, and only then grows faster. So a complaint
is provoked every ten seconds or so, not all the time. Pure: times are given.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

_CUT = 0.5
_CUT_SECONDS = 1.0
"""A rate is halved once in so long: what was under way when it was cut complains too."""
_NEAR, _NEAR_SECONDS = 0.9, 3.0
_BEYOND, _BEYOND_SECONDS = 1.1, 13.0
_GROWTH = 1.1
_LONGEST_GROWTH = 100.0
_FORGOTTEN_SECONDS = 300.0
_TOLERATED = 0.02
"""Complaints about so small a share of the messages are noise, not a rate."""
_LOWEST = 0.1
_LOWEST_SHARE = 1 / 64


@dataclass(frozen=True, slots=True)
class Heard:
    """What a place was given lately: messages a second, the share it complained about, how many."""

    per_second: float
    share: float
    tried: int = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """The last complaint that was heeded: the rate refused, when (monotonic), the words."""

    refused: float
    at: float
    words: str


def after_refusal(refused: float, seconds: float) -> float:
    """The rate so many seconds after ``refused`` messages a second were too many."""
    if seconds < _NEAR_SECONDS:
        return refused * (_CUT + (_NEAR - _CUT) * max(seconds, 0.0) / _NEAR_SECONDS)
    if seconds < _BEYOND_SECONDS:
        part = (seconds - _NEAR_SECONDS) / (_BEYOND_SECONDS - _NEAR_SECONDS)
        return refused * (_NEAR + (_BEYOND - _NEAR) * part)
    beyond = min(seconds - _BEYOND_SECONDS, _LONGEST_GROWTH)
    return refused * _BEYOND * math.pow(_GROWTH, beyond)


class Throttle:
    """The rate of one place: its limit (``math.inf`` for none), or less since it complained."""

    def __init__(self, limit: float, cut: Cut | None = None) -> None:
        self.limit = limit
        self.cut = cut
        self._lowest = min(limit * _LOWEST_SHARE, _LOWEST)

    def rate(self, now: float) -> float:
        """Messages a second that may be sent now."""
        if self.cut is None:
            return self.limit
        seconds = now - self.cut.at
        found = max(after_refusal(self.cut.refused, seconds), self._lowest)
        if found < self.limit and seconds < _FORGOTTEN_SECONDS:
            return found
        self.cut = None
        return self.limit

    def complained(self, now: float, heard: Heard, words: str) -> bool:
        """The place asked for fewer messages; whether the rate was cut for it."""
        rate = self.rate(now)
        if heard.share < _TOLERATED or (self.cut and now - self.cut.at < _CUT_SECONDS):
            return False
        refused = max(min(rate, heard.per_second), self._lowest)
        self.cut = Cut(refused, now, words)
        return True

    def was_cut_at(self, now: float) -> bool:
        """Whether a complaint was heeded at this instant."""
        return self.cut is not None and self.cut.at == now

    def is_lowest(self, now: float) -> bool:
        """Whether it cannot be slowed down any further, and complains all the same."""
        return self.cut is not None and self.rate(now) <= self._lowest * (_NEAR / _CUT)


@dataclass
class _Generation:
    """What was answered in one span of time."""

    since: float
    tried: dict[str, int]
    complaints: dict[str, int]
    total: int = 0
    complained: int = 0
    given: list[str] = field(default_factory=list)
    """Addresses that are not counted yet: many at a time are counted quickly."""

    def count(self) -> Self:
        """Count who was not counted yet."""
        given, tried = self.given, self.tried
        for name, times in Counter([each.rpartition("@")[2] for each in given]).items():
            tried[name] = tried.get(name, 0) + times
        self.total += len(given)
        given.clear()
        return self


_SPAN = 2.0
_SECOND = 1.0
_AT_A_TIME = 1_000
_MANY = 10
"""So many messages tell a rate, even if they took less than a second."""


class Tally:
    """How many messages each domain was given over the last two to four seconds, and in all."""

    def __init__(self, now: float) -> None:
        self._old = _Generation(now, {}, {})
        self._new = _Generation(now, {}, {})

    def note(self, domain: str, now: float, *, complained: bool = False) -> None:
        """One message was answered."""
        new = self._new
        if now - new.since >= _SPAN:
            new = self._turn(now)
        new.tried[domain] = new.tried.get(domain, 0) + 1
        new.total += 1
        if complained:
            new.complaints[domain] = new.complaints.get(domain, 0) + 1
            new.complained += 1

    def accepted(self, address: str, now: float) -> None:
        """One message was answered, and well."""
        new = self._new
        if now - new.since >= _SPAN:
            new = self._turn(now)
        new.given.append(address)
        if len(new.given) >= _AT_A_TIME:
            new.count()

    def of(self, domain: str, now: float) -> Heard:
        """What one domain was given."""
        both = (self._old.count(), self._new.count())
        tried = sum(each.tried.get(domain, 0) for each in both)
        return self._heard(tried, sum(each.complaints.get(domain, 0) for each in both), now)

    def whole(self, now: float) -> Heard:
        """What all were given together."""
        old, new = self._old.count(), self._new.count()
        return self._heard(old.total + new.total, old.complained + new.complained, now)

    def _turn(self, now: float) -> _Generation:
        """A silence leaves nothing that is worth to be counted."""
        stale = now - self._new.since >= 2 * _SPAN
        self._old = _Generation(now - _SPAN, {}, {}) if stale else self._new
        self._new = _Generation(now, {}, {})
        return self._new

    def _heard(self, tried: int, complained: int, now: float) -> Heard:
        shortest = _SECOND if tried >= _MANY else _SECOND / _MANY
        seconds = max(shortest, now - self._old.since)
        return Heard(tried / seconds, complained / tried if tried else 0.0, tried)
