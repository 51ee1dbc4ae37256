"""The readers' domains behind one relay: who has a pace of its own, and who complained."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.dispatch.complaint import Strangers
from newsletter.dispatch.leased import Paces
from newsletter.dispatch.limits import Limits
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.throttle import Cut, Heard, Tally, Throttle
from newsletter.ledger.notes import Place

_MOST = 10_000
"""Domains with a limit that are remembered; beyond, those that did nothing lately are not."""


@dataclass
class Domain:
    """One domain with a pace, and how many of its readers wait for a turn."""

    pace: Pace
    parked: int = 0
    """Claimed, in memory."""
    postponed: int = 0
    """Back in the ledger with a time, as far as this run knows."""
    noted: bool = field(default=False)
    """Whether the ledger has its pace as it is."""

    @property
    def waiting(self) -> int:
        """Readers who wait for a turn."""
        return self.parked + self.postponed


class Domains:
    """Paces by domain; a domain without a limit has none until it complains."""

    def __init__(
        self, limits: Limits, now: float, paces: Paces | None = None, relay: str = ""
    ) -> None:
        self._limits = limits
        self._paces = paces or Paces(None)
        self._relay = relay
        self._limited = bool(limits.per_domain or limits.domains)
        self._known: dict[str, Domain] = {}
        self.are_free = not self._limited
        """Whether no domain has a pace: then nobody needs to ask."""
        self.tally = Tally(now)
        """What all of them were given lately."""
        self._strangers = Strangers()

    def find(self, name: str, now: float) -> Domain | None:
        """The domain, if it has a pace."""
        found = self._known.get(name)
        if found is None and self._limited and (limit := self._limit(name)) < math.inf:
            found = self._begin(name, limit, now)
        return found

    def complained(self, name: str, now: float, words: str) -> bool:
        """One answer complained, in these words.

        True if the complaint is the relay's rather: it comes from all sides.
        """
        self.tally.note(name, now, complained=True)
        heard = self.tally.of(name, now)
        domain = self._known.get(name) or self._begin(name, self._limit(name), now)
        domain.pace.throttle.complained(now, heard, words)
        domain.noted = False
        return self._strangers.complain(name, heard.tried, now)

    def listen(self, name: str, now: float) -> tuple[Throttle, Heard]:
        """What slows a domain down, and what it was given of late."""
        domain = self._known.get(name) or self._begin(name, self._limit(name), now)
        domain.noted = False
        return domain.pace.throttle, self.tally.of(name, now)

    def is_lowest(self, name: str, now: float) -> bool:
        """Whether the domain complains though it gets next to nothing."""
        found = self._known.get(name)
        return found is not None and found.pace.throttle.is_lowest(now)

    def restore(self, name: str, cut: Cut | None, next_turn: float, now: float) -> None:
        """Go on where an earlier run was."""
        if cut is None and self._limit(name) == math.inf:
            return
        domain = self._begin(name, self._limit(name), now, cut)
        domain.pace.wait_until(next_turn)

    def parked(self, name: str) -> int:
        """Readers of a domain who are in memory and wait for its turn."""
        found = self._known.get(name)
        return found.parked if found else 0

    def __iter__(self) -> Iterator[tuple[str, Domain]]:
        """All that have a pace."""
        return iter(list(self._known.items()))

    def forget_idle(self, now: float) -> None:
        """Let go of those that are as if nothing had ever been said or sent."""
        crowded = len(self._known) > _MOST
        for name, domain in self:
            slow = domain.pace.throttle.rate(now) < self._limit(name)
            limited = self._limit(name) < math.inf and not crowded
            if not (slow or limited or domain.waiting) and domain.noted:
                del self._known[name]
                self._paces.forget(Place(self._relay, name))
        self.are_free = not (self._limited or self._known)

    def _limit(self, name: str) -> float:
        rate = self._limits.domains.get(name) or self._limits.per_domain
        return rate.per_second if rate else math.inf

    def _begin(self, name: str, limit: float, now: float, cut: Cut | None = None) -> Domain:
        self.are_free = False
        pace = self._paces.make(Place(self._relay, name), limit, now, cut)
        return self._known.setdefault(name, Domain(pace))
