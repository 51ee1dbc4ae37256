"""Sending: from an agreed plan to a run, and the words that steer a campaign."""

import asyncio
import contextlib
import datetime as dt
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.app import telling
from newsletter.app.days_off import times_of
from newsletter.app.loop import run_sending
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import STAGING, App, open_app
from newsletter.app.plan import Planned, PlanRequest, make_plan
from newsletter.app.relay import relay_ready, uses_staging_inbox
from newsletter.app.relays import every_smtp_options, limits_of, relays_of
from newsletter.app.signals import that_stop
from newsletter.app.status import next_step
from newsletter.app.steering import OPEN_STATES
from newsletter.app.telling import NOBODY, Witness
from newsletter.app.together import cluster_of, is_shared, take_part
from newsletter.app.tokens import token_keys
from newsletter.app.vouching import signer_of
from newsletter.campaign import Plan
from newsletter.dispatch.clock import SystemClock
from newsletter.dispatch.cluster import Cluster
from newsletter.dispatch.identity import Identity
from newsletter.dispatch.limits import Limits, Relay
from newsletter.dispatch.model import Halt, RunOptions, Share, Snapshot, stopped_by_you
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Progress
from newsletter.transport.base import Transport
from newsletter.transport.eml import EmlTransport
from newsletter.transport.smtp import probe, refuse_larger
from newsletter.unsubscribe import minter
from newsletter.values import Rate

_STAY_SECONDS = 120.0
_LOOK_EVERY = 0.5
OnProgress = Callable[[Snapshot], None]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run wrote: one .eml a recipient, the bytes that would be sent."""

    would_send: int
    folder: Path


def plan_only(app: App, request: PlanRequest) -> Planned:
    """The plan, beside what the ledger knows; an empty ledger is not made for it."""
    if not has_ledger(app):
        return make_plan(app, request, None)
    with open_ledger(app) as ledger:
        return make_plan(app, request, ledger)


# Recording


def record(app: App, planned: Planned) -> CampaignId:
    """Record a plan that was agreed to; before an immediate send the relay is tried.

    Raises ``UsageError`` while another campaign of the issue is unfinished, ``PlanChanged`` when
    one was recorded since the plan was made, and ``RelayError`` when the relay cannot be used;
    then nothing is recorded.
    """
    due = planned.start.due
    if due is None:
        asyncio.run(_try_relay(app, planned.plan))
    with open_ledger(app) as ledger:
        _refuse_second(ledger, planned.plan)
        now, shared = app.clock(), due is None and is_shared(app)
        opened = worker_of(app, ledger).open_within if shared else None
        return ledger.record(planned.plan, due=due, now=now, newest=planned.newest, opened=opened)


def refuse_second(app: App, plan: Plan) -> None:
    """Raise ``UsageError`` while another campaign of the issue is unfinished."""
    if has_ledger(app):
        with open_ledger(app) as ledger:
            _refuse_second(ledger, plan)


def _refuse_second(ledger: Ledger, plan: Plan) -> None:
    for campaign in ledger.campaigns():
        same = campaign.slug == plan.slug and campaign.terms.profile == plan.terms.profile
        if same and campaign.state in OPEN_STATES:
            raise UsageError(
                f"campaign {campaign.id} of {plan.slug} is {campaign.state}",
                cure="carry it on or cancel it first; nothing was recorded or sent",
                next_command=next_step(ledger.progress(campaign.id)),
            )


async def _try_relay(app: App, plan: Plan) -> None:
    if uses_staging_inbox(app):
        return
    largest = max(variant.compiled.size for variant in plan.variants)
    for options in every_smtp_options(app):
        refuse_larger(await probe(options), largest)


# Running


def run(app: App, number: CampaignId, on_progress: OnProgress) -> Progress:
    """Send a campaign until nothing is left to do now; Ctrl-C or SIGTERM pauses it cleanly."""
    with open_ledger(app) as ledger:
        if is_shared(app):
            run_sending(app, _run_together(app, ledger, number, on_progress))
        else:
            run_sending(app, _run_and_stay(app, ledger, number, on_progress))
        return ledger.progress(number)


async def _run_and_stay(
    app: App, ledger: Ledger, number: CampaignId, on_progress: OnProgress
) -> None:
    """Run it, and go on by itself where it waits for no more than two minutes."""
    async with stopping() as stop:
        await run_here(app, ledger, number, on_progress, stop)
        while await _its_time_came(app, ledger, number, stop):
            await run_here(app, ledger, number, on_progress, stop)


async def _run_together(
    app: App, ledger: Ledger, number: CampaignId, on_progress: OnProgress
) -> None:
    """Be one of the workers, and go on by itself where it waits for no more than two minutes."""
    worker = worker_of(app, ledger, CampaignState.PAUSED)
    async with stopping() as stop:
        await take_part(app, worker, number, on_progress, stop)
        while await _its_time_came(app, ledger, number, stop):
            await take_part(app, worker, number, on_progress, stop)


def worker_of(
    app: App,
    ledger: Ledger,
    stopped: CampaignState = CampaignState.RUNNING,
    witness: Witness = NOBODY,
) -> Cluster:
    """One of the workers; ``stopped`` is what a signal makes of the campaign."""

    async def do_part(number: CampaignId, share: Share, stop: asyncio.Event) -> None:
        fitting = fitting_to(app, ledger.campaign(number))
        options = replace(
            options_of(fitting, ledger, number),
            share=share,
            when_stopped=lambda: Halt(stopped, "stopped by you", by_signal=True),
            wait_for_retries=dt.timedelta(),
        )
        async with relay_ready(fitting):
            done = await run_campaign(
                ledger,
                number,
                relays_of(fitting),
                mint=minter(token_keys(fitting)),
                clock=SystemClock(fitting.clock),
                on_progress=witness.on_progress,
                stop=stop,
                options=options,
            )
        if done.progress.campaign.state is not CampaignState.RUNNING:
            witness.tell(telling.ended(done.progress))

    return cluster_of(app, ledger, do_part, lambda words: witness.tell(telling.note(words)))


def fitting_to(app: App, campaign: Campaign) -> App:
    """The newsletter under the profile that a campaign was recorded for."""
    profile = campaign.terms.profile
    return app if profile == app.profile else open_app(app.root, profile=profile, clock=app.clock)


async def _its_time_came(app: App, ledger: Ledger, number: CampaignId, stop: asyncio.Event) -> bool:
    """Wait for a campaign's time; False if it is too far, or if somebody said something else."""
    while not stop.is_set():
        campaign = ledger.campaign(number)
        if campaign.state is not CampaignState.WAITING or campaign.resume_at is None:
            return False
        left = (campaign.resume_at - app.clock()).total_seconds()
        if left <= 0:
            return not ledger.someone_sends
        if left > _STAY_SECONDS:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(left, _LOOK_EVERY))
    if ledger.campaign(number).state is CampaignState.WAITING:  # a run that was stopped says so
        ledger.pause(number, app.clock(), "stopped by you")
    return False


