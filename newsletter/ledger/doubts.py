"""Deliveries in doubt, and what the ledger knows of when their messages may have left."""

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, select

from newsletter.delivery import DeliveryState, Phase
from newsletter.ledger import schema
from newsletter.ledger.instants import from_microseconds, to_microseconds
from newsletter.ledger.model import CampaignId, RunRecord
from newsletter.ledger.standing import runs

_delivery, _attempt = schema.delivery, schema.attempt
_IN_DOUBT, _ACCEPTED = "in_doubt", "accepted"


@dataclass(frozen=True, slots=True)
class DoubtfulTime:
    """When the message of a delivery in doubt left, if it did: not before, and not after."""

    seq: int
    begin: dt.datetime
    end: dt.datetime
    tried_before: dt.datetime | None = None
    """When an earlier try was over of which the relay's log may tell, if there was one."""
    doubted_before: bool = False
    """Whether an earlier one fell in doubt."""


@dataclass
class Acceptances:
    """When the relay took which of a campaign's messages, in order of time."""

    times: "array[int]" = field(default_factory=lambda: array("q"))
    """Microseconds since 1970."""
    seqs: "array[int]" = field(default_factory=lambda: array("q"))

    def nearest(self, instant: dt.datetime, count: int) -> list[tuple[int, dt.datetime]]:
        """At most ``count`` before the instant and as many from it on: (delivery, when)."""
        middle = bisect_left(self.times, to_microseconds(instant))
        around = range(max(0, middle - count), min(len(self.times), middle + count))
        return [(self.seqs[i], from_microseconds(self.times[i])) for i in around]


def doubtful_times(
    connection: Connection, number: CampaignId, longest: dt.timedelta
) -> tuple[DoubtfulTime, ...]:
    """For each delivery in doubt; no dialogue lasts longer than ``longest``."""
    known = {run.id: run for run in runs(connection, number)}
    query = (
        select(
            _delivery.c.seq,
            _delivery.c.run,
            _attempt.c.run,
            _attempt.c.at,
            _attempt.c.outcome,
            _attempt.c.phase,
        )
        .join_from(
            _delivery,
            _attempt,
            (_attempt.c.campaign == _delivery.c.campaign) & (_attempt.c.seq == _delivery.c.seq),
        )
        .where(
            _delivery.c.campaign == number,
            _delivery.c.state == DeliveryState.IN_DOUBT,
        )
        .order_by(_delivery.c.seq, _attempt.c.n)
    )
    tries: dict[int, list[_Try]] = {}
    for seq, *told in connection.execute(query):
        tries.setdefault(seq, []).append(_Try(*told))
    return tuple(_time_of(seq, found, known, longest) for seq, found in tries.items())


def acceptances(connection: Connection, number: CampaignId) -> Acceptances:
    """Every acceptance that the relay itself answered, 16 octets each."""
    query = (
        select(_attempt.c.at, _attempt.c.seq)
        .where(
            _attempt.c.campaign == number,
            _attempt.c.outcome == _ACCEPTED,
            _attempt.c.run.is_not(None),
        )
        .order_by(_attempt.c.at)
    )
    found = Acceptances()
    for at, seq in connection.execute(query):
        found.times.append(to_microseconds(at))
        found.seqs.append(seq)
    return found


class _Try(NamedTuple):
    """One attempt at a delivery in doubt, and the run that has the delivery now."""

    claimed_by: int
    told_by: int | None
    at: dt.datetime
    outcome: str
    phase: str

    @property
    def in_doubt(self) -> bool:
        """Whether it came to doubt, or the officer said what became of that."""
        return self.outcome == _IN_DOUBT

    @property
    def leaves_traces(self) -> bool:
        """Whether a relay may have written down the Message-ID: it saw the header."""
        return self.phase in {Phase.BODY, Phase.DOT}


def _time_of(
    seq: int, tries: Sequence[_Try], known: dict[int, RunRecord], longest: dt.timedelta
) -> DoubtfulTime:
    """What a run wrote down itself is exact; what a later one found, was before that one died."""
    last, end = tries[-1], tries[-1].at
    run = known.get(last.claimed_by)
    before = next((each.at for each in reversed(tries[:-1]) if each.leaves_traces), None)
    first = min((each.started_at for each in known.values()), default=end)
    doubted = any(each.in_doubt for each in tries[:-1])
    if run is None or doubted:
        return DoubtfulTime(seq, first, end, before, doubted_before=doubted)
    if last.told_by == last.claimed_by:
        return DoubtfulTime(seq, max(run.started_at, end - longest), end, before)
    return DoubtfulTime(seq, run.started_at, min(run.ended_at or end, end), before)
