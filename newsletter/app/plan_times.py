"""When a plan's messages would leave: each part of the audience, and the last of all."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from newsletter.app.lasting import Lane
from newsletter.app.starting import Start
from newsletter.app.warming import Day
from newsletter.local_time import Part
from newsletter.schedule import first_instant_of, zone_of
from newsletter.sending_times import SendingTimes


@dataclass(frozen=True, slots=True)
class PartLine:
    """Readers who are due at the same instant, on the clocks of readers without a zone."""

    at: dt.datetime
    begins: dt.datetime | None
    """When messages may leave from then on; None if that is over a year away."""
    readers: int
    zones: tuple[str, ...]
    unknown: tuple[str, ...]
    """What lists say of these readers' zones that is no zone."""
    passed: bool


def part_lines(start: Start, times: SendingTimes) -> tuple[PartLine, ...]:
    """The parts of an audience, those that are due together in a line."""
    if start.due is None:
        return ()
    zone, alike = start.due.zone, groupby(start.parts, key=lambda part: (part.at, part.passed))
    return tuple(_line([*parts], zone, times) for _, parts in alike)


def _line(parts: list[Part], zone: str, times: SendingTimes) -> PartLine:
    at = parts[0].at
    try:
        begins = times.next_open(at)
    except ValueError:
        begins = None
    place = zone_of(zone)
    return PartLine(
        at.astimezone(place),
        begins.astimezone(place) if begins else None,
        sum(part.readers for part in parts),
        tuple(sorted({part.zone for part in parts})),
        tuple(sorted(part.cell for part in parts if part.is_unknown)),
        parts[0].passed,
    )


def opens_at(times: SendingTimes, begins: dt.datetime) -> dt.datetime | None:
    """When messages may leave first, if they may not when a campaign begins."""
    return None if times.are_open(begins) else _on_its_clocks(times.next_open(begins), times)


def done_at(
    lanes: Sequence[Lane],
    start: Start,
    times: SendingTimes,
    begins: dt.datetime,
    days: Sequence[Day] = (),
    zone: str = "UTC",
) -> dt.datetime | None:
    """When the last message leaves under all limits; None if that is over a year away.

    Where a warm-up spreads them over ``days`` of a ``zone``, those of the last day leave on it.
    """
    total = max(lane.messages for lane in lanes)
    if days and sum(day.messages or 0 for day in days) < total:
        return None
    amounts = [(part.at, part.readers / total) for part in start.parts] or [(begins, 1.0)]
    if len(days) > 1:
        midnight = first_instant_of(dt.datetime.combine(days[-1].date, dt.time()), zone)
        amounts = [(midnight, (days[-1].messages or 0) / total)]
    try:
        at = max(_done(lane, amounts, times) for lane in lanes)
    except (ValueError, OverflowError):
        return None
    if start.due and not times.is_limited:
        return at.astimezone(zone_of(start.due.zone))
    return _on_its_clocks(at, times)


def _done(
    lane: Lane, amounts: Sequence[tuple[dt.datetime, float]], times: SendingTimes
) -> dt.datetime:
    """Each amount, a share of its messages, goes when it is due and the one before is gone."""
    at = amounts[0][0]
    for due, share in amounts:
        at = lane.done(max(at, due), times, share)
    return at


def _on_its_clocks(instant: dt.datetime, times: SendingTimes) -> dt.datetime:
    """As the clocks of the window (or of the quiet hours) show it."""
    hours = times.window or times.quiet
    return instant.astimezone(zone_of(hours.zone)) if hours else instant