async def run_here(
    app: App,
    ledger: Ledger,
    number: CampaignId,
    on_progress: OnProgress,
    stop: asyncio.Event | None = None,
    when_stopped: Callable[[], Halt] = stopped_by_you,
) -> None:
    """The same inside a loop that runs already, over the app's relays."""
    async with relay_ready(app), stopping(stop) as halt:
        await _run(app, ledger, number, relays_of(app), on_progress, halt, when_stopped)


async def _run(
    app: App,
    ledger: Ledger,
    number: CampaignId,
    transport: Transport | Sequence[Relay],
    on_progress: OnProgress,
    stop: asyncio.Event,
    when_stopped: Callable[[], Halt] = stopped_by_you,
) -> None:
    options = replace(options_of(app, ledger, number), when_stopped=when_stopped)
    if isinstance(transport, EmlTransport):
        options = replace(options, limits=Limits())
    await run_campaign(
        ledger,
        number,
        transport,
        mint=minter(token_keys(app)),
        clock=SystemClock(app.clock),
        on_progress=on_progress,
        stop=stop,
        options=options,
    )


def options_of(app: App, ledger: Ledger, number: CampaignId) -> RunOptions:
    """How a run of a campaign behaves, by the settings and by its terms."""
    return RunOptions(
        suppress=app.profile != STAGING,
        limits=limits_of(app),
        times=times_of(ledger.campaign(number).terms),
        identity=Identity(token_keys(app), signer_of(app)),
    )


@contextlib.asynccontextmanager
async def stopping(given: asyncio.Event | None = None) -> AsyncIterator[asyncio.Event]:
    """An event that the first signal to stop sets; the second one ends the program.

    An event that is ``given`` is set by whoever gave it.
    """
    if given is not None:
        yield given
        return
    stop, numbers = asyncio.Event(), that_stop()
    loop = asyncio.get_running_loop()

    def halt() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, halt)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def dry_run(app: App, planned: Planned, output: Path | None) -> DryRun:
    """Write every message as it would be sent: the same path, a ledger of its own, no relay."""
    folder = (output or app.root / "build" / planned.plan.slug / "dry-run").absolute()
    terms = replace(planned.plan.terms, rate=Rate(1_000_000, 1), connections=1, canary=0, window="")
    terms = replace(terms, quiet="", local_time=False)
    terms = replace(terms, pause_refused=0.0, pause_deferred=0.0)
    with (
        tempfile.TemporaryDirectory() as place,
        Ledger.open(Path(place) / "dry-run.db") as ledger,
    ):
        plan = replace(planned.plan, terms=terms, instants={})
        number = ledger.record(plan, due=None, now=app.clock())
        transport = EmlTransport(folder)
        asyncio.run(_run(app, ledger, number, transport, lambda _: None, asyncio.Event()))
    return DryRun(len(planned.plan.recipients), folder)
