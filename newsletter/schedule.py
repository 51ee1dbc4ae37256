"""Wall times to instants, and back to a verdict: start now, wait, or too late.

An officer says a wall time in a zone. That pair is kept, and beside it the instant that it meant
when it was said: that one counts, also where a zone's rules are changed before it comes.
"""

import datetime as dt
import re
import zoneinfo
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from newsletter.errors import UsageError
from newsletter.values import nearest

GRACE = dt.timedelta(hours=2)
"""How late a campaign may start without being asked about again."""

_FORM = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ]\s*(\d{2}):(\d{2})(?::(\d{2}))?"
    r"\s*(Z|[+-]\d\S*|[A-Za-z]\S*)?"
)
_OFFSET = re.compile(r"([+-])(\d{2}):?([0-5]\d)")
_SHORT_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
"""As people say it: ``UTC+1``, ``+1``."""
_NOT_A_PLACE = re.compile(r"localtime|posixrules|Factory|posix/|right/")
_ABBREVIATION = re.compile(r"[A-Z]{2,5}")
_EXAMPLE = 'write for example "2026-12-03 10:00 Europe/Rome"'
_TRY = "newsletter schedule list"
_ONE_SECOND = dt.timedelta(seconds=1)
_A_DAY = dt.timedelta(days=1)
_HOURS_A_DAY = 24
_LAST_YEAR = 9990
"""What comes after a time (a window, a retry, a curve) is to be in the calendar, too."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a campaign is to start: the wall time and zone the officer said, and the instant.

    ``wall_time`` is ``2026-12-03T10:00:00``; ``zone`` an IANA name or an offset (``+01:00``);
    ``instant`` is in UTC. ``zone_assumed`` says that the officer named no zone. A ``local`` one
    is on each reader's own clocks: it begins with the first of them, and ``zone`` is that of
    readers of whom none is known.
    """

    instant: dt.datetime
    wall_time: str
    zone: str
    zone_assumed: bool = field(default=False, compare=False)
    local: bool = False

    def __str__(self) -> str:
        """``2026-12-03 10:00 Europe/Rome (2026-12-03 09:00 UTC)``."""
        said = " (by default)" if self.zone_assumed else ""
        wall = self.wall_time.replace("T", " ").removesuffix(":00")
        if self.local:
            return f"{wall} on each reader's clocks (from {self.instant:%Y-%m-%d %H:%M} UTC)"
        return f"{wall} {self.zone}{said} ({self.instant:%Y-%m-%d %H:%M} UTC)"


class Verdict(StrEnum):
    """What to do about a due campaign at this moment."""

    WAITING = "waiting"
    DUE_NOW = "due now"
    MISSED = "missed"


def parse_when(text: str, *, default_zone: str) -> Due:
    """Read a wall time: ``YYYY-MM-DD HH:MM[:SS] [zone or offset]``; a ``T`` between is fine.

    Raises ``UsageError`` for what is no time, no zone, or a wall time that a change of the clocks
    makes ambiguous or skips; the message names the instants to choose from.
    """
    wall, zone = parse_wall(text)
    named = zone or default_zone
    return Due(instant_of(wall, named), wall.isoformat(), named, zone_assumed=not zone)


def parse_wall(text: str) -> tuple[dt.datetime, str]:
    """The wall time and the zone that were said, the zone as yet unread; nothing if none was."""
    match = _FORM.fullmatch(text.strip())
    if not match:
        message = f"{text!r} is not a date and time"
        raise UsageError(message, cure=_EXAMPLE, next_command=_TRY)
    *numbers, zone = match.groups()
    try:
        wall = dt.datetime(*(int(number or 0) for number in numbers))  # type: ignore[arg-type] # noqa: DTZ001 - a wall time has no zone yet
    except ValueError as error:
        message = f"{text!r} is not a date and time: {error}"
        raise UsageError(message, cure=_EXAMPLE, next_command=_TRY) from error
    return wall, "UTC" if zone in {"Z", "z"} else zone or ""


def instant_of(wall: dt.datetime | str, zone: str) -> dt.datetime:
    """The one instant, in UTC, at which clocks in ``zone`` show the wall time.

    Raises ``UsageError`` when there are two such instants, or none (see PEP 495).
    """
    if isinstance(wall, str):
        wall = dt.datetime.fromisoformat(wall)
    place = zone_of(zone)
    early, late = _both(wall, zone, place)
    if early == late:
        return early
    raise _ambiguous(wall, zone, early, late) if early < late else _skipped(wall, zone, place)


def first_instant_of(wall: dt.datetime, zone: str) -> dt.datetime:
    """The first instant, in UTC, at which clocks in ``zone`` show the wall time or are past it.

    So a time that they skip is when they have gone forward, one that they show twice the first.
    Raises ``UsageError`` beyond the calendar.
    """
    place = zone_of(zone)
    early, late = _both(wall, zone, place)
    return early if early <= late else _change_near(wall, place)


