"""The plan: exactly who would get what, computed and shown before anything is recorded."""

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import chain
from typing import Literal

from newsletter.app.compose import (
    compose_issue,
    language_of,
    unsubscribe_address,
)
from newsletter.app.days_off import sending_times
from newsletter.app.open import STAGING, App
from newsletter.app.people import Readers, people_problems, read_lists, read_people, staged_address
from newsletter.app.plan_view import PlanView, view_of
from newsletter.app.rehearsal import Missing
from newsletter.app.said import said_by_readers
from newsletter.app.starting import Asked, Start, start_of
from newsletter.audience.model import Arithmetic, Person
from newsletter.audience.said import NOTHING_SAID
from newsletter.audience.select import Suppressed
from newsletter.campaign import Plan, Terms, plan_campaign
from newsletter.edition.model import Variant
from newsletter.edition.variants import variant_for
from newsletter.errors import InputError, IssueError, NobodyToMail, UsageError
from newsletter.issue.model import Issue
from newsletter.ledger.ledger import Ledger
from newsletter.local_time import Passed
from newsletter.recipients import Recipients
from newsletter.sending_times import SendingTimes
from newsletter.values import IssueSlug, Rate, seconds_of

ANY_TIME = "any"
NEVER = "none"
HAD_IT = "had it"
"""Why a reader is left out where only fresh ones count."""
_MOST_PAGES = 10_000  # ways to one that are remembered


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What the officer asked for: an issue and whom; empty lists mean all of them."""

    issue: str
    lists: tuple[str, ...] = ()
    segment: str | None = None
    exclude: tuple[str, ...] = ()
    rate: str | None = None
    on_doubt: Literal["hold", "resend"] | None = None
    """What becomes of doubt in this campaign; None means as the settings say."""
    canary: int = 0
    """So many first; 0 for all at once."""
    canary_wait: str | None = None
    window: str | None = None
    """When messages may be sent; None means as the settings say, ``any`` at any time."""
    missing: Missing = "error"
    """Whether a field that a reader lacks stops a send where a slot has no default."""
    quiet: str | None = None
    """When none is sent; None means as the settings say, ``none`` lifts it."""
    at: str | None = None
    """When it is to be sent; None means now."""
    local_time: bool = False
    """Whether that is on each reader's own clocks."""
    passed: Passed | None = None
    """What becomes of readers whose local time is over."""
    every: str | None = None
    """A rule by which it is sent again and again; None means once."""
    fresh: bool = False
    """Whether only readers count who did not have the issue, and do not wait for it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan itself, and how it is shown."""

    plan: Plan
    view: PlanView
    newest: int
    """The number of the issue's newest campaign that it knows of; 0 if there was none."""
    start: Start


def make_plan(app: App, request: PlanRequest, ledger: Ledger | None) -> Planned:
    """Compute a plan. Pure but for reading files and the ledger; records nothing.

    Raises ``UsageError`` for names that are not there or an empty audience, ``InputError`` for
    faulty files.
    """
    issue = _read_issue(app, request.issue)
    latest = ledger.latest_campaign(issue.slug) if ledger else None
    if ledger:
        ledger.retention.refuse_again(issue.slug, app.profile)
    suppressed = _suppressed(ledger, issue.slug, fresh=request.fresh) if ledger else None
    said = said_by_readers(app, ledger) if ledger else NOTHING_SAID
    readers = read_people(app, request.lists, request.segment, request.exclude, suppressed, said)
    choose = Chooser(app, issue, readers)
    box = partial(staged_address, app) if app.profile == STAGING else None
    recipients = Recipients(readers.audience.crowds(), choose, choose.reads, box)
    if not len(recipients):
        raise NobodyToMail(
            "nobody would receive this",
            cure=_why_nobody(readers.audience.arithmetic),
            next_command="newsletter lists",
        )
    made = compose_issue(app, issue, recipients.variants)
    sums, times = readers.audience.sums, _times(app, request)
    kept = SendingTimes() if app.profile == STAGING else times
    terms = _terms(app, request, kept)
    asked = Asked(request.at, request.passed, request.local_time, request.every)
    start = start_of(app, asked, recipients.zones)
    plan = plan_campaign(issue.slug, made.content_digest, sums, recipients, made.pages, terms)
    plan = replace(plan, instants={part.cell: part.at for part in start.parts})
    view = view_of(app, made, plan, start, recipients, readers, ledger, request.missing)
    view = replace(view, unkept="" if kept is times else str(times))
    return Planned(plan, view, latest.id if latest else 0, start)


def _suppressed(ledger: Ledger, slug: IssueSlug, *, fresh: bool) -> Suppressed:
    """Who is not mailed; with ``fresh`` whoever had the issue, too, or is about to."""
    addressed = ledger.addressed(slug) if fresh else ()
    return Suppressed(chain(ledger.suppression_reasons(), ((key, HAD_IT) for key in addressed)))


