"""One wall time for all, on each reader's own clocks: when each part of an audience is due. Pure.

Nobody can be asked about every zone, so where the clocks of one skip the wall time its readers
are due when they have gone forward, and where they show it twice, the first time.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.errors import UsageError
from newsletter.schedule import Due, first_instant_of, is_zone, zone_of

_A_DAY = dt.timedelta(days=1)


class Passed(StrEnum):
    """What becomes of readers whose local time is over when a plan is made."""

    NOW = "now"
    """They are sent to as soon as the campaign begins."""
    NEXT_DAY = "next-day"
    """They wait for the same wall time a day later."""


@dataclass(frozen=True, slots=True)
class Part:
    """The readers of one cell: what the list says of their zone, and when they are due."""

    cell: str
    """As it stands in the list; empty where it says nothing."""
    zone: str
    readers: int
    at: dt.datetime
    passed: bool = False
    """Whether the wall time was over there already."""

    @property
    def is_unknown(self) -> bool:
        """Whether the list names a zone that there is not."""
        return bool(self.cell) and self.cell != self.zone


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall time without a zone; ``zone`` is that of readers whose list names none."""

    wall: dt.datetime
    zone: str
    passed: Passed | None = None
    """None: nobody said, so it is shown and nothing is recorded."""

    def part(self, cell: str, readers: int, now: dt.datetime) -> Part:
        """When the readers of one cell are due."""
        zone = cell if is_zone(cell) else self.zone
        at = first_instant_of(self.wall, zone)
        if at > now:
            return Part(cell, zone, readers, at)
        if self.passed is not Passed.NEXT_DAY:
            return Part(cell, zone, readers, now.astimezone(dt.UTC), passed=True)
        today = local_clock(now, zone).date()
        wall = dt.datetime.combine(max(today, self.wall.date()), self.wall.time())
        at = first_instant_of(wall, zone)
        while at <= now:
            wall += _A_DAY
            at = first_instant_of(wall, zone)
        return Part(cell, zone, readers, at, passed=True)

    def parts(self, readers: Mapping[str, int], now: dt.datetime) -> tuple[Part, ...]:
        """An audience by its cells, the first due first.

        Raises ``UsageError`` where the time is over for everybody.
        """
        found = [self.part(cell, count, now) for cell, count in readers.items() if count]
        if found and all(part.passed for part in found):
            message = f"{self.wall.isoformat(' ', 'minutes')} has passed on every reader's clocks"
            raise UsageError(message, cure="name a later time")
        return tuple(sorted(found, key=lambda part: (part.at, part.zone, part.cell)))

    def due(self, first: dt.datetime) -> Due:
        """When the campaign begins: with the first of its readers."""
        return Due(first, self.wall.isoformat(), self.zone, local=True)


def undecided(parts: tuple[Part, ...], passed: Passed | None) -> int:
    """Readers whose time is over while nobody said what becomes of them."""
    return 0 if passed else sum(part.readers for part in parts if part.passed)


def local_clock(instant: dt.datetime, zone: str) -> dt.datetime:
    """An instant as the clocks of a zone show it."""
    return instant.astimezone(zone_of(zone))
