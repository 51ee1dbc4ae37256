"""Series as an officer says them: begun, shown, moved, ended."""

import re
from dataclasses import dataclass

from newsletter.app.agreeing import refuse_unfit
from newsletter.app.agreement import Agreement, agree_to_number
from newsletter.app.approving import Ready, newest_ready, note_agreed
from newsletter.app.issues import list_issues
from newsletter.app.kept_request import request_from, request_to_json
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.occurring import fitting_to, why_nothing
from newsletter.app.open import App
from newsletter.app.plan import Planned, PlanRequest
from newsletter.app.steering import Ask, scheduled
from newsletter.errors import NewsletterError, UsageError
from newsletter.ledger.approvals import Approval
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.series import Judged, Series, SeriesId
from newsletter.recurrence import parse_every
from newsletter.schedule import Due
from newsletter.values import IssueSlug

_NAME = re.compile(r"[sS]([1-9][0-9]{0,8})")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Begun:
    """A series that was recorded, and what its first occurrence would send."""

    series: Series
    first: Due
    would_send: str
    """The issue that is ready; nothing where none is."""
    why_not: str


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """One series in the list. ``next_due`` is None once it has ended."""

    name: str
    rule: str
    lists: tuple[str, ...]
    """Those that were named; none: all."""
    agreed: int
    next_due: Due | None
    would_send: str
    """The issue that would be sent now; nothing where none would be."""
    why_not: str
    """Why none would, or why not a newer one."""
    past: tuple[Judged, ...]
    """What became of its last occurrences, the latest first."""


def series_number(which: str | None) -> SeriesId | None:
    """The number of a series that is named, as in ``s1``; None for what is no such name."""
    found = _NAME.fullmatch(which or "")
    return SeriesId(int(found[1])) if found else None


def issue_to_plan(app: App, named: str | None) -> str:
    """The issue that shows a series: the one that is named, or ready, or the newest."""
    if named is not None:
        return named
    ready = newest_ready(app, _words(app)).slug
    lines = [line.slug for line in list_issues(app) if not line.problems]
    if ready is None and not lines:
        raise UsageError("there is no issue yet", next_command="newsletter issue new 2026-12-first")
    return ready or lines[0]


def begin(
    app: App,
    request: PlanRequest,
    planned: Planned,
    agreed: Agreement,
    ask: Ask | None,
    command: str,
    *,
    approves: bool,
) -> Begun:
    """Record a series once its number of recipients was agreed to.

    With ``approves`` the officer named the issue: to agree to its plan is to approve it.
    """
    if approves:
        refuse_unfit(planned)
    count = planned.view.recipients
    agree_to_number(
        count,
        agreed,
        ask,
        prompt=f"Type the number of recipients that the series has now ({count}): ",
        changed=f"the series has {count} recipients now",
        command=command,
    )
    rule = parse_every(request.every or "", default_zone=app.settings.schedule.zone)
    now, kept = app.clock(), request_to_json(request)
    with open_ledger(app) as ledger:
        series = ledger.series.begin(rule, now, profile=app.profile, request=kept, agreed=count)
        if approves:
            note_agreed(ledger, planned.plan.slug, planned.plan.content_digest, now)
        line = _line(app, ledger, series)
    return Begun(series, rule.next(now, 1)[0].due, line.would_send, line.why_not)


def all_series(app: App) -> tuple[SeriesLine, ...]:
    """Every series that goes on, and what becomes of it."""
    if not has_ledger(app):
        return ()
    with open_ledger(app) as ledger:
        return tuple(_line(app, ledger, each) for each in ledger.series.open())


def refuse_unnamed(app: App) -> None:
    """Raise ``UsageError`` where only series are scheduled: one of them is to be named."""
    if scheduled(app):
        return
    if lines := all_series(app):
        names = ", ".join(line.name for line in lines)
        message = f"no campaign is scheduled, but series are: {names}"
        raise UsageError(message, next_command=f"newsletter schedule cancel {lines[0].name}")


def move_series(app: App, number: SeriesId, every: str) -> SeriesLine:
    """Give a series another rule; what it has sent on a day it does not send again that day."""
    rule = parse_every(every, default_zone=app.settings.schedule.zone)
    with open_ledger(app, create=False) as ledger:
        return _line(app, ledger, ledger.series.move(number, rule, app.clock()))


def end_series(app: App, number: SeriesId) -> Series:
    """Let no further occurrence be sent; the campaigns that there are stay."""
    with open_ledger(app, create=False) as ledger:
        return ledger.series.end(number)


def _line(app: App, ledger: Ledger, series: Series) -> SeriesLine:
    following = ledger.series.next(series, app.clock()) if series.is_open else None
    fitting = fitting_to(app, series)
    ready = newest_ready(fitting, ledger.approvals.latest())
    why_not = _why_not(ledger, series, ready)
    return SeriesLine(
        name=series.name,
        rule=str(series.rule),
        lists=request_from(series.request, "").lists,
        agreed=series.agreed,
        next_due=following.due if following else None,
        would_send="" if why_not else str(ready.slug),
        why_not=why_not or ready.why_not,
        past=ledger.series.judged(series.id)[:_SHOWN],
    )


def _why_not(ledger: Ledger, series: Series, ready: Ready) -> str:
    try:
        return why_nothing(ledger, series, ready)
    except NewsletterError as error:
        return error.message


def _words(app: App) -> dict[IssueSlug, Approval]:
    if not has_ledger(app):
        return {}
    with open_ledger(app) as ledger:
        return ledger.approvals.latest()
