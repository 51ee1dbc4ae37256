"""When a plan's messages leave, as lines for a person to read."""

from collections.abc import Iterator, Sequence

from newsletter.app.plan_times import PartLine
from newsletter.app.plan_view import PlanView
from newsletter.app.warming import Day, RelayWarmth
from newsletter.cli.layout import counted, number, paint, weekday

_MOST_NAMED = 4
_MOST_DAYS = 6


def times(view: PlanView) -> Iterator[str]:
    """When it begins, when each part is due, when messages may leave, and when all have."""
    if view.starts:
        yield f"At        {view.starts}{'' if _is_limited(view) else _done(view)}"
    yield from (f"          {line}" for part in view.parts for line in _part(part))
    if _is_limited(view):
        opens = f"; opens {weekday(view.opens_at)}" if view.opens_at else ""
        lead = "Window" if view.window else "Quiet"
        words = " · quiet ".join(filter(None, [view.window, view.quiet]))
        yield f"{lead:9} {words}{opens}{_done(view)}"
    if view.warmup:
        yield f"Warm-up   {_days(view.warmup)}"
    if view.undecided:
        who = f"the local time of {counted(view.undecided, 'reader')} has passed"
        yield paint(f"! {who}: send wants --passed now or --passed next-day", "red")


def warmth(relays: Sequence[RelayWarmth]) -> Iterator[str]:
    """How far each relay's warm-up is."""
    if not relays:
        yield "no relay is warmed up: [warmup] in newsletter.toml has a start and a curve"
    for relay in relays:
        begun = f"day {relay.day} of {relay.days}" if relay.day > 0 else "not begun"
        over = "over: no such limit any more"
        today = f"{number(relay.tried)} of {number(relay.today.messages or 0)} today"
        yield f"{relay.relay}   {over if relay.today.messages is None else f'{begun}, {today}'}"
        if relay.today.messages is not None:
            yield f"  then {_days(relay.coming)}"


def _days(days: Sequence[Day]) -> str:
    """Each day and its messages; many in the middle are counted."""
    words = [
        f"{day.date:%a %Y-%m-%d} {'no limit' if day.messages is None else number(day.messages)}"
        for day in days
    ]
    if len(words) > _MOST_DAYS:
        words[_MOST_DAYS - 1 : -1] = [f"… {len(words) - _MOST_DAYS} more days …"]
    return " · ".join(words)


def _is_limited(view: PlanView) -> bool:
    return bool(view.window or view.quiet)


def _done(view: PlanView) -> str:
    return f"; done about {weekday(view.done_at) if view.done_at else 'in over a year'}"


def _part(part: PartLine) -> Iterator[str]:
    named = ", ".join(part.zones[:_MOST_NAMED])
    more = len(part.zones) - _MOST_NAMED
    zones = f"{named} and {more} more" if more > 0 else named
    passed = ", whose local time has passed" if part.passed else ""
    line = f"{weekday(part.at)}  {number(part.readers)}  {zones}{passed}"
    if part.begins != part.at:
        line += f"; held until {weekday(part.begins)}" if part.begins else "; held for over a year"
    yield line
    if part.unknown:
        words = ", ".join(repr(cell) for cell in part.unknown[:_MOST_NAMED])
        yield f"  no zone of this name: {words}; taken as without one"
