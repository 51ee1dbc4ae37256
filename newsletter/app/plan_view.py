"""How a plan is shown: who, which pages, what the checks say, what was sent before."""

import datetime as dt
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.approving import approved_in_words
from newsletter.app.check import check_composition
from newsletter.app.compose import (
    Composition,
    sample_values,
    sections_label,
)
from newsletter.app.days_off import times_of
from newsletter.app.lasting import lanes_of
from newsletter.app.open import STAGING, App
from newsletter.app.people import Readers
from newsletter.app.plan_times import PartLine, done_at, opens_at, part_lines
from newsletter.app.rehearsal import Gap, Missing, rehearse
from newsletter.app.relay import relay_name
from newsletter.app.relays import limits_in_words
from newsletter.app.starting import Start
from newsletter.app.tested import TestedState, tested_state
from newsletter.app.tracking import tracking_of_plan
from newsletter.app.vouching import signed_in_words
from newsletter.app.warming import Day, days_of
from newsletter.audience.model import Arithmetic, Person
from newsletter.campaign import Page, Plan
from newsletter.edition.model import BUILT_IN_SLOTS
from newsletter.ledger.ledger import Ledger
from newsletter.lint.policy import Ignored
from newsletter.lint.rule import Finding, Severity
from newsletter.recipients import Recipients, in_both
from newsletter.schedule import Due

_Listed = tuple[str, tuple[str, ...]]
_Audience = Iterator[_Listed]


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list in the plan; joined and left since the last campaign that used it."""

    name: str
    recipients: int
    joined: int | None
    left: int | None


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """What a language's readers see in their inbox."""

    language: str
    subject: str
    preheader: str
    recipients: int


@dataclass(frozen=True, slots=True)
class VariantLine:
    """One page and how many see it."""

    language: str
    sections: str
    """``all sections``, or ``without china``."""
    recipients: int
    message_size: int


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan as it is shown; ``red`` are lines that `--yes` never skips."""

    issue: str
    content_digest: str
    audience_digest: str
    commit: str
    sender: str
    reply_to: str
    list_id: str
    signed: str
    """The domain that signs, and with which keys; or nothing."""
    subjects: tuple[SubjectLine, ...]
    lists: tuple[ListLine, ...]
    arithmetic: Arithmetic
    recipients: int
    sections: Mapping[str, int]
    variants: tuple[VariantLine, ...]
    profile: str
    relay: str
    rate: str
    limits: str
    """Every limit besides the rate, in words; or nothing."""
    canary: int
    canary_wait: int
    """Seconds after which it goes on by itself; 0: when it is resumed."""
    starts: str
    """When it is due, in words; nothing: as soon as it is recorded."""
    then: tuple[Due, ...]
    """When a series is due after that."""
    parts: tuple[PartLine, ...]
    """Readers by when they are due, the first due first, where each has her own time."""
    undecided: int
    """Readers whose local time is over, of whom nobody said what becomes of them."""
    warmup: tuple[Day, ...]
    """The days that it takes where a relay that it uses is warmed up; none elsewhere."""
    window: str
    """When messages may be sent, in words; or nothing."""
    quiet: str
    """When no message is sent, in words; or nothing."""
    opens_at: dt.datetime | None
    """When messages may leave first, if they may not when it is due."""
    done_at: dt.datetime | None
    """When the last message would leave under all limits; None if that is over a year away."""
    connections: int
    on_doubt: str
    """``hold``, or ``resend``: then whoever is in doubt may have the message twice."""
    seconds: float
    tracking: str
    """What is counted of readers, and what that means."""
    findings: tuple[Finding, ...]
    checks_passed: int
    ignored: tuple[Ignored, ...]
    tested: TestedState
    approved: str
    """What was said of it for series, in words; or nothing."""
    missing: Missing
    gaps: tuple[Gap, ...]
    """The fields that readers lack; where ``missing`` is an error, each hole is a finding."""
    reader_notes: int
    red: tuple[str, ...]
    already: int
    """How many were accepted for (or are in doubt in) another campaign of this issue."""
    unkept: str = ""
    """Which window and quiet hours a rehearsal does not wait for, in words; or nothing."""

    @property
    def unfit(self) -> tuple[Finding, ...]:
        """The findings that stop a send."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)


