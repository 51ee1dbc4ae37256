"""Steering: a campaign found by name or number, and the words that make it go on or stop."""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.starting import Asked, start_of
from newsletter.delivery import DeliveryState
from newsletter.dispatch.recovery import clear_up
from newsletter.errors import ApprovalMissing, UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Progress
from newsletter.local_time import Passed

Ask = Callable[[str], str]
"""How the officer is asked: a prompt goes in, what she typed comes out."""
_MOST_NAMED = 4
_STOPPING = 30.0  # seconds that a run gives its open dialogues

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
_TOLD = (
    DeliveryState.ACCEPTED,
    DeliveryState.REFUSED,
    DeliveryState.EXPIRED,
    DeliveryState.IN_DOUBT,
)
"""What a journal may make of who was in hand; the others were not sent."""
HELD = frozenset({CampaignState.PAUSED, CampaignState.STOPPED})
TIMED = frozenset({CampaignState.SCHEDULED, CampaignState.MISSED})


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A campaign that was taken back, and how many were spared by it."""

    campaign: Campaign
    spared: int
    left: Mapping[DeliveryState, int] | None = None
    """What became of those whom a killed run had in hand, if there was one."""
    in_doubt: int = 0
    """Recipients of the campaign who are in doubt now."""

    @property
    def judgement(self) -> str:
        """The same in a sentence; empty if no run was killed."""
        if self.left is None:
            return ""
        words = {DeliveryState.IN_DOUBT: "in doubt", DeliveryState.CANCELLED: "spared"}
        told = [f"{count} {words.get(state, state.value)}" for state, count in self.left.items()]
        return f"its killed run had in hand: {', '.join(told) or 'nobody'}"


def find_campaign(ledger: Ledger, which: str | None, states: Sequence[CampaignState]) -> Campaign:
    """A campaign by number or by its issue's name; by default the newest in one of the states.

    Raises ``UsageError`` when there is none, and where a beginning may mean several issues.
    """
    campaigns = ledger.campaigns()
    numbered = [c for c in campaigns if which == str(c.id)]
    if numbered:
        return numbered[0]
    named = [c for c in campaigns if not which or c.slug == which]
    named = named or [c for c in campaigns if _begins(c.slug, which or "")]
    fitting = [c for c in named if c.state in states] or named
    if which:
        _refuse_several(which, list(dict.fromkeys(c.slug for c in fitting)))
    if fitting:
        return fitting[-1]
    raise UsageError(
        f"no campaign of {which!r} was recorded" if which else "no campaign was recorded yet",
        cure="the issues that were sent are listed by status" if campaigns else "",
        next_command="newsletter status" if campaigns else "newsletter issue list",
    )


def _begins(slug: str, which: str) -> bool:
    """Digits alone may be the number of a campaign that there is not: a slip must not hit one."""
    return slug.startswith(f"{which}-" if which.isdecimal() else which)


def _refuse_several(which: str, slugs: Sequence[str]) -> None:
    if len(slugs) > 1:
        named = ", ".join(slugs[:_MOST_NAMED])
        message = f"{which!r} may mean {named}{' …' if len(slugs) > _MOST_NAMED else ''}"
        cure = "write more of the name, or the campaign's number"
        raise UsageError(message, cure=cure, next_command="newsletter status")


def to_resume(app: App, which: str | None) -> Campaign:
    """The campaign to carry on, made ready; or scheduled again, if its time is yet to come."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(RESUMABLE))
        return ledger.resume(campaign.id, app.clock())


def to_retry(app: App, which: str | None, *, failed: bool, deferred: bool) -> Progress:
    """Queue refused or deferred deliveries again; how the campaign stands then.

    A paused or stopped one stays so: others wait in it too, and nobody said to go on.
    """
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
        return ledger.progress(campaign.id)


