"""Sending: from an agreed plan to a run, and the words that steer a campaign."""

import asyncio
import contextlib
import datetime as dt
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.plan import Planned, PlanRequest, make_plan
from newsletter.app.relay import relay_ready, smtp_options, uses_staging_inbox
from newsletter.campaign import Plan
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import Snapshot
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import ApprovalMissing, ChecksFailed, PlanChanged, UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Progress
from newsletter.lint.rule import Severity
from newsletter.schedule import Due, check_future, parse_when
from newsletter.transport.base import Transport
from newsletter.transport.eml import EmlTransport
from newsletter.transport.smtp import SmtpTransport, probe, refuse_larger
from newsletter.unsubscribe import Purpose, TokenKeys, mint
from newsletter.values import Rate

OnProgress = Callable[[Snapshot], None]
Ask = Callable[[str], str]

OPEN_STATES = frozenset(
    {
        CampaignState.SCHEDULED,
        CampaignState.READY,
        CampaignState.RUNNING,
        CampaignState.WAITING,
        CampaignState.PAUSED,
        CampaignState.STOPPED,
        CampaignState.MISSED,
    }
)
RESUMABLE = frozenset(
    {
        CampaignState.READY,
        CampaignState.RUNNING,
        CampaignState.WAITING,
        CampaignState.PAUSED,
        CampaignState.STOPPED,
    }
)
TIMED = frozenset({CampaignState.SCHEDULED, CampaignState.MISSED})


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the officer agreed to: a count by option, or `--yes`; otherwise it is asked for."""

    recipients: int | None = None
    yes: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run wrote: one .eml a recipient, the bytes that would be sent."""

    would_send: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A campaign that was taken back, and how many were spared by it."""

    campaign: Campaign
    spared: int


def plan_only(app: App, request: PlanRequest) -> Planned:
    """The plan, beside what the ledger knows; an empty ledger is not made for it."""
    if not has_ledger(app):
        return make_plan(app, request, None)
    with open_ledger(app) as ledger:
        return make_plan(app, request, ledger)


# Agreeing


def agree(planned: Planned, agreed: Agreement, ask: Ask | None, command: str) -> None:
    """Let the officer agree to the plan, or raise what stands in the way.

    ``ask`` is None where nobody can type; ``command`` is what a script would run to agree.
    """
    view = planned.view
    errors = [finding for finding in view.findings if finding.severity is Severity.ERROR]
    if errors:
        raise ChecksFailed(
            f"not fit to send: {errors[0].message}"
            + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""),
            cure="nothing was recorded or sent",
            next_command=f"newsletter check {view.issue}",
        )
    if agreed.recipients is not None and agreed.recipients != view.recipients:
        raise PlanChanged(
            f"agreed to {agreed.recipients} recipients, the plan has {view.recipients}",
            cure="look at the plan again; nothing was recorded or sent",
            next_command=f"newsletter plan {view.issue}",
        )
    if view.red and not agreed.again and (ask is None or agreed.yes or agreed.recipients):
        raise ApprovalMissing(
            view.red[0],
            cure="to mail them again all the same, add --again; nothing was recorded or sent",
            next_command=f"{command} --again",
        )
    if agreed.yes or agreed.recipients is not None:
        return
    _ask_count(view.recipients, ask, command)


def _ask_count(recipients: int, ask: Ask | None, command: str) -> None:
    if ask is None:
        raise ApprovalMissing(
            f"nobody agreed to {recipients} recipients",
            cure="type the number in a terminal, or name it; nothing was recorded or sent",
            next_command=command,
        )
    typed = ask(f"Type the number of recipients to send ({recipients}): ")
    if typed.strip().replace("\u202f", "").replace(" ", "") != str(recipients):
        raise ApprovalMissing(
            f"{typed.strip() or 'nothing'} was typed, not {recipients}",
            cure="nothing was recorded or sent",
            next_command=command,
        )


def due_at(app: App, at: str | None) -> Due | None:
    """The instant of `--at`; refuses what is past, ambiguous or does not exist."""
    if at is None:
        return None
    due = parse_when(at, default_zone=app.settings.schedule.zone)
    check_future(due, app.clock())
    return due


# Recording


def record(app: App, planned: Planned, due: Due | None) -> CampaignId:
    """Record a plan that was agreed to; before an immediate send the relay is tried.

    Raises ``UsageError`` while another campaign of the issue is unfinished, and ``RelayError``
    when the relay cannot be used; then nothing is recorded.
    """
    if has_ledger(app):
        with open_ledger(app) as ledger:
            _refuse_second(ledger, planned.plan)
    if due is None:
        asyncio.run(_try_relay(app, planned.plan))
    with open_ledger(app) as ledger:
        _refuse_second(ledger, planned.plan)
        return ledger.record(planned.plan, due=due, now=app.clock())


def _refuse_second(ledger: Ledger, plan: Plan) -> None:
    for campaign in ledger.campaigns():
        same = campaign.slug == plan.slug and campaign.terms.profile == plan.terms.profile
        if same and campaign.state in OPEN_STATES:
            timed = campaign.state in TIMED
            raise UsageError(
                f"campaign {campaign.id} of {plan.slug} is {campaign.state}",
                cure="carry it on or cancel it first; nothing was recorded or sent",
                next_command="newsletter schedule list"
                if timed
                else f"newsletter resume {campaign.id}",
            )


async def _try_relay(app: App, plan: Plan) -> None:
    if uses_staging_inbox(app):
        return
    facts = await probe(smtp_options(app))
    refuse_larger(facts, max(variant.compiled.size for variant in plan.variants))


# Running


def run(app: App, number: CampaignId, on_progress: OnProgress) -> Progress:
    """Send a campaign until nothing is left to do now; Ctrl-C or SIGTERM pauses it cleanly."""
    with open_ledger(app) as ledger:
        asyncio.run(run_here(app, ledger, number, on_progress))
        return ledger.progress(number)


async def run_here(
    app: App,
    ledger: Ledger,
    number: CampaignId,
    on_progress: OnProgress,
    stop: asyncio.Event | None = None,
) -> None:
    """The same inside a loop that runs already, over the app's relay."""
    async with relay_ready(app), _stopping(stop) as halt:
        transport = SmtpTransport(smtp_options(app))
        await _run(app, ledger, number, transport, on_progress, halt)


