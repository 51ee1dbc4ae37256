"""How many rows may be claimed now: what the quotas leave, and what is left of the canary."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.dispatch.quota import Quota, Room, Spent, minute_of
from newsletter.ledger.notes import Place

_NO_END = 1 << 60


@dataclass
class Canary:
    """The first few, sent before all others. ``tried`` counts recipients, not attempts."""

    count: int
    tried: int

    @property
    def left(self) -> int:
        """How many more belong to it."""
        return max(0, self.count - self.tried)


class Allowance:
    """Counts what was tried against the quotas, here and in earlier runs."""

    def __init__(
        self,
        quotas: Mapping[Place, Quota],
        tried: Mapping[Place, Mapping[int, int]],
        canary: Canary | None,
    ) -> None:
        self._quotas = {place: quota for place, quota in quotas.items() if quota.is_set}
        self._spent = {place: Spent(tried.get(place, {})) for place in self._quotas}
        self.canary = canary

    def count(self, tried: Mapping[Place, int], now: dt.datetime) -> None:
        """So many more were tried, and the ledger knows."""
        for place, spent in self._spent.items():
            spent.add(minute_of(now), tried.get(place, 0))

    def room(self, place: Place, now: dt.datetime) -> Room:
        """What the quota of one place leaves."""
        if place not in self._quotas:
            return Room(_NO_END)
        return self._spent[place].room(self._quotas[place], minute_of(now))

    def rows(self, places: tuple[Place, ...], claimed: int, now: dt.datetime) -> int:
        """How many more rows may be claimed, while so many have no outcome written yet."""
        rooms = [self.room(place, now).now for place in places]
        if self.canary:
            rooms.append(self.canary.left)
        return max(0, min([*rooms, _NO_END]) - claimed)