def pause(app: App, which: str | None) -> Progress:
    """Say stop, from any terminal; the run that goes on sees it within one group."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(
            ledger, which, (CampaignState.RUNNING, CampaignState.READY, CampaignState.WAITING)
        )
        over = campaign.state is CampaignState.CANCELLED
        if not over and _interrupted(ledger, campaign.id):
            clear_up(ledger, campaign.id, app.clock())
        else:
            ledger.pause(campaign.id, app.clock())
            _wait_for_the_sender(ledger)
        return ledger.progress(campaign.id)


def cancel(app: App, which: str | None, ask: Ask | None, *, agreed: bool) -> Cancelled:
    """Spare everybody who waits, for ever, once that was agreed to.

    Otherwise ``ask`` wants the word "cancel" typed; it is None where nobody can type. One that
    was cancelled while its run was killed needs no more: who was in hand is judged.
    """
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(OPEN_STATES))
        if campaign.state is CampaignState.CANCELLED and _interrupted(ledger, campaign.id):
            return close_cancelled(ledger, campaign.id, app.clock())
        if campaign.state not in OPEN_STATES:
            raise UsageError(
                f"campaign {campaign.id} is {campaign.state}: there is nothing to cancel",
                next_command=f"newsletter status {campaign.id}",
            )
        if not agreed and ask is None:
            raise ApprovalMissing(
                f"nobody agreed to cancel campaign {campaign.id}",
                cure="nothing was changed",
                next_command=f"newsletter cancel {campaign.id} --yes",
            )
        if not agreed and ask is not None:
            waiting = ledger.progress(campaign.id).open
            typed = ask(f"Type cancel to spare the {waiting} who wait in campaign {campaign.id}: ")
            if typed.strip() != "cancel":
                raise ApprovalMissing("not cancelled", cure="nothing was changed")
        return close_cancelled(ledger, campaign.id, app.clock())


def close_cancelled(ledger: Ledger, number: CampaignId, now: dt.datetime) -> Cancelled:
    """Cancel a campaign, or end the cancelling of one whose run was killed; nothing is sent."""
    before, judged = ledger.progress(number), None
    if before.interrupted_at:
        judged = clear_up(ledger, number, now, for_ever=True)
    if before.campaign.state is not CampaignState.CANCELLED:
        ledger.cancel(number, now)
    if before.campaign.state is CampaignState.RUNNING and judged is None:
        _wait_for_the_sender(ledger)  # whom it had not begun with is spared, too
    after = ledger.progress(number)
    return Cancelled(
        campaign=after.campaign,
        spared=after.count(DeliveryState.CANCELLED) - before.count(DeliveryState.CANCELLED),
        left=None if judged is None else _became(before, after, judged),
        in_doubt=after.count(DeliveryState.IN_DOUBT),
    )


def cancel_scheduled(app: App, which: str | None) -> Cancelled:
    """Take a campaign back that has not begun."""
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(TIMED))
        if campaign.state not in TIMED:
            word = "cancel" if campaign.state in OPEN_STATES else "status"
            raise UsageError(
                f"campaign {campaign.id} is {campaign.state}, not scheduled",
                next_command=f"newsletter {word} {campaign.id}",
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
    with open_ledger(app, create=False) as ledger:
        campaign = find_campaign(ledger, which, tuple(TIMED))
        terms = campaign.terms
        passed = Passed(terms.passed) if terms.passed else None
        told = passed if terms.local_time else None
        asked = Asked(at, told, local_time=terms.local_time, moves=True)
        start = start_of(app, asked, ledger.zones(campaign.id) if terms.local_time else {})
        start.check_decided("name a later time; nothing was changed")
        if start.due is None:
            raise UsageError("a campaign is moved to a time")
        instants = {part.cell: part.at for part in start.parts}
        return ledger.reschedule(campaign.id, start.due, app.clock(), instants)


def _wait_for_the_sender(ledger: Ledger) -> None:
    """Give the run that is told to stop the time to finish its open dialogues."""
    limit = time.monotonic() + _STOPPING
    while ledger.someone_sends and time.monotonic() < limit:
        time.sleep(0.1)


def _interrupted(ledger: Ledger, number: CampaignId) -> bool:
    return ledger.progress(number).interrupted_at is not None


def _became(before: Progress, after: Progress, judged: int) -> Mapping[DeliveryState, int]:
    """How many of those who were judged are now in each final state."""
    told = {s: after.count(s) - before.count(s) for s in _TOLD}
    told[DeliveryState.CANCELLED] = judged - sum(told.values())
    return {state: count for state, count in told.items() if count}
