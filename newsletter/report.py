"""Ledger to report: what the relay answered, by reason and by domain, and what is not known."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from newsletter.delivery import DeliveryState, Reply
from newsletter.ledger.clicked import NOTHING_CLICKED, Clicked
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import (
    AnswerCount,
    Campaign,
    CampaignId,
    CampaignState,
    DeliveryRow,
    Progress,
    Pruned,
    RunRecord,
)
from newsletter.returned import NOTHING, Afterwards

_LISTED = 200
_NOT_ACCEPTED = (
    DeliveryState.REFUSED,
    DeliveryState.EXPIRED,
    DeliveryState.DEFERRED,
    DeliveryState.IN_DOUBT,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why recipients were refused (or are deferred): the relay's code and words."""

    code: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Domain:
    """One recipient domain: how many were accepted, of how many."""

    name: str
    accepted: int
    total: int


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient that the report names."""

    address: str
    state: DeliveryState
    words: str
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one campaign. The counts add up to ``recipients``."""

    campaign: Campaign
    counts: Mapping[DeliveryState, int]
    recipients: int
    runs: tuple[RunRecord, ...]
    started: dt.datetime | None
    ended: dt.datetime | None
    interrupted_at: dt.datetime | None
    refused: tuple[Reason, ...]
    deferred: tuple[Reason, ...]
    in_doubt: tuple[Person, ...]
    not_accepted: tuple[Person, ...]
    """Refused, expired, in doubt, deferred: at most 200 of them by name."""
    domains: tuple[Domain, ...]
    complete: bool
    twice: int = 0
    """Recipients who were in doubt and were sent the message once more, by the officer's choice."""
    afterwards: Afterwards = NOTHING
    """What came back after the relay took the messages."""
    pruned: Pruned | None = None
    """Accepted recipients of whom only the number is known any more."""
    clicked: Clicked = NOTHING_CLICKED
    """What was counted of its readers."""
    next_command: str = ""

    def count(self, state: DeliveryState) -> int:
        """Recipients in a state."""
        return self.counts.get(state, 0)

    def share(self, state: DeliveryState) -> float:
        """The state's part of all recipients, from 0 to 1."""
        return self.count(state) / self.recipients if self.recipients else 0.0


def report_of(ledger: Ledger, number: CampaignId) -> Report:
    """The report of a campaign, as the ledger knows it now."""
    progress = ledger.progress(number)
    runs = ledger.runs(number)
    answers = ledger.answers(number)
    in_doubt = tuple(map(_person, ledger.deliveries(number, [DeliveryState.IN_DOUBT])))
    short = islice(ledger.deliveries(number, _NOT_ACCEPTED), _LISTED)
    ended = [run.ended_at for run in runs if run.ended_at]
    return Report(
        campaign=progress.campaign,
        counts=progress.counts,
        recipients=progress.campaign.recipients,
        runs=runs,
        started=runs[0].started_at if runs else None,
        ended=max(ended) if ended else None,
        interrupted_at=progress.interrupted_at,
        refused=_reasons(answers, DeliveryState.REFUSED, DeliveryState.EXPIRED),
        deferred=_reasons(answers, DeliveryState.DEFERRED),
        in_doubt=in_doubt,
        not_accepted=tuple(dict.fromkeys((*map(_person, short), *in_doubt))),
        domains=tuple(Domain(d.name, d.accepted, d.total) for d in ledger.domains(number)),
        complete=not progress.incomplete and progress.campaign.state is CampaignState.FINISHED,
        twice=progress.twice,
        pruned=progress.pruned,
        afterwards=ledger.returns.afterwards(number),
        clicked=ledger.clicks.of_campaign(number),
        next_command=_next(progress),
    )


def _person(row: DeliveryRow) -> Person:
    state, reply = row.delivery.state, row.delivery.reply
    text = reply.text.replace(row.address, "…") if reply else ""
    words = " ".join(_reason(state, reply.code if reply else None, text)).strip()
    return Person(row.address, state, words, row.last_attempt_at)


def _reason(state: DeliveryState, code: int | None, text: str) -> tuple[str, str]:
    """The code that says most, and the words without it."""
    if code is None:
        dot = " after the final dot" if state is DeliveryState.IN_DOUBT else ""
        return "", f"connection lost{dot}"
    enhanced = Reply(code, text).enhanced
    return enhanced or str(code), text.removeprefix(enhanced).strip()


def _reasons(answers: Iterable[AnswerCount], *states: DeliveryState) -> tuple[Reason, ...]:
    counted: Counter[tuple[str, str]] = Counter()
    for each in answers:
        if each.state in states:
            counted[_reason(each.state, each.code, each.words)] += each.count
    return tuple(Reason(code, words, count) for (code, words), count in counted.most_common())


def _next(progress: Progress) -> str:
    """What carries it on, or settles it; nothing once all is done."""
    campaign, killed = progress.campaign, progress.interrupted_at is not None
    if campaign.state is CampaignState.CANCELLED and killed:
        return f"newsletter cancel {campaign.id}"
    if campaign.state is CampaignState.RUNNING and not killed:
        return f"newsletter status {campaign.id} --watch"
    if campaign.state in {
        CampaignState.PAUSED,
        CampaignState.STOPPED,
        CampaignState.WAITING,
        CampaignState.READY,
        CampaignState.RUNNING,
    }:
        return f"newsletter resume {campaign.id}"
    if campaign.state in {CampaignState.SCHEDULED, CampaignState.MISSED}:
        return "newsletter schedule list"
    return f"newsletter reconcile {campaign.id}" if progress.count(DeliveryState.IN_DOUBT) else ""
