"""How many rows may be claimed now: what the quotas leave, and what is left of the canary."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.dispatch.quota import Quota, Room, Spent, minute_of
from newsletter.ledger.notes import Cap, Place

_NO_END = 1 << 60
Spending = Mapping[Place, Mapping[int, int]]
"""Messages by place and by minute since 1970."""


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
        self._left: dict[Place, int] = {}
        """Of the quotas that several workers share: what the ledger left when last asked."""

    def count(self, tried: Mapping[Place, int], now: dt.datetime) -> None:
        """So many more were tried, and the ledger knows."""
        for place, spent in self._spent.items():
            spent.add(minute_of(now), tried.get(place, 0))

    def room(self, place: Place, now: dt.datetime) -> Room:
        """What the quota of one place leaves."""
        if place not in self._quotas:
            return Room(_NO_END)
        room = self._spent[place].room(self._quotas[place], minute_of(now))
        if place in self._left and self._left[place] < room.now:
            return Room(self._left[place])
        return room

    def hear(self, room: Mapping[Place, int], spent: Spending | None) -> None:
        """What the ledger leaves to this worker, and what all of them tried where it is nothing."""
        self._left = dict(room)
        if spent is not None:
            self._spent = {place: Spent(spent.get(place, {})) for place in self._quotas}

    def caps(self, now: dt.datetime) -> Iterator[Cap]:
        """Each quota as the ledger can hold all workers to it."""
        minute = minute_of(now)
        for place, quota in self._quotas.items():
            yield from (Cap(place, minute - window, most) for window, most, _ in quota.windows)
            day = quota.warmup.day_of(now) if quota.warmup else None
            most_warm = quota.warmup.most(day) if quota.warmup and day else None
            if quota.warmup and day and most_warm is not None:
                yield Cap(place, minute_of(quota.warmup.begins(day)), most_warm)

    def rows(self, places: tuple[Place, ...], claimed: int, now: dt.datetime) -> int:
        """How many more rows may be claimed, while so many have no outcome written yet."""
        rooms = [self.room(place, now).now for place in places]
        if self.canary:
            rooms.append(self.canary.left)
        return max(0, min([*rooms, _NO_END]) - claimed)
