"""The worker: what is due is run, what was missed is said, and nothing is sent by surprise."""

import asyncio
import contextlib
import datetime as dt
import signal
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.app.crew import at_work, run_shared
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App, open_app
from newsletter.app.sending import OnProgress, run_here, stopping
from newsletter.app.steering import close_cancelled
from newsletter.app.together import is_shared
from newsletter.errors import Incomplete, LedgerLocked, NewsletterError, RelayUnavailable, TryLater
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Progress
from newsletter.schedule import Verdict, verdict

Say = Callable[[str], None]
STEERED = frozenset({CampaignState.CANCELLED, CampaignState.PAUSED, CampaignState.FINISHED})
"""What a campaign that was due may be by the time it is taken; there is nothing to run then."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at what is due: what was run, and what was missed."""

    ran: tuple[Progress, ...] = ()
    missed: tuple[Campaign, ...] = ()
    later: str = ""
    """Why a run could not be made now, when it could not."""

    @property
    def trouble(self) -> NewsletterError | None:
        """What cron should hear of, or None."""
        if self.later:
            return TryLater(self.later, next_command="newsletter run-due")
        if self.missed:
            return Incomplete(
                f"campaign {self.missed[0].id} missed its time and was not sent",
                cure="give it a new time, or cancel it",
                next_command="newsletter schedule list",
            )
        short = [progress for progress in self.ran if progress.incomplete]
        if short:
            return Incomplete(
                f"campaign {short[0].campaign.id} is incomplete",
                next_command=f"newsletter status {short[0].campaign.id}",
            )
        return None

    @property
    def exit_code(self) -> int:
        """0 when all that was due was sent to everybody."""
        return self.trouble.exit_code if self.trouble else 0

    def complain(self) -> None:
        """Raise what cron should hear of."""
        if self.trouble:
            raise self.trouble


def run_due_once(app: App, on_progress: OnProgress) -> Pass:
    """Run what is due now, once; Ctrl-C or SIGTERM pauses a run that is going on cleanly."""
    if not has_ledger(app):
        return Pass()
    with open_ledger(app) as ledger:
        return asyncio.run(_once(app, ledger, on_progress))


def work(app: App, on_progress: OnProgress, say: Say, *, every: float) -> None:
    """Look again and again until SIGTERM or Ctrl-C; a run that is going on is paused cleanly."""
    with open_ledger(app) as ledger:
        asyncio.run(_work(app, ledger, on_progress, say, every))


async def _once(app: App, ledger: Ledger, on_progress: OnProgress) -> Pass:
    async with stopping() as stop:
        return await _one_pass(app, ledger, on_progress, stop, print_nothing)


async def _work(app: App, ledger: Ledger, on_progress: OnProgress, say: Say, every: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    say("working; Ctrl-C stops")
    told = ""
    async with at_work(app, ledger, stop, say):
        while not stop.is_set():
            done = await _one_pass(app, ledger, on_progress, stop, say)
            if done.later and done.later != told:
                say(f"later: {done.later}")
            told = done.later
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every)
    say("stopped")


async def _one_pass(
    app: App, ledger: Ledger, on_progress: OnProgress, stop: asyncio.Event, say: Say
) -> Pass:
    now = app.clock()
    grace = dt.timedelta(seconds=app.settings.schedule.max_late)
    ran, missed, later = [], [], ""
    for campaign in ledger.due(now):
        if stop.is_set():
            break
        try:
            if campaign.state is CampaignState.CANCELLED:
                ran.append(_close(ledger, campaign.id, now, say))
                continue
            if _is_missed(campaign, now, grace):
                missed.append(ledger.mark_missed(campaign.id, now))
                say(f"campaign {campaign.id} missed its time ({campaign.due}) and was not sent")
                continue
            ran.append(await _run(app, ledger, campaign.id, on_progress, stop, say))
        except (LedgerLocked, RelayUnavailable, TryLater) as error:
            later = error.message
        except NewsletterError as error:
            was, state = campaign.state, ledger.campaign(campaign.id).state
            if state in STEERED and state is not was:  # meanwhile, by an officer
                continue
            say(f"campaign {campaign.id}: {error.message}")
            later = error.message
    return Pass(tuple(ran), tuple(missed), later)


def _close(ledger: Ledger, number: CampaignId, now: dt.datetime, say: Say) -> Progress:
    """A campaign that was cancelled while its run was killed: judge who was in hand."""
    say(f"campaign {number} is cancelled; {close_cancelled(ledger, number, now).judgement}")
    return ledger.progress(number)


def _is_missed(campaign: Campaign, now: dt.datetime, grace: dt.timedelta) -> bool:
    if campaign.state is not CampaignState.SCHEDULED or campaign.due is None:
        return False
    return verdict(campaign.due, now, grace) is Verdict.MISSED


async def _run(
    app: App,
    ledger: Ledger,
    number: CampaignId,
    on_progress: OnProgress,
    stop: asyncio.Event,
    say: Say,
) -> Progress:
    campaign = ledger.campaign(number)
    say(f"campaign {number}: {campaign.slug} to {campaign.recipients} recipients")
    if is_shared(app):
        return await run_shared(app, ledger, number, on_progress, stop)
    fitting = app
    if campaign.terms.profile != app.profile:
        fitting = open_app(app.root, profile=campaign.terms.profile, clock=app.clock)
    await run_here(fitting, ledger, number, on_progress, stop)
    progress = ledger.progress(number)
    say(f"campaign {number}: {progress.campaign.state}, {progress.accepted} accepted")
    return progress


def print_nothing(_: str) -> None:
    """For a pass that nobody watches."""
