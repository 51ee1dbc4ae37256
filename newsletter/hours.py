"""Hours of the week, without holidays: when a campaign may be sent, or may not. Pure.

``Mon-Fri 08:00-18:00 Europe/Rome``, ``Mon,Thu 09:00-12:00,14:00-18:00``, ``22:00-06:00``. What
counts is what clocks on the wall show in the zone. So a window that a change of the clocks skips
is shorter that day, and one that it repeats is open twice.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from newsletter.errors import UsageError
from newsletter.schedule import zone_of
from newsletter.values import nearest

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = frozenset(range(7))
_FORM = re.compile(r"(?:([A-Za-z,\s-]*?)\s*)?(\d[\d:,\s-]*\d)(?:\s+(\S+))?")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_EXAMPLE = 'write for example "Mon-Fri 08:00-18:00 Europe/Rome"'
_QUIET_EXAMPLE = 'write for example "22:00-07:00 Europe/Rome"'
_DASHES = str.maketrans("–—−", "---")
"""As prose prints them."""
_A_DAY_IN_MINUTES = 24 * 60
_A_DAY = dt.timedelta(days=1)
_A_SECOND = dt.timedelta(seconds=1)
_FARTHEST = 400
"""Days that are looked ahead: a window on a weekday comes sooner, whatever the holidays."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a day, in minutes since midnight; it ends the next day when ``end <= begin``."""

    days: frozenset[int]
    """Weekdays on which it begins, Monday is 0."""
    begin: int
    end: int

    @property
    def is_over_midnight(self) -> bool:
        """Whether it ends on the day after."""
        return self.end <= self.begin


@dataclass(frozen=True, slots=True)
class Hours:
    """Some hours of the week. ``words`` is how the officer said it, with the zone."""

    spans: tuple[Span, ...]
    zone: str
    words: str
    days_off: Collection[dt.date] = field(default=(), repr=False)
    """Days on which no span begins: any container that knows a date, such as ``holidays``'."""

    def __str__(self) -> str:
        """As it was said."""
        return self.words

    def are_open(self, at: dt.datetime) -> bool:
        """Whether the clocks in the zone show one of the spans at this instant."""
        local = at.astimezone(zone_of(self.zone))
        minute = 60 * local.hour + local.minute
        return any(self._covers(span, local.date(), minute) for span in self.spans)

    def next_open(self, at: dt.datetime) -> dt.datetime:
        """The first instant from ``at`` on at which they are open, in UTC.

        ``ValueError`` when there is none for over a year.
        """
        found = self._first(at, is_open=True)
        if found is None:
            message = f"{self.words}: no such time before {at + _FARTHEST * _A_DAY:%Y-%m-%d}"
            raise ValueError(message)
        return found

    def next_close(self, at: dt.datetime) -> dt.datetime | None:
        """The first instant from ``at`` on at which they are closed, in UTC; None if never."""
        return self._first(at, is_open=False)

    def _first(self, at: dt.datetime, *, is_open: bool) -> dt.datetime | None:
        if self.are_open(at) is is_open:
            return at.astimezone(dt.UTC)
        local = at.astimezone(zone_of(self.zone)).date()
        for ahead in range(_FARTHEST):
            for change in sorted(self._changes(local + ahead * _A_DAY)):
                if change >= at and self.are_open(change) is is_open:
                    return change
        return None

    def _covers(self, span: Span, day: dt.date, minute: int) -> bool:
        if not span.is_over_midnight:
            return span.begin <= minute < span.end and self._begins(span, day)
        if minute >= span.begin:
            return self._begins(span, day)
        return minute < span.end and self._begins(span, day - _A_DAY)

    def _begins(self, span: Span, day: dt.date) -> bool:
        return day.weekday() in span.days and day not in self.days_off

    def _changes(self, day: dt.date) -> Iterator[dt.datetime]:
        """Every instant of a local day at which something may begin or end, in UTC."""
        place = zone_of(self.zone)
        midnight = dt.datetime.combine(day, dt.time())
        minutes = {0, *(span.begin for span in self.spans), *(span.end for span in self.spans)}
        for minute in minutes:
            wall = midnight + dt.timedelta(minutes=minute)
            for fold in (0, 1):  # shown twice where clocks go back
                yield wall.replace(tzinfo=place, fold=fold).astimezone(dt.UTC)
        yield from _clock_changes(midnight, place)