def _read_issue(app: App, name: str) -> Issue:
    """Read the issue; where it is faulty, the lists' and segments' faults come with its own."""
    try:
        return app.load_issue(name)
    except InputError as error:
        raise IssueError([*error.problems, *people_problems(app, read_lists(app))]) from error


class Chooser:
    """Chooses the page that a person sees; ``UsageError`` when it would be empty."""

    def __init__(self, app: App, issue: Issue, readers: Readers) -> None:
        self._issue = issue
        self._default = app.default_language
        names = sorted(set(issue.section_audiences.values()))
        segments = [readers.segments[name] for name in names if name in readers.segments]
        self._tests = [(each.name, each.expression.test) for each in segments]
        self.reads = frozenset({"language"}.union(*(each.reads for each in segments)))
        """What the page hangs on."""
        self._choose = lru_cache(maxsize=_MOST_PAGES)(self._variant)

    def __call__(self, person: Person) -> Variant:
        """The variant of a person."""
        matched = [name for name, holds in self._tests if holds(person)]
        variant = self._choose(language_of(person.fields, self._default), *matched)
        if not variant.sections:
            raise UsageError(
                f"{person.address} would get a page without any section",
                cure="let one section have no audience, or send to a segment that sees one",
                next_command=f"newsletter issue show {self._issue.slug}",
            )
        return variant

    def _variant(self, language: str, *matched: str) -> Variant:
        return variant_for(self._issue, language, frozenset(matched))


def _terms(app: App, request: PlanRequest, times: SendingTimes) -> Terms:
    try:
        rate = Rate.parse(request.rate) if request.rate else app.settings.rate
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Terms(
        rate=rate,
        connections=app.settings.connections,
        profile=app.profile,
        envelope_sender=app.settings.sender.address,
        unsubscribe_base=app.settings.site.url,
        unsubscribe_mailto=unsubscribe_address(app),
        on_doubt=request.on_doubt or app.settings.on_doubt,
        retry_schedule=tuple(seconds_of(wait) for wait in app.settings.retry_schedule),
        give_up_after=seconds_of(app.settings.give_up_after),
        canary=request.canary,
        canary_wait=_canary_wait(request),
        pause_refused=app.settings.pause.refused,
        pause_deferred=app.settings.pause.deferred,
        pause_after=app.settings.pause.after,
        window=str(times.window or ""),
        holidays=app.settings.schedule.holidays if times.window else "",
        quiet=str(times.quiet or ""),
        bounce_address=app.settings.sender.bounce_address or "",
        local_time=request.local_time,
        passed=str(request.passed or ""),
        tracking=app.settings.tracking.mode,
        opens=app.settings.tracking.opens and app.settings.tracking.mode != "none",
    )


def _times(app: App, request: PlanRequest) -> SendingTimes:
    """Window and quiet hours with their zones; ``UsageError`` where nothing could ever leave.

    A rehearsal keeps to neither, but what cannot be read, or is not kept, is told there, too.
    """
    when = app.settings.schedule
    window = _chosen("--window", request.window, when.window, ANY_TIME)
    quiet = _chosen("--quiet", request.quiet, when.quiet, NEVER)
    if when.holidays and not window and request.window is None:
        raise UsageError(
            f"schedule.holidays names {when.holidays}, whose holidays a window leaves out, and "
            "there is none",
            cure=f'add window = "Mon-Fri 08:00-18:00" under [schedule], or say --window {ANY_TIME} '
            "to send on any day",
        )
    times = sending_times(window, when.holidays, quiet, when.zone)
    try:
        times.next_open(app.clock())
    except ValueError as error:
        raise UsageError(str(error), cure="leave some time between the quiet hours") from error
    return times


def _chosen(option: str, said: str | None, otherwise: str, lifts: str) -> str:
    """What counts: an option, else the settings. An empty one may be a slip: it lifts nothing."""
    if said is not None and not said.strip():
        cure = f"leave it out to keep the settings', or say {option} {lifts}"
        raise UsageError(f"{option} is empty", cure=cure)
    found = otherwise if said is None else said
    return "" if found.strip().lower() == lifts else found


def _canary_wait(request: PlanRequest) -> int:
    """Seconds; ``UsageError`` for a time that cannot be read, or without a canary."""
    if request.canary_wait is None:
        return 0
    if not request.canary:
        raise UsageError("--canary-wait says how long a canary is waited for; add --canary N")
    try:
        return seconds_of(request.canary_wait)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _why_nobody(sums: Arithmetic) -> str:
    if not sums.on_lists:
        return "the lists hold no readers"
    if sums.suppressed.get(HAD_IT):
        return "all of its readers had it already, or are suppressed"
    gone = sum(sums.suppressed.values()) + sum(sums.gone.values())
    if gone:
        return f"{gone} of {sums.on_lists} are suppressed or left, the others excluded"
    return "no reader of these lists is in the segment"
