"""The plan: exactly who would get what, computed and shown before anything is recorded."""

from dataclasses import dataclass

from newsletter.app.compose import (
    compose_issue,
    language_of,
    unsubscribe_address,
)
from newsletter.app.open import STAGING, App
from newsletter.app.people import Readers, people_problems, read_lists, read_people, staged
from newsletter.app.plan_view import PlanView, view_of
from newsletter.audience.model import Arithmetic, Person
from newsletter.campaign import Plan, Terms, plan_campaign
from newsletter.edition.model import Variant
from newsletter.edition.variants import variant_for
from newsletter.errors import InputError, IssueError, UsageError
from newsletter.issue.model import Issue
from newsletter.ledger.ledger import Ledger
from newsletter.values import Rate


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What the officer asked for: an issue and whom; empty lists mean all of them."""

    issue: str
    lists: tuple[str, ...] = ()
    segment: str | None = None
    exclude: tuple[str, ...] = ()
    rate: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan itself, and how it is shown."""

    plan: Plan
    view: PlanView


def make_plan(app: App, request: PlanRequest, ledger: Ledger | None) -> Planned:
    """Compute a plan. Pure but for reading files and the ledger; records nothing.

    Raises ``UsageError`` for names that are not there or an empty audience, ``InputError`` for
    faulty files.
    """
    issue = _read_issue(app, request.issue)
    suppressed = ledger.suppression_reasons() if ledger else {}
    readers = read_people(app, request.lists, request.segment, request.exclude, suppressed)
    if not readers.audience.people:
        raise UsageError(
            "nobody would receive this",
            cure=_why_nobody(readers.audience.arithmetic),
            next_command="newsletter lists",
        )
    variants = [variant_of(app, issue, readers, person) for person in readers.audience.people]
    made = compose_issue(app, issue, variants)
    audience = staged(app, readers.audience) if app.profile == STAGING else readers.audience
    terms = _terms(app, request)
    plan = plan_campaign(issue.slug, made.content_digest, audience, variants, made.pages, terms)
    return Planned(plan, view_of(app, made, plan, readers, ledger))


def _read_issue(app: App, name: str) -> Issue:
    """Read the issue; where it is faulty, the lists' and segments' faults come with its own."""
    try:
        return app.load_issue(name)
    except InputError as error:
        raise IssueError([*error.problems, *people_problems(app, read_lists(app))]) from error


def variant_of(app: App, issue: Issue, readers: Readers, person: Person) -> Variant:
    """The page that a person sees; ``UsageError`` when it would be empty."""
    matched = {
        name
        for name in set(issue.section_audiences.values())
        if name in readers.segments and readers.segments[name].matches(person)
    }
    variant = variant_for(issue, language_of(person.fields, app.default_language), matched)
    if not variant.sections:
        raise UsageError(
            f"{person.address} would get a page without any section",
            cure="let one section have no audience, or send to a segment that sees one",
            next_command=f"newsletter issue show {issue.slug}",
        )
    return variant


def _terms(app: App, request: PlanRequest) -> Terms:
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
        on_doubt=app.settings.on_doubt,
    )


def _why_nobody(sums: Arithmetic) -> str:
    if not sums.on_lists:
        return "the lists hold no readers"
    gone = sum(sums.suppressed.values())
    if gone:
        return f"{gone} of {sums.on_lists} are suppressed, the others excluded"
    return "no reader of these lists is in the segment"