async def _run(
    app: App,
    ledger: Ledger,
    number: CampaignId,
    transport: Transport,
    on_progress: OnProgress,
    stop: asyncio.Event,
) -> None:
    keys = token_keys(app)

    def token(campaign: int, seq: int, purpose: str) -> str:
        return mint(keys, campaign, seq, Purpose(purpose))

    await run_campaign(
        ledger,
        number,
        transport,
        mint=token,
        on_progress=on_progress,
        stop=stop,
    )


def token_keys(app: App) -> TokenKeys:
    """The keys of this newsletter's unsubscribe links."""
    return TokenKeys.of(app.settings.sender.list_id, app.secret().decode())


@contextlib.asynccontextmanager
async def _stopping(given: asyncio.Event | None) -> AsyncIterator[asyncio.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second one ends the program."""
    if given is not None:
        yield given
        return
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def halt() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halt)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def dry_run(app: App, planned: Planned, output: Path | None) -> DryRun:
    """Write every message as it would be sent: the same path, a ledger of its own, no relay."""
    folder = (output or app.root / "build" / planned.plan.slug / "dry-run").absolute()
    terms = replace(planned.plan.terms, rate=Rate(1_000_000, 1), connections=1)
    with (
        tempfile.TemporaryDirectory() as place,
        Ledger.open(Path(place) / "dry-run.db") as ledger,
    ):
        number = ledger.record(replace(planned.plan, terms=terms), due=None, now=app.clock())
        transport = EmlTransport(folder)
        asyncio.run(_run(app, ledger, number, transport, lambda _: None, asyncio.Event()))
    return DryRun(len(planned.plan.recipients), folder)


# Steering


def find_campaign(ledger: Ledger, which: str | None, states: Sequence[CampaignState]) -> Campaign:
    """A campaign by number or by its issue's name; by default the newest in one of the states.

    Raises ``UsageError`` when there is none.
    """
    campaigns = ledger.campaigns()
    if which and which.isdigit():
        return ledger.campaign(CampaignId(int(which)))
    named = [c for c in campaigns if not which or c.slug == which or c.slug.startswith(which)]
    fitting = [c for c in named if c.state in states]
    if fitting or named:
        return (fitting or named)[-1]
    raise UsageError(
        f"no campaign of {which!r} was recorded" if which else "no campaign was recorded yet",
        cure="the issues that were sent are listed by status" if campaigns else "",
        next_command="newsletter status" if campaigns else "newsletter issue list",
    )


def to_resume(app: App, which: str | None) -> tuple[CampaignId, int]:
    """The campaign to carry on, made ready, and how many recipients it has."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(RESUMABLE))
        ready = ledger.resume(campaign.id, app.clock())
        return ready.id, ready.recipients


def to_retry(
    app: App, which: str | None, *, failed: bool, deferred: bool
) -> tuple[CampaignId, int]:
    """Queue refused or deferred deliveries again; the campaign, and how many it has."""
    if not failed and not deferred:
        raise UsageError("say whom: --failed or --deferred", next_command="newsletter retry --help")
    states = [DeliveryState.REFUSED, DeliveryState.EXPIRED] if failed else []
    states += [DeliveryState.DEFERRED] if deferred else []
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(
            ledger, which, (CampaignState.FINISHED, CampaignState.WAITING, CampaignState.PAUSED)
        )
        if not ledger.retry(campaign.id, states, app.clock()):
            raise UsageError(
                f"campaign {campaign.id} has nobody {' or '.join(states)}",
                cure="nothing was sent",
                next_command=f"newsletter status {campaign.id}",
            )
        return campaign.id, campaign.recipients


def pause(app: App, which: str | None) -> Progress:
    """Say stop, from any terminal; the run that goes on sees it within one group."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(
            ledger, which, (CampaignState.RUNNING, CampaignState.READY, CampaignState.WAITING)
        )
        ledger.pause(campaign.id, app.clock())
        return ledger.progress(campaign.id)


def cancel(app: App, which: str | None, ask: Ask | None) -> Cancelled:
    """Spare everybody who waits, for ever; ``ask`` wants the word "cancel" typed."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(OPEN_STATES))
        if ask is not None:
            waiting = ledger.progress(campaign.id).open
            typed = ask(f"Type cancel to spare the {waiting} who wait in campaign {campaign.id}: ")
            if typed.strip() != "cancel":
                raise ApprovalMissing("not cancelled", cure="nothing was changed")
        spared = ledger.cancel(campaign.id, app.clock())
        return Cancelled(ledger.campaign(campaign.id), spared)


def cancel_scheduled(app: App, which: str | None) -> Cancelled:
    """Take a campaign back that has not begun."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(TIMED))
        if campaign.state not in TIMED:
            raise UsageError(
                f"campaign {campaign.id} is {campaign.state}, not scheduled",
                next_command=f"newsletter cancel {campaign.id}",
            )
        return Cancelled(campaign, ledger.cancel(campaign.id, app.clock()))


def scheduled(app: App) -> tuple[Campaign, ...]:
    """The campaigns that wait for their time, and those that missed it."""
    if not has_ledger(app):
        return ()
    with open_ledger(app) as ledger:
        return tuple(c for c in ledger.campaigns() if c.state in TIMED)


def move(app: App, which: str | None, at: str) -> Campaign:
    """Give a campaign that has not begun another time."""
    due = parse_when(at, default_zone=app.settings.schedule.zone)
    now: dt.datetime = app.clock()
    check_future(due, now)
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(TIMED))
        return ledger.reschedule(campaign.id, due, now)
