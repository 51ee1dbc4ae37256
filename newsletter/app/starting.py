"""When a campaign begins, and when each part of its audience is due."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.app.open import App
from newsletter.errors import UsageError
from newsletter.local_time import LocalTime, Part, Passed, undecided
from newsletter.recurrence import parse_every
from newsletter.schedule import Due, check_future, parse_wall, parse_when, zone_of

_SHOWN = 4
_DECIDE = (
    "say --passed now (they get it as soon as it begins) or --passed next-day,"
    " or name a later time; nothing was recorded or sent"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the officer said of it: a wall time, and whether it is on each reader's clocks."""

    at: str | None = None
    passed: Passed | None = None
    local_time: bool = False
    every: str | None = None
    """A rule by which it is sent again and again; the first time counts."""
    moves: bool = False
    """Whether a campaign that is recorded gets another time."""


@dataclass(frozen=True, slots=True)
class Start:
    """When a campaign is due, None for at once; its parts, where readers have their own times."""

    due: Due | None = None
    then: tuple[Due, ...] = ()
    """When a series is due after that; its next few times."""
    parts: tuple[Part, ...] = ()
    undecided: int = 0
    """Readers whose local time is over while nobody said what becomes of them."""

    def check_decided(self, cure: str = _DECIDE) -> None:
        """Raise ``UsageError`` while somebody's local time is over and nobody said what then."""
        if self.undecided:
            message = f"the local time has passed for {self.undecided} of the readers"
            raise UsageError(message, cure=cure)


def start_of(app: App, asked: Asked, zones: Mapping[str, int]) -> Start:
    """When a campaign to readers in these zones (as the lists have them) would begin.

    Raises ``UsageError`` for a time that cannot be read, or is over.
    """
    if asked.every is not None:
        return _first_of_series(app, asked)
    if asked.local_time:
        return local_start(app, asked, zones)
    if asked.passed:
        raise UsageError("--passed speaks of readers' own clocks; add --local-time")
    if asked.at is None:
        return Start()
    due = parse_when(asked.at, default_zone=app.settings.schedule.zone)
    now_instead = "" if asked.moves else ", or leave --at out to send now"
    check_future(due, app.clock(), now_instead)
    return Start(due)


def _first_of_series(app: App, asked: Asked) -> Start:
    if asked.at or asked.local_time or asked.passed:
        on_clocks = (
            "begin a series for each zone that your readers live in: "
            """--every "Monday 09:00 Asia/Tokyo" --segment 'timezone == "Asia/Tokyo"'"""
        )
        one_zone = 'name the time and the zone in the rule: "first Tuesday 10:00 Europe/Rome"'
        raise UsageError(
            "--every says when by itself: it goes with neither --at nor --local-time",
            cure=on_clocks if asked.local_time or asked.passed else one_zone,
        )
    rule = parse_every(asked.every or "", default_zone=app.settings.schedule.zone)
    first, *then = [each.due for each in rule.next(app.clock(), _SHOWN)]
    return Start(first, tuple(then))


def local_start(app: App, asked: Asked, zones: Mapping[str, int]) -> Start:
    """The same on each reader's clocks."""
    if asked.at is None:
        raise UsageError(
            "--local-time needs a time of day to wait for",
            cure='add --at, for example --at "2026-12-03 10:00"',
        )
    wall, named = parse_wall(asked.at)
    zone = named or app.settings.schedule.zone
    zone_of(zone)
    local, now = LocalTime(wall, zone, asked.passed), app.clock()
    parts = local.parts(zones, now)
    first = min((part.at for part in parts), default=now.astimezone(dt.UTC))
    return Start(local.due(first), (), parts, undecided(parts, asked.passed))
