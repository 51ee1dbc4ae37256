"""Warm-up: how many messages a relay is given on each of its first days. Pure.

Days are those of the calendar in a zone, from its first instant to the next one's, so one on
which clocks change is shorter or longer. Before the first day it is as on that day; after the
last one there is no limit.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.schedule import first_instant_of, local_date

_A_DAY = dt.timedelta(days=1)
_MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Warmup:
    """A curve, messages a day, from a first day on."""

    start: dt.date
    curve: tuple[int, ...]
    zone: str

    def day_of(self, instant: dt.datetime) -> dt.date:
        """The day on the zone's calendar."""
        return local_date(instant, self.zone)

    def begins(self, day: dt.date) -> dt.datetime:
        """The first instant of a day, in UTC."""
        return first_instant_of(dt.datetime.combine(day, dt.time()), self.zone)

    def most(self, day: dt.date) -> int | None:
        """Messages on a day; None once the curve is over."""
        at = max((day - self.start).days, 0)
        return self.curve[at] if at < len(self.curve) else None

    def spread(
        self,
        count: int,
        spent: int,
        begins: dt.datetime,
        is_open: Callable[[dt.datetime, dt.datetime], bool] = lambda _, __: True,
    ) -> Iterator[tuple[dt.date, int]]:
        """Which day takes how many of so many, when ``spent`` were sent on the first one already.

        ``is_open`` says whether anything may leave between two instants. What no day of over a
        year takes is left out.
        """
        day = self.day_of(begins)
        for ahead in range(_MOST_DAYS):
            today = day + ahead * _A_DAY
            opens = max(begins, self.begins(today))
            if count and is_open(opens, self.begins(today + _A_DAY)):
                most = self.most(today)
                taken = count if most is None else min(count, max(0, most - spent))
                count -= taken
                if taken:
                    yield today, taken
            spent = 0
