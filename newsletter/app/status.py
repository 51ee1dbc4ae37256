"""How campaigns stand: counts, who is named, and what to type next."""

import datetime as dt
from dataclasses import dataclass, field, replace
from itertools import islice

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import STAGING, App
from newsletter.app.people import staged_address
from newsletter.app.readers import parse_reader
from newsletter.app.steering import find_campaign
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import SlowPlace
from newsletter.dispatch.throttle import after_refusal
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import (
    Attempt,
    Campaign,
    CampaignState,
    DeliveryRow,
    Progress,
)
from newsletter.returned import NOTHING, Afterwards

_LISTED = 200
_LONG_AGO = 300.0


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Which campaign, and whom to name."""

    which: str | None = None
    failed: bool = False
    in_doubt: bool = False
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """One campaign as it stands, or all of them in a line each."""

    progress: Progress | None
    campaigns: tuple[Progress, ...] = ()
    rows: tuple[DeliveryRow, ...] = ()
    attempts: tuple[Attempt, ...] = field(default=())
    more: int = 0
    slow: tuple[SlowPlace, ...] = ()
    """Relays and domains that are slow, while somebody waits."""
    next_command: str = ""
    sends: bool = False
    """Whether a process sends this campaign now."""
    per_second: float = 0.0
    """Attempts a second of late, while it does."""
    afterwards: Afterwards = NOTHING
    """What came back about the campaign."""
    ends: dt.datetime | None = None
    """When nobody will wait any more, at this speed."""


def see_status(app: App, request: StatusRequest) -> Status:
    """The status that was asked for; without a name, every campaign in a line.

    Raises ``UsageError`` for a campaign or a recipient that is not there.
    """
    named = request.which or request.failed or request.in_doubt or request.recipient
    if not named and not has_ledger(app):
        return Status(None, next_command="newsletter issue list")
    with open_ledger(app, create=not named) as ledger:
        if not named:
            return _overview(app, ledger)
        campaign = find_campaign(ledger, request.which, tuple(CampaignState))
        return _one(app, ledger, campaign, request)


def _overview(app: App, ledger: Ledger) -> Status:
    every = tuple(ledger.progress(campaign.id) for campaign in reversed(ledger.campaigns()))
    if not every:
        return Status(None, next_command="newsletter issue list")
    following = next_step(every[0])
    if len(every) == 1:
        status = Status(
            every[0],
            slow=_slow(app, ledger, every[0]),
            afterwards=ledger.returns.afterwards(every[0].campaign.id),
            next_command=following,
        )
        return _going(app, ledger, status)
    return Status(None, every, next_command=following)


def _one(app: App, ledger: Ledger, campaign: Campaign, request: StatusRequest) -> Status:
    progress = ledger.progress(campaign.id)
    if request.recipient:
        return _recipient(app, ledger, progress, request.recipient)
    states = [DeliveryState.REFUSED, DeliveryState.EXPIRED] if request.failed else []
    states += [DeliveryState.IN_DOUBT] if request.in_doubt else []
    rows = tuple(islice(ledger.deliveries(campaign.id, states), _LISTED)) if states else ()
    status = Status(
        progress,
        rows=rows,
        more=max(0, progress.count(*states) - len(rows)),
        slow=_slow(app, ledger, progress),
        afterwards=ledger.returns.afterwards(campaign.id),
        next_command=next_step(progress),
    )
    return _going(app, ledger, status)


def _going(app: App, ledger: Ledger, status: Status) -> Status:
    """The same, with speed and end while a process sends."""
    progress = status.progress
    if (
        progress is None
        or progress.interrupted_at
        or progress.campaign.state is not CampaignState.RUNNING
    ):
        return status
    now = app.clock()
    per_second = ledger.speed(progress.campaign.id, now)
    waiting = progress.count(DeliveryState.QUEUED, DeliveryState.CLAIMED)
    seconds = waiting / per_second if per_second else 0.0
    ends = now + dt.timedelta(seconds=seconds) if waiting and per_second else None
    return replace(status, sends=True, per_second=per_second, ends=ends)


def _slow(app: App, ledger: Ledger, progress: Progress) -> tuple[SlowPlace, ...]:
    """What the last run noted of places that complained lately or make readers wait."""
    if not progress.open:
        return ()
    now, found = app.clock(), []
    for pace in ledger.paces():
        since = (now - pace.refused_at).total_seconds() if pace.refused_at else _LONG_AGO
        complains = pace.refused is not None and since < _LONG_AGO
        if complains or (pace.waiting and pace.place.domain):
            rate = after_refusal(pace.refused, since) if pace.refused and complains else 0.0
            rate = min(rate, progress.campaign.terms.rate.per_second)  # it may grow beyond it
            relay, domain = pace.place
            found.append(SlowPlace(relay, domain, pace.waiting, rate, pace.words))
    return tuple(sorted(found, key=lambda place: -place.waiting))


def _recipient(app: App, ledger: Ledger, progress: Progress, recipient: str) -> Status:
    address = parse_reader(recipient)
    number = progress.campaign.id
    rows = tuple(ledger.deliveries(number, address=address))
    if not rows and progress.campaign.terms.profile == STAGING:
        rows = tuple(ledger.deliveries(number, address=staged_address(app, address)))
    if not rows:
        gone = progress.pruned
        known = f", or one of the {gone.recipients} pruned {gone.at:%Y-%m-%d}" if gone else ""
        raise UsageError(
            f"{address} is not a recipient of campaign {number}{known}",
            cure="another campaign may have reached this reader",
            next_command=f"newsletter subscribers show {address}",
        )
    return Status(progress, rows=rows, attempts=ledger.attempts(number, rows[0].seq))


def next_step(progress: Progress) -> str:
    """The command that carries a campaign on, or nothing."""
    campaign = progress.campaign
    state = campaign.state
    if state is CampaignState.CANCELLED and progress.interrupted_at:
        return f"newsletter cancel {campaign.id}"
    if (
        state
        in {CampaignState.PAUSED, CampaignState.STOPPED, CampaignState.WAITING, CampaignState.READY}
        or progress.interrupted_at
    ):
        return f"newsletter resume {campaign.id}"
    if state is CampaignState.RUNNING:
        return f"newsletter status {campaign.id} --watch"
    if state in {CampaignState.SCHEDULED, CampaignState.MISSED}:
        return "newsletter schedule list"
    if progress.count(DeliveryState.IN_DOUBT):
        return f"newsletter reconcile {campaign.id}"
    return f"newsletter report {campaign.id}"
