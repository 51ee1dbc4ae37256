"""When a plan's messages leave, as lines for a person to read."""

import datetime as dt
from collections.abc import Iterator, Sequence

from newsletter.app.approving import Approved
from newsletter.app.plan_times import PartLine
from newsletter.app.plan_view import PlanView
from newsletter.app.serial import Begun, SeriesLine
from newsletter.app.warming import Day, RelayWarmth
from newsletter.app.warming_up import WarmupSet
from newsletter.cli.layout import counted, number, paint, weekday
from newsletter.ledger.series import Series
from newsletter.schedule import Due

_MOST_NAMED = 4
_MOST_DAYS = 6


def times(view: PlanView) -> Iterator[str]:
    """When it begins, when each part is due, when messages may leave, and when all have."""
    if view.starts:
        yield f"At        {view.starts}{'' if _is_limited(view) else _done(view)}"
    if view.then:
        yield f"          then {' · '.join(_wall(due) for due in view.then)} …"
    yield from (f"          {line}" for part in view.parts for line in _part(part))
    if _is_limited(view):
        opens = f"; opens {weekday(view.opens_at)}" if view.opens_at else ""
        lead = "Window" if view.window else "Quiet"
        words = " · quiet ".join(filter(None, [view.window, view.quiet]))
        yield f"{lead:9} {words}{opens}{_done(view)}"
    if view.unkept:
        yield f"Window    a rehearsal does not wait for {view.unkept}"
    if view.warmup:
        yield f"Warm-up   {_days(view.warmup)}"
    if view.undecided:
        who = f"the local time of {counted(view.undecided, 'reader')} has passed"
        yield paint(f"! {who}: send wants --passed now or --passed next-day", "red")


def warmth(relays: Sequence[RelayWarmth]) -> Iterator[str]:
    """How far each relay's warm-up is."""
    if not relays:
        takes = "a relay, and start and curve under [warmup] in newsletter.toml"
        yield f"no relay is warmed up: that takes {takes}"
    for relay in relays:
        begun = f"day {relay.day} of {relay.days}" if relay.day > 0 else "not begun"
        over = "over: no such limit any more"
        today = f"{number(relay.tried)} of {number(relay.today.messages or 0)} today"
        yield f"{relay.relay}   {over if relay.today.messages is None else f'{begun}, {today}'}"
        if relay.today.messages is not None:
            yield f"  then {_days(relay.coming)}"


def approved(done: Approved) -> Iterator[str]:
    """A word on an issue's content."""
    word = done.word
    said = "approved" if word.approved else "not approved"
    yield f'{word.slug}, "{done.subject}", content {word.content_digest[:12]}: {said}'
    yield f"  tested: {done.tested}"
    if word.approved:
        yield "  a series may send it; its next edit takes this word back"


def warmup_set(done: WarmupSet) -> Iterator[str]:
    """What stands in the settings now."""
    curve = ", ".join(map(str, done.curve))
    yield f"newsletter.toml: [{done.table}] start = {done.start}, curve = [{curve}]"
    yield from warmth(done.relays)


def series_begun(begun: Begun) -> Iterator[str]:
    """A series that was recorded."""
    series = begun.series
    yield f"series {series.name} recorded: {series.rule}; next {begun.first}"
    yield "each time it sends the newest issue that is approved, and none of them twice"
    yield from _would(begun.would_send, begun.why_not)
    yield "it is sent by a worker, or by run-due from cron, and by nothing else"


def series_lines(lines: Sequence[SeriesLine]) -> Iterator[str]:
    """Every series: its rule, what comes next, what became of the last ones."""
    for line in lines:
        following = f"next {line.next_due}" if line.next_due else "it has no next time"
        lists = ", ".join(line.lists) or "all lists"
        agreed = counted(line.agreed, "recipient")
        yield f"series {line.name}  {line.rule}   {following}   {lists}, {agreed} when agreed to"
        yield from (f"  {words}" for words in _would(line.would_send, line.why_not))
        yield from (f"  {each.date}  {each.words}{_campaign(each.campaign)}" for each in line.past)


def series_moved(line: SeriesLine) -> Iterator[str]:
    """A series with another rule."""
    yield f"series {line.name}: {line.rule} from now on; next {line.next_due}"


def series_ended(series: Series) -> Iterator[str]:
    """A series that goes on no more."""
    yield f"series {series.name} has ended ({series.rule}); the campaigns that it made stay"


def _would(issue: str, why_not: str) -> Iterator[str]:
    if issue:
        newer = f"; {why_not}" if why_not else ""
        yield f"now it would send {issue}{newer}"
    else:
        yield f"now it would send nothing: {why_not}"


def _campaign(number: int | None) -> str:
    return f" (campaign {number})" if number else ""


def _days(days: Sequence[Day]) -> str:
    """Each day and its messages; many in the middle are counted."""
    words = [
        f"{day.date:%a %Y-%m-%d} {'no limit' if day.messages is None else number(day.messages)}"
        for day in days
    ]
    if len(words) > _MOST_DAYS + 1:  # a line about a single one would be no shorter
        words[_MOST_DAYS - 1 : -1] = [f"… {len(words) - _MOST_DAYS} more days …"]
    return " · ".join(words)


def _wall(due: Due) -> str:
    """As it is said, without the zone and the instant."""
    wall = dt.datetime.fromisoformat(due.wall_time)
    return f"{wall:%a %Y-%m-%d %H:%M}"


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
