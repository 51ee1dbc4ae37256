"""Pruning: old campaigns let their accepted recipients go, once that was agreed to."""

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Final

from newsletter.app.agreement import Agreement, agree_to_number
from newsletter.app.memory import open_ledger
from newsletter.app.open import App
from newsletter.app.steering import Ask, find_campaign
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.ledger.pruning import Prunable

_AGE = re.compile(r"\s*([0-9]{1,6})\s*([dwmy])\s*", re.IGNORECASE)
_DAYS: Final = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """Which campaigns: those that ended so long ago, all or one."""

    older_than: str
    which: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Pruning:
    """Who went, or would go; what was not accepted stays by name."""

    ledger: str
    before: dt.datetime
    """Campaigns to which nothing was done since."""
    campaigns: tuple[Prunable, ...]
    done: bool
    backup: str
    """How a copy is made first: what went is in no other place."""
    given_back: bool = False
    """Whether the room was returned to the system; else later campaigns use it."""
    next_command: str = ""

    @property
    def gone(self) -> int:
        """Recipients, in all campaigns."""
        return sum(each.gone for each in self.campaigns)


def prune_ledger(app: App, request: PruneRequest, agreed: Agreement, ask: Ask | None) -> Pruning:
    """Let accepted recipients of old campaigns go; their number and all failures stay.

    ``UsageError`` for an age that is none and for a campaign that may not be pruned.
    """
    before = _before(app.clock(), request.older_than)
    with open_ledger(app, create=False) as ledger:
        chosen = _chosen(ledger, request, before)
        command = _command(request, chosen)
        found = Pruning(ledger.name, before, chosen, done=False, backup=_backup(app))
        if request.dry_run or not chosen:
            return replace(found, next_command=command if chosen else "newsletter status")
        agree_to_number(
            found.gone,
            agreed,
            ask,
            prompt=(
                f"Nothing brings them back but a copy ({found.backup}). Type the number of "
                f"accepted recipients to prune from {len(chosen)} campaigns ({found.gone}): "
            ),
            changed=f"{found.gone} accepted recipients are to be pruned",
            command=f"{command} --yes",
        )
        return _prune(app, ledger, found)


def _prune(app: App, ledger: Ledger, found: Pruning) -> Pruning:
    went = tuple(
        replace(each, gone=ledger.retention.prune(each.campaign, app.clock()))
        for each in found.campaigns
    )
    free = not ledger.someone_sends
    if free:  # to make a file anew would hold up whoever sends
        ledger.retention.give_back([each.campaign for each in went])
    return replace(
        found, campaigns=went, done=True, given_back=free, next_command="newsletter ledger verify"
    )


def _chosen(ledger: Ledger, request: PruneRequest, before: dt.datetime) -> tuple[Prunable, ...]:
    every = ledger.retention.prunable(before)
    if request.which is None:
        return every
    campaign = find_campaign(ledger, request.which, (CampaignState.FINISHED,))
    mine = tuple(each for each in every if each.campaign == campaign.id)
    gone = ledger.retention.of(campaign.id)
    if not mine and not gone:
        raise UsageError(
            f"campaign {campaign.id} has nobody to prune: it is {campaign.state}, "
            f"or something was done to it since {before:%Y-%m-%d}",
            cure="only campaigns that ended before are pruned, of whoever was accepted",
            next_command=f"newsletter status {campaign.id}",
        )
    return mine


def _before(now: dt.datetime, age: str) -> dt.datetime:
    """So long ago; a month counts 30 days, a year 365."""
    found = _AGE.fullmatch(age)
    if found is None:
        message = f"{age!r} is no age"
        raise UsageError(message, cure="write a number and d, w, m or y: 90d, 18m, 2y")
    try:
        return now - dt.timedelta(days=int(found[1]) * _DAYS[found[2].lower()])
    except OverflowError as error:
        message = f"{age} ago there was no calendar"
        raise UsageError(message, cure="write a shorter age: 2y") from error


def _command(request: PruneRequest, chosen: tuple[Prunable, ...]) -> str:
    one = f" --campaign {chosen[0].campaign}" if request.which and chosen else ""
    age = "".join(request.older_than.split())
    return f"newsletter ledger prune --older-than {age}{one}"


def _backup(app: App) -> str:
    return "pg_dump" if "://" in app.ledger_url() else "newsletter ledger backup"
