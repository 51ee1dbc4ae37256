"""So many messages an hour and a day, over a rolling window, and so many on each day of a warm-up.

Pure: minutes since 1970 are given.

Counted by the minute, and a minute counts until it is wholly out of the window: no sixty minutes
and no twenty-four hours, wherever they begin, have more than the quota.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.warmup import Warmup

_HOUR = 60
_DAY = 24 * _HOUR
_LONGEST_DAY = 27 * _HOUR
"""Where clocks are set back."""
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Quota:
    """The most messages that are tried in any hour and in any day; 0 means no such limit."""

    hour: int = 0
    day: int = 0
    warmup: Warmup | None = None
    """The first days of a relay: by the calendar, beside what any hour and day may have."""

    @property
    def is_set(self) -> bool:
        """Whether there is any."""
        return bool(self.hour or self.day or self.warmup)

    @property
    def windows(self) -> Iterator[tuple[int, int, str]]:
        """Each limit that is set: its window in minutes, the messages, a word for it."""
        if self.hour:
            yield _HOUR, self.hour, "an hour"
        if self.day:
            yield _DAY, self.day, "a day"


@dataclass(frozen=True, slots=True)
class Room:
    """What a quota leaves: messages now; if none, from when on there are some, and which limit."""

    now: int
    until: dt.datetime | None = None
    words: str = ""


def minute_of(instant: dt.datetime) -> int:
    """Minutes since 1970 (UTC)."""
    return int(instant.timestamp()) // _MINUTE_SECONDS


def instant_of(minute: int) -> dt.datetime:
    """When a minute begins."""
    return dt.datetime.fromtimestamp(minute * _MINUTE_SECONDS, dt.UTC)


def oldest_that_counts(minute: int) -> int:
    """The first minute that any quota still looks at."""
    return minute - _LONGEST_DAY


class Spent:
    """The messages of one place, by the minute in which they were tried."""

    def __init__(self, by_minute: Mapping[int, int]) -> None:
        self._by_minute = dict(by_minute)

    def add(self, minute: int, count: int) -> None:
        """So many more; what no window reaches any longer is forgotten."""
        self._by_minute[minute] = self._by_minute.get(minute, 0) + count
        if len(self._by_minute) > 2 * _DAY:
            oldest = oldest_that_counts(minute)
            self._by_minute = {at: n for at, n in self._by_minute.items() if at >= oldest}

    def within(self, minutes: int, now: int) -> int:
        """The messages of the last so many minutes (and of a clock that went ahead)."""
        return sum(n for at, n in self._by_minute.items() if at >= now - minutes)

    def room(self, quota: Quota, now: int) -> Room:
        """How many more may be tried in this minute."""
        rooms = [self._room(*window, now) for window in quota.windows]
        rooms += [self._warm(quota.warmup, now)] if quota.warmup else []
        return min(rooms, key=lambda room: (room.now, -_seconds(room.until)), default=Room(_NO_END))

    def _room(self, window: int, limit: int, words: str, now: int) -> Room:
        left = limit - self.within(window, now)
        if left > 0:
            return Room(left)
        return Room(0, instant_of(self._frees(window, limit, now)), f"{limit} messages {words}")

    def today(self, warmup: Warmup, now: int) -> int:
        """The messages of this day of the calendar (and of a clock that went ahead)."""
        begins = minute_of(warmup.begins(warmup.day_of(instant_of(now))))
        return sum(n for at, n in self._by_minute.items() if at >= begins)

    def _warm(self, warmup: Warmup, now: int) -> Room:
        day = warmup.day_of(instant_of(now))
        most = warmup.most(day)
        if most is None:
            return Room(_NO_END)
        left = most - self.today(warmup, now)
        if left > 0:
            return Room(left)
        until = warmup.begins(day + dt.timedelta(days=1))
        return Room(0, until, f"{most} messages on {day}, a day of the warm-up,")

    def _frees(self, window: int, limit: int, now: int) -> int:
        """The first minute with room: enough of the oldest ones are out of the window then."""
        inside = self.within(window, now)
        for at in sorted(at for at in self._by_minute if at >= now - window):
            inside -= self._by_minute[at]
            if inside < limit:
                return at + window + 1
        return now


_NO_END = 1 << 60


def _seconds(instant: dt.datetime | None) -> float:
    return instant.timestamp() if instant else 0.0