def _clock_changes(midnight: dt.datetime, place: dt.tzinfo) -> Iterator[dt.datetime]:
    """The instants of a local day at which the offset changes, in UTC (by bisection)."""
    below = midnight.replace(tzinfo=place).astimezone(dt.UTC)
    end = (midnight + _A_DAY).replace(tzinfo=place, fold=1).astimezone(dt.UTC)
    before = below.astimezone(place).utcoffset()
    if end.astimezone(place).utcoffset() == before:
        return
    above = end
    while above - below > _A_SECOND:
        middle = below + (above - below) // 2
        if middle.astimezone(place).utcoffset() == before:
            below = middle
        else:
            above = middle
    yield above.replace(microsecond=0)


def parse_hours(text: str, *, default_zone: str, days_off: Collection[dt.date] = ()) -> Hours:
    """Read a window, ``[days] HH:MM-HH:MM[,…] [zone]``; without days it is every day.

    Raises ``UsageError`` that names the part which cannot be read, and how to write it.
    """
    return _parsed(text, default_zone, days_off)


def parse_quiet(text: str, *, default_zone: str) -> Hours:
    """Read quiet hours, in the same form; they have no days off."""
    try:
        return _parsed(text, default_zone, ())
    except UsageError as error:
        message = error.message.replace("the window", "the quiet hours", 1)
        raise UsageError(message, cure=_QUIET_EXAMPLE) from None


def _parsed(text: str, default_zone: str, days_off: Collection[dt.date]) -> Hours:
    text = " ".join(text.translate(_DASHES).split())
    match = _FORM.fullmatch(text)
    if not match:
        raise _unreadable(text, "it is not days, hours and a zone")
    days, spans, zone = match.groups()
    zone_of(zone or default_zone)
    weekdays = _weekdays(text, days or "")
    read = tuple(_span(text, part.strip(), weekdays) for part in spans.split(","))
    words = " ".join(filter(None, [days, spans, zone or default_zone]))
    return Hours(read, zone or default_zone, words, days_off)


def _span(text: str, part: str, weekdays: frozenset[int]) -> Span:
    match = _SPAN.fullmatch(part)
    if not match:
        raise _unreadable(text, f"{part!r} is not like 08:00-18:00")
    begin, end = (_minute(text, *match.group(at, at + 1)) for at in (1, 3))
    if begin == _A_DAY_IN_MINUTES:
        raise _unreadable(text, "a day begins at 00:00")
    if begin == end:
        raise _unreadable(text, f"{part} begins and ends at the same time")
    return Span(weekdays, begin, end)


def _minute(text: str, hour: str, minute: str) -> int:
    minutes = 60 * int(hour) + int(minute)
    if int(minute) >= 60 or minutes > _A_DAY_IN_MINUTES:  # noqa: PLR2004  an hour's
        raise _unreadable(text, f"{hour}:{minute} is no time of day")
    return minutes


def _weekdays(text: str, days: str) -> frozenset[int]:
    """``Mon-Fri``, ``mon,thu``, ``Fri-Mon``; nothing means the whole week."""
    if not days.strip():
        return _WEEK
    found: set[int] = set()
    for part in days.split(","):
        if several := _SEVERAL.get(
            part.strip().casefold().removeprefix("every ").removesuffix("s")
        ):
            found |= several
            continue
        first, dash, last = part.partition("-")
        begin = _weekday(text, first)
        end = _weekday(text, last) if dash else begin
        found |= {(begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1)}
    return frozenset(found)


def _weekday(text: str, word: str) -> int:
    """By its first three letters or more of the English name."""
    folded = word.strip().casefold()
    for number, day in enumerate(_LONG):
        if len(folded) >= len(_DAYS[number]) and day.startswith(folded):
            return number
    near = nearest(folded, (*_DAYS, *_LONG))
    hint = f"; did you mean {near.capitalize()}?" if near else ""
    raise _unreadable(text, f"{word.strip()!r} is not a day of the week{hint}")


_SEVERAL = {"day": _WEEK, "weekday": frozenset(range(5)), "weekend": frozenset({5, 6})}
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _unreadable(text: str, why: str) -> UsageError:
    message = f"the window {text!r} cannot be read: {why}"
    return UsageError(message, cure=_EXAMPLE)
