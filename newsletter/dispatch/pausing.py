"""When nobody can be tried now: whether a run stays, and for what the campaign waits then."""

import datetime as dt

from newsletter.delivery import DeliveryState
from newsletter.dispatch.allowance import Canary
from newsletter.dispatch.model import Halt
from newsletter.dispatch.run import Run
from newsletter.ledger.model import Campaign, CampaignState
from newsletter.ledger.notes import Until


def nobody_now(run: Run, campaign: Campaign, next_at: dt.datetime | None) -> Halt | None:
    """The end; or why the campaign waits, unless it is worth to stay for the next one."""
    if next_at is None:
        return Halt(CampaignState.FINISHED, "")
    if next_at - run.clock.now() <= run.options.wait_for_retries:
        return None
    return Halt(CampaignState.WAITING, f"{_left(run, campaign)}, the next at {_told(next_at)}")


def _left(run: Run, campaign: Campaign) -> str:
    """Who waits, in words."""
    if campaign.terms.local_time and run.meter.counts.get(DeliveryState.QUEUED, 0):
        return "the others' local time has not come"
    retries = run.meter.counts.get(DeliveryState.DEFERRED, 0)
    others = run.meter.counts.get(DeliveryState.QUEUED, 0)
    told = ["retries"] * bool(retries or not others)
    told += ["slow domains" if len(run.roads.all) == 1 else "slow domains or relays"] * bool(others)
    return f"only {' and '.join(told)} are left"


def closed(run: Run) -> Halt | None:
    """The window is closed, or it is quiet: the campaign waits until messages may leave."""
    times, now = run.options.times, run.clock.now()
    reason = times.closed_by(now)
    if not reason:
        return None
    at = times.next_open(now)
    return Halt(CampaignState.WAITING, f"{reason}; it goes on at {_told(at)}", until=Until(at))


def hold(run: Run, campaign: Campaign) -> Halt | None:
    """No row may be claimed: the canary was sent, or a quota is used up."""
    canary = run.roads.allowance.canary
    if canary and not canary.left:
        return _after(canary, run, campaign)
    now = run.clock.now()
    room = run.roads.exhausted(now)
    if room is None or room.until is None or room.until - now <= run.options.wait_for_retries:
        return None
    why = f"the quota of {room.words} is used up; it goes on at {_told(room.until)}"
    return Halt(CampaignState.WAITING, why, until=Until(room.until))


def _after(canary: Canary, run: Run, campaign: Campaign) -> Halt:
    """Wait for a time if one was given and nothing looks bad, else for a word."""
    accepted = run.meter.counts.get(DeliveryState.ACCEPTED, 0)
    told = f"canary: {accepted} of {canary.count} accepted"
    wait = campaign.terms.canary_wait
    bad = run.shares.verdict(0)
    if not wait or bad:
        why = f"{told}; {bad}" if bad else f"{told}; it goes on when you resume it"
        return Halt(CampaignState.PAUSED, why, until=Until(after_canary=True))
    at = run.clock.now() + dt.timedelta(seconds=wait)
    why = f"{told}; it goes on at {_told(at)}, or when you resume it"
    return Halt(CampaignState.WAITING, why, until=Until(at, after_canary=True))


def _told(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
