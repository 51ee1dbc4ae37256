"""When a plan's messages would leave: each part of the audience, and the last of all."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from newsletter.app.starting import Start
from newsletter.app.warming import Day
from newsletter.campaign import Plan
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
    plan: Plan, start: Start, times: SendingTimes, begins: dt.datetime, days: Sequence[Day] = ()
) -> dt.datetime | None:
    """When the last message leaves at the plan's rate; None if that is over a year away.

    Where a warm-up spreads them over ``days``, those of the last day leave on it.
    """
    at = begins
    if days and sum(day.messages or 0 for day in days) < len(plan.recipients):
        return None
    try:
        if len(days) > 1:
            return _on_its_clocks(_done_on(days[-1], plan, times, start), times)
        for due, readers in _amounts(plan, start, begins):
            duration = dt.timedelta(seconds=readers / plan.terms.rate.per_second)
            at = times.after(max(at, due), duration)
    except (ValueError, OverflowError):
        return None
    if start.due and not times.is_limited:
        return at.astimezone(zone_of(start.due.zone))
    return _on_its_clocks(at, times)


def _done_on(last: Day, plan: Plan, times: SendingTimes, start: Start) -> dt.datetime:
    hours = times.window or times.quiet
    zone = hours.zone if hours else start.due.zone if start.due else "UTC"
    midnight = first_instant_of(dt.datetime.combine(last.date, dt.time()), zone)
    duration = dt.timedelta(seconds=(last.messages or 0) / plan.terms.rate.per_second)
    return times.after(midnight, duration)


def _amounts(plan: Plan, start: Start, begins: dt.datetime) -> Iterator[tuple[dt.datetime, int]]:
    if not start.parts:
        yield begins, len(plan.recipients)
    for part in start.parts:
        yield part.at, part.readers


def _on_its_clocks(instant: dt.datetime, times: SendingTimes) -> dt.datetime:
    """As the clocks of the window (or of the quiet hours) show it."""
    hours = times.window or times.quiet
    return instant.astimezone(zone_of(hours.zone)) if hours else instant
