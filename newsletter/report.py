"""Ledger to report: what the relay answered, by reason and by domain, and what is not known."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, DeliveryRow, RunRecord

_LISTED = 200


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
    next_command: str = ""

    def count(self, state: DeliveryState) -> int:
        """Recipients in a state."""
        return self.counts.get(state, 0)

    def share(self, state: DeliveryState) -> float:
        """The state's part of all recipients, from 0 to 1."""
        return self.count(state) / self.recipients if self.recipients else 0.0


def report_of(ledger: Ledger, number: CampaignId) -> Report:
    """The report of a campaign, as the ledger knows it now; reads each recipient once."""
    progress = ledger.progress(number)
    runs = ledger.runs(number)
    tally = _Tally()
    for row in ledger.deliveries(number):
        tally.add(row)
    ended = [run.ended_at for run in runs if run.ended_at]
    return Report(
        campaign=progress.campaign,
        counts=progress.counts,
        recipients=progress.campaign.recipients,
        runs=runs,
        started=runs[0].started_at if runs else None,
        ended=max(ended) if ended else None,
        interrupted_at=progress.interrupted_at,
        refused=_reasons(tally.refused),
        deferred=_reasons(tally.deferred),
        in_doubt=tuple(p for p in tally.people if p.state is DeliveryState.IN_DOUBT),
        not_accepted=tuple(tally.people),
        domains=tally.domains(),
        complete=not progress.incomplete and progress.campaign.state is CampaignState.FINISHED,
        twice=progress.twice,
        next_command=_next(progress.campaign, progress.count(DeliveryState.IN_DOUBT)),
    )


class _Tally:
    """Counts over the recipients of a campaign."""

    def __init__(self) -> None:
        self.refused: Counter[tuple[str, str]] = Counter()
        self.deferred: Counter[tuple[str, str]] = Counter()
        self.people: list[Person] = []
        self._accepted: Counter[str] = Counter()
        self._total: Counter[str] = Counter()

    def add(self, row: DeliveryRow) -> None:
        delivery = row.delivery
        domain = row.address.rpartition("@")[2]
        self._total[domain] += 1
        self._accepted[domain] += delivery.state is DeliveryState.ACCEPTED
        reason = _reason(row)
        if delivery.state in {DeliveryState.REFUSED, DeliveryState.EXPIRED}:
            self.refused[reason] += 1
        elif delivery.state is DeliveryState.DEFERRED:
            self.deferred[reason] += 1
        elif delivery.state is not DeliveryState.IN_DOUBT:
            return
        if len(self.people) < _LISTED or delivery.state is DeliveryState.IN_DOUBT:
            words = " ".join(reason).strip()
            self.people.append(Person(row.address, delivery.state, words, row.last_attempt_at))

    def domains(self) -> tuple[Domain, ...]:
        """The largest domain first."""
        ordered = sorted(self._total.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Domain(name, self._accepted[name], total) for name, total in ordered)


def _reason(row: DeliveryRow) -> tuple[str, str]:
    reply = row.delivery.reply
    if reply is None:
        return "", "connection lost" if row.delivery.state is not DeliveryState.IN_DOUBT else (
            "connection lost after the final dot"
        )
    code = reply.enhanced or str(reply.code)
    words = reply.text.removeprefix(reply.enhanced).strip()
    return code, words.replace(row.address, "…")


def _reasons(counted: Counter[tuple[str, str]]) -> tuple[Reason, ...]:
    return tuple(Reason(code, words, count) for (code, words), count in counted.most_common())


def _next(campaign: Campaign, doubts: int) -> str:
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
    return f"newsletter reconcile {campaign.id}" if doubts else ""