def view_of(
    app: App,
    made: Composition,
    plan: Plan,
    start: Start,
    recipients: Recipients,
    readers: Readers,
    ledger: Ledger | None,
    missing: Missing,
) -> PlanView:
    """The plan for the officer's eyes; reads the ledger and git, writes nothing."""
    sender = app.settings.sender
    gaps = rehearse(app, plan, recipients, readers.fields, readers.lists)
    holes = {gap.field: gap for gap in gaps if gap.empty and missing == "error"}
    checked = check_composition(
        app,
        made,
        readers.fields,
        {name: gap.empty for name, gap in holes.items()},
        {name: gap.rows for name, gap in holes.items()},
    )
    already, last = _already(ledger, plan, recipients)
    tested = tested_state(app, plan.slug, plan.content_digest)
    times = times_of(plan.terms)
    begins = start.due.instant if start.due else app.clock()
    days = days_of(app, ledger, recipients, begins, times)
    lanes = lanes_of(app, recipients, plan.terms.rate)
    return PlanView(
        issue=plan.slug,
        content_digest=plan.content_digest,
        audience_digest=plan.audience_digest,
        commit=commit_of(app.root),
        sender=f"{sender.name} <{sender.address}>",
        reply_to=sender.reply_to or sender.address,
        list_id=sender.list_id,
        signed=signed_in_words(app),
        subjects=_subjects(app, made, plan),
        lists=_list_lines(plan, recipients, ledger),
        arithmetic=plan.arithmetic,
        recipients=len(plan.recipients),
        sections={s: plan.section_readers.get(s, 0) for s in made.issue.section_ids},
        variants=tuple(
            VariantLine(
                v.variant.language,
                sections_label(made.issue, v.variant),
                v.readers,
                v.compiled.size,
            )
            for v in plan.variants
        ),
        profile=app.profile,
        relay=relay_name(app),
        rate=str(plan.terms.rate),
        limits=limits_in_words(app),
        canary=plan.terms.canary,
        canary_wait=plan.terms.canary_wait,
        starts=str(start.due or ""),
        then=start.then,
        parts=part_lines(start, times),
        undecided=start.undecided,
        warmup=days,
        window=_window(plan),
        quiet=plan.terms.quiet,
        opens_at=opens_at(times, begins),
        done_at=done_at(lanes, start, times, begins, days, app.settings.schedule.zone),
        connections=plan.terms.connections,
        on_doubt=plan.terms.on_doubt,
        seconds=max(lane.seconds for lane in lanes),
        tracking=tracking_of_plan(app, plan, recipients, ledger),
        findings=checked.findings,
        checks_passed=checked.passed,
        ignored=checked.ignored,
        tested=tested,
        approved=approved_in_words(ledger, plan.slug, plan.content_digest),
        missing=missing,
        gaps=gaps,
        reader_notes=readers.notes,
        red=_red_lines(plan, already, last),
        already=already,
    )


def _window(plan: Plan) -> str:
    terms = plan.terms
    apart = f", without the holidays of {terms.holidays}" if terms.holidays else ""
    return f"{terms.window}{apart}" if terms.window else ""


def _red_lines(plan: Plan, already: int, last: str) -> tuple[str, ...]:
    if not already or plan.terms.profile == STAGING:
        return ()
    line = f"{already} of {len(plan.recipients)} recipients were accepted for another campaign"
    return (f"{line} of this issue, the last on {last}",)


def _already(ledger: Ledger | None, plan: Plan, recipients: Recipients) -> tuple[int, str]:
    """How many recipients had this issue already, and the last day on which one had it."""
    if ledger is None:
        return 0, ""
    count, last = 0, ""
    for _, when in in_both(recipients.by_key(), ledger.accepted_elsewhere(plan.slug)):
        count += 1
        last = max(last, f"{when[1]:%Y-%m-%d}")
    return count, last


def _subjects(app: App, made: Composition, plan: Plan) -> tuple[SubjectLine, ...]:
    from newsletter.app.build import fill_text

    counts: Counter[str] = Counter()
    pages: dict[str, Page] = {}
    for planned in plan.variants:
        counts[planned.variant.language] += planned.readers
        pages.setdefault(planned.variant.language, made.pages[planned.variant])
    lines = []
    for language, page in pages.items():
        values = sample_values(app, made.issue, page)
        subject, preheader = (
            fill_text(words, page, values)
            for words in (page.edition.subject, page.edition.preheader)
        )
        lines.append(SubjectLine(language, subject, preheader, counts[language]))
    return tuple(sorted(lines, key=lambda line: -line.recipients))


def _list_lines(plan: Plan, recipients: Recipients, ledger: Ledger | None) -> tuple[ListLine, ...]:
    """Who joined and who left each list since the last campaign that was sent to it."""
    used = ledger.last_campaigns(plan.terms.profile) if ledger else {}
    last = {name: used[name] for name in plan.per_list if name in used}
    if ledger:  # whoever was pruned would seem to have joined since
        last = {name: number for name, number in last.items() if not ledger.retention.of(number)}
    before: Counter[str] = Counter()
    stayed: Counter[str] = Counter()
    for number in sorted({*last.values()}):
        names = {name for name in last if last[name] == number}
        earlier = _counted(ledger.audience(number) if ledger else (), names, before)
        for (_, now), (_, then) in in_both(recipients.by_key(), earlier):
            stayed.update(names.intersection(now).intersection(then))
    return tuple(
        ListLine(
            name,
            number,
            number - stayed[name] if name in last else None,
            before[name] - stayed[name] if name in last else None,
        )
        for name, number in plan.per_list.items()
    )


def _counted(audience: Iterable[_Listed], names: set[str], into: Counter[str]) -> _Audience:
    """An audience that goes by, and how many of it are on each of the lists."""
    for each in audience:
        into.update(names.intersection(each[1]))
        yield each


def reader_values(person: Person) -> dict[str, str]:
    """A reader's fields as slots see them."""
    return {
        **dict.fromkeys(BUILT_IN_SLOTS, ""),
        **person.fields,
        "email": person.address.text,
        "lists": ", ".join(person.lists),
    }


def commit_of(root: Path) -> str:
    """The git commit of the newsletter's files: ``4ac21d7, clean``, or nothing without git."""
    if shutil.which("git") is None:
        return ""
    commit = _git(root, "rev-parse", "--short", "HEAD")
    if not commit:
        return ""
    changed = _git(root, "status", "--porcelain", "--", "issues", "templates", "subscribers")
    return f"{commit}, {'changed since' if changed else 'clean'}"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 fixed words, no shell
        ["git", "-C", str(root), *arguments],  # noqa: S607 the officer's git
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
