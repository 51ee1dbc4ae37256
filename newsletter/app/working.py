"""The worker: what is due is run, what was missed is said, and nothing is sent by surprise."""

import asyncio
import contextlib
import datetime as dt
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from newsletter.app import telling
from newsletter.app.crew import at_work, run_shared, share_of_looking
from newsletter.app.heartbeat import Heart
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.occurring import judge_all
from newsletter.app.open import App, open_app
from newsletter.app.sending import OnProgress, run_here
from newsletter.app.signals import that_stop
from newsletter.app.steering import close_cancelled
from newsletter.app.telling import Told, Witness
from newsletter.app.together import is_shared
from newsletter.dispatch.model import Halt, Snapshot, stopped_by_you
from newsletter.errors import (
    Incomplete,
    LedgerLocked,
    LedgerUnavailable,
    NewsletterError,
    RelayUnavailable,
    TryLater,
)
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Progress
from newsletter.ledger.series import Became, Judged
from newsletter.schedule import Verdict, verdict

STEERED = frozenset({CampaignState.CANCELLED, CampaignState.PAUSED, CampaignState.FINISHED})
"""What a campaign that was due may be by the time it is taken; there is nothing to run then."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at what is due: what was run, and what was missed."""

    ran: tuple[Progress, ...] = ()
    missed: tuple[Campaign, ...] = ()
    overdue: tuple[Campaign, ...] = ()
    """Those that wait for a word, because nobody sent to some readers at their local time."""
    occurrences: tuple[Judged, ...] = ()
    """Of series: what became of those that were due."""
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
        lost = [each for each in self.occurrences if each.became is Became.MISSED]
        if lost:
            return Incomplete(
                str(lost[0]),
                cure="send its issue by hand, or leave it to the next time",
                next_command="newsletter schedule list",
            )
        if self.overdue:
            return Incomplete(
                f"campaign {self.overdue[0].id}: {self.overdue[0].reason}",
                cure="resume sends to them now, cancel spares them",
                next_command=f"newsletter status {self.overdue[0].id}",
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


class Orders:
    """What the signals say: whether to stop, and how a campaign stands then."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._by_hand = False

    def halt(self) -> Halt:
        """Ctrl-C is a person's pause; SIGTERM only ends this worker, and the next one goes on."""
        if self._by_hand:
            return stopped_by_you()
        why = "its worker was stopped; the next one carries it on"
        return Halt(CampaignState.WAITING, why, by_signal=True)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Orders"]:
        """Heed the first signal; the second one ends the program."""
        loop, signals = asyncio.get_running_loop(), that_stop()

        def heed(number: signal.Signals) -> None:
            self._by_hand = number is signal.SIGINT
            self.stop.set()
            for each in signals:
                loop.remove_signal_handler(each)

        for each in signals:
            loop.add_signal_handler(each, heed, each)
        try:
            yield self
        finally:
            for each in signals:
                loop.remove_signal_handler(each)


def run_due_once(app: App, on_progress: OnProgress) -> Pass:
    """Run what is due now, once; Ctrl-C pauses a run that is going on, SIGTERM puts it off."""
    if not has_ledger(app):
        return Pass()
    with open_ledger(app) as ledger:
        return asyncio.run(_once(app, ledger, Witness(telling.nothing, on_progress)))


def work(app: App, witnesses: Sequence[Witness], *, every: float) -> None:
    """Look again and again until SIGTERM or Ctrl-C; a run that is going on ends cleanly."""
    heart = Heart(app)
    witness = _all_of([*witnesses, _of_heart(heart)])
    with open_ledger(app) as ledger:
        asyncio.run(_work(app, ledger, witness, heart, every))


async def _once(app: App, ledger: Ledger, witness: Witness) -> Pass:
    async with Orders().listening() as orders:
        return await _one_pass(app, ledger, witness, orders)


async def _work(app: App, ledger: Ledger, witness: Witness, heart: Heart, every: float) -> None:
    async with Orders().listening() as orders, heart.beating():
        witness.tell(Told("worker begins", "working; Ctrl-C stops", {"every": every}))
        async with at_work(app, ledger, orders.stop, witness):
            await _look_again_and_again(app, ledger, witness, orders, heart, every)
        witness.tell(Told("worker ends", "stopped"))


async def _look_again_and_again(
    app: App, ledger: Ledger, witness: Witness, orders: Orders, heart: Heart, every: float
) -> None:
    told = ""
    while not orders.stop.is_set():
        later = await _look(app, ledger, witness, orders)
        if later and later != told:
            witness.tell(telling.later(later))
        told = heart.trouble = later
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(orders.stop.wait(), every * share_of_looking())


async def _look(app: App, ledger: Ledger, witness: Witness, orders: Orders) -> str:
    """One pass; why something is to be done later, if it is: a database that is away is, too."""
    try:
        done = await _one_pass(app, ledger, witness, orders)
    except LedgerUnavailable as error:
        return error.message
    return done.later


async def _one_pass(app: App, ledger: Ledger, witness: Witness, orders: Orders) -> Pass:
    grace = dt.timedelta(seconds=app.settings.schedule.max_late)
    # pages are made in a thread, or this worker's signs of life would come late
    occurred, later = await asyncio.to_thread(judge_all, app, ledger, grace, witness.tell)
    now = app.clock()
    ran, missed, overdue = [], [], []
    due = ledger.due(now)
    witness.looked(len(due))
    for campaign in due:
        if orders.stop.is_set():
            break
        try:
            if campaign.state is CampaignState.CANCELLED:
                ran.append(_close(ledger, campaign.id, now, witness))
            elif _is_missed(campaign, now, grace):
                missed.append(ledger.mark_missed(campaign.id, now))
                witness.tell(telling.missed(campaign))
            elif reason := _overdue(ledger, campaign, now, grace):
                overdue.append(ledger.pause(campaign.id, now, reason))
                witness.tell(telling.failed(campaign, reason))
            else:
                ran.append(await _run(app, ledger, campaign.id, witness, orders))
                later = _put_off(ran[-1], orders) or later
        except (LedgerLocked, RelayUnavailable, TryLater) as error:
            later = error.message
        except LedgerUnavailable:
            raise
        except NewsletterError as error:
            was, state = campaign.state, ledger.campaign(campaign.id).state
            if state in STEERED and state is not was:  # meanwhile, by an officer
                continue
            witness.tell(telling.failed(campaign, error.message))
            later = error.message
    return Pass(tuple(ran), tuple(missed), tuple(overdue), occurred, later)


def _close(ledger: Ledger, number: CampaignId, now: dt.datetime, witness: Witness) -> Progress:
    """A campaign that was cancelled while its run was killed: judge who was in hand."""
    done = close_cancelled(ledger, number, now)
    witness.tell(telling.cancelled(done.campaign, done.judgement))
    return ledger.progress(number)


def _put_off(progress: Progress, orders: Orders) -> str:
    """What is said of a run that was cut short by the end of its worker."""
    cut = orders.stop.is_set() and progress.campaign.state is CampaignState.WAITING
    return f"campaign {progress.campaign.id}: {progress.campaign.reason}" if cut else ""


def _is_missed(campaign: Campaign, now: dt.datetime, grace: dt.timedelta) -> bool:
    if campaign.state is not CampaignState.SCHEDULED or campaign.due is None:
        return False
    return verdict(campaign.due, now, grace) is Verdict.MISSED


def _overdue(ledger: Ledger, campaign: Campaign, now: dt.datetime, grace: dt.timedelta) -> str:
    """Why a campaign on readers' own clocks is to ask; nothing where nobody's time went by.

    One that waits for its window, a quota or a word is late on purpose.
    """
    waits = campaign.state is CampaignState.WAITING and campaign.resume_at is None
    if not campaign.terms.local_time or not waits:
        return ""
    turn = ledger.next_turn(campaign.id)
    if turn is None or now - turn <= grace:
        return ""
    return f"nobody could send to the readers whose local time was {turn:%Y-%m-%d %H:%M} UTC"


async def _run(
    app: App, ledger: Ledger, number: CampaignId, witness: Witness, orders: Orders
) -> Progress:
    campaign = ledger.campaign(number)
    witness.tell(telling.begun(campaign))
    if is_shared(app):
        return await run_shared(app, ledger, number, witness.on_progress, orders.stop)
    fitting = app
    if campaign.terms.profile != app.profile:
        fitting = open_app(app.root, profile=campaign.terms.profile, clock=app.clock)
    await run_here(fitting, ledger, number, witness.on_progress, orders.stop, orders.halt)
    progress = ledger.progress(number)
    witness.tell(telling.ended(progress))
    return progress


def _all_of(witnesses: Sequence[Witness]) -> Witness:
    def tell(told: Told) -> None:
        for each in witnesses:
            each.tell(told)

    def on_progress(snapshot: Snapshot) -> None:
        for each in witnesses:
            each.on_progress(snapshot)

    def looked(due: int) -> None:
        for each in witnesses:
            each.looked(due)

    return Witness(tell, on_progress, looked)


def _of_heart(heart: Heart) -> Witness:
    """Its signs of life say what it does."""
    return Witness(
        telling.nothing,
        lambda snapshot: heart.well(f"sends campaign {snapshot.campaign}"),
        lambda _: heart.well("looks for what is due"),
    )