def local_date(instant: dt.datetime, zone: str) -> dt.date:
    """The day that a zone's calendar has at an instant."""
    return instant.astimezone(zone_of(zone)).date()


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this very name."""
    return name in _known_zones() and not _NOT_A_PLACE.match(name)


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def zone_of(name: str) -> dt.tzinfo:
    """The zone of an IANA name (``Europe/Rome``) or an offset (``+01:00``)."""
    offset = _OFFSET.fullmatch(name)
    if offset:
        sign = -1 if offset[1] == "-" else 1
        away = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        if away < _A_DAY:
            return dt.timezone(sign * away)
    if not _NOT_A_PLACE.match(name):
        with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return zoneinfo.ZoneInfo(name)
    raise UsageError(f"{name!r} is not a time zone", cure=_meant(name), next_command=_TRY)


def check_future(due: Due, now: dt.datetime, otherwise: str = "") -> None:
    """Refuse a time that has passed; raises ``UsageError``, with what else may be done."""
    if due.instant <= now:
        message = f"{due} has passed: it is {now.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        cure = f"name a later time{otherwise}"
        raise UsageError(message, cure=cure, next_command=_TRY)


def verdict(due: Due, now: dt.datetime, grace: dt.timedelta = GRACE) -> Verdict:
    """Wait, start, or ask: later than ``grace`` a campaign never starts by itself."""
    if now < due.instant:
        return Verdict.WAITING
    return Verdict.DUE_NOW if now - due.instant <= grace else Verdict.MISSED


def _both(wall: dt.datetime, zone: str, place: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """The instants that a wall time may mean (PEP 495); ``UsageError`` beyond the calendar."""
    if wall.year <= _LAST_YEAR:
        with suppress(OverflowError):
            return _in_utc(wall.replace(fold=0), place), _in_utc(wall.replace(fold=1), place)
    message = f"{wall.isoformat(' ')} {zone} is beyond the calendar"
    raise UsageError(message, cure=_EXAMPLE, next_command=_TRY)


def _in_utc(wall: dt.datetime, place: dt.tzinfo) -> dt.datetime:
    return wall.replace(tzinfo=place).astimezone(dt.UTC)


def _ambiguous(wall: dt.datetime, zone: str, early: dt.datetime, late: dt.datetime) -> UsageError:
    place = zone_of(zone)
    offsets = [_offset(instant.astimezone(place)) for instant in (early, late)]
    message = (
        f"{_shown(wall)} happens twice in {zone}, where clocks go back: "
        f"at {early:%H:%M} UTC ({offsets[0]}) and at {late:%H:%M} UTC ({offsets[1]})"
    )
    choices = " or ".join(f'"{_shown(wall)} {offset}"' for offset in offsets)
    return UsageError(message, cure=f"write {choices}", next_command=_TRY)


def _skipped(wall: dt.datetime, zone: str, place: dt.tzinfo) -> UsageError:
    """The gap's edges: the last second before it and the first after it."""
    change = _change_near(wall, place)
    before = (change - _ONE_SECOND).astimezone(place)
    after = change.astimezone(place)
    message = (
        f"{_shown(wall)} does not exist in {zone}: "
        f"clocks go from {before:%H:%M:%S} straight to {after:%H:%M:%S}"
    )
    return UsageError(
        message,
        cure=f'write "{_shown(after.replace(tzinfo=None))} {zone}" or later',
        next_command=_TRY,
    )


def _change_near(wall: dt.datetime, place: dt.tzinfo) -> dt.datetime:
    """The instant, in UTC, of the change of clocks that skips the wall time (by bisection).

    With fold=1 the offset after the change is used, which gives an instant before it, and with
    fold=0 one after it (PEP 495): the change lies between.
    """
    below = _in_utc(wall.replace(fold=1), place)
    above = _in_utc(wall.replace(fold=0), place)
    old = below.astimezone(place).utcoffset()
    while above - below > _ONE_SECOND:
        middle = below + (above - below) / 2
        middle = middle.replace(microsecond=0) if middle.microsecond else middle
        if middle.astimezone(place).utcoffset() == old:
            below = middle
        else:
            above = middle
    return above


def _offset(instant: dt.datetime) -> str:
    away = instant.strftime("%z")
    return f"{away[:3]}:{away[3:5]}"


def _shown(wall: dt.datetime) -> str:
    return wall.strftime("%Y-%m-%d %H:%M:%S" if wall.second else "%Y-%m-%d %H:%M")


def _meant(name: str) -> str:
    """What to write instead of what is no zone."""
    if name.lower() in {"am", "pm"}:
        return "hours count from 0 to 23: write 21:00 for nine in the evening"
    offset = _SHORT_OFFSET.fullmatch(name)
    if offset and int(offset[2]) < _HOURS_A_DAY:
        return f"did you mean {offset[1]}{int(offset[2]):02}:{offset[3] or '00'}?"
    near = _nearest_zone(name)
    return f"did you mean {near}?" if near else _EXAMPLE


def _nearest_zone(name: str) -> str | None:
    """By the whole name first, then by the city alone (``Rome``, ``europe/rome``).

    Of an abbreviation (``CEST``, ``IST``) a near one is another zone.
    """
    known = sorted(filter(is_zone, _known_zones()), reverse=True)
    folded = {zone.casefold(): zone for zone in known}
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in known if "/" in zone}
    wanted = name.casefold()
    if wanted in folded or _ABBREVIATION.fullmatch(name):
        return folded.get(wanted)
    for names in (folded, cities):
        found = nearest(wanted, names)
        if found:
            return names[found]
    return None
