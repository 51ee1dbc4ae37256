"""Reading the relay's log about a campaign's doubts: who was taken, who was not, and why."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.app.log_files import open_logs
from newsletter.app.open import App
from newsletter.delivery import DeliveryState
from newsletter.dispatch.outgoing import message_ids
from newsletter.errors import UsageError
from newsletter.ledger.doubts import DoubtfulTime
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, DeliveryRow
from newsletter.relay_log.evidence import Evidence
from newsletter.relay_log.verdict import Case, Neighbour, Verdict, judge

_BESIDE = 25
"""So many acceptances before and after an attempt must be in a log that is whole."""
_BEFORE_THE_DOT = dt.timedelta(minutes=10)
"""What a dialogue takes at most before its final dot, beside the wait for the answer."""


@dataclass(frozen=True, slots=True)
class HostSpan:
    """From when to when the log tells of one host; without a zone, by that host's clock."""

    host: str
    first: dt.datetime
    last: dt.datetime
    zoned: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery in doubt and what the log means for it."""

    row: DeliveryRow
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class LogRead:
    """What was read, and each verdict."""

    files: tuple[str, ...]
    lines: int
    hosts: tuple[HostSpan, ...]
    judged: tuple[Judged, ...]


def read_log(app: App, ledger: Ledger, number: CampaignId, names: Sequence[str]) -> LogRead:
    """Judge every delivery in doubt by the log; nothing is changed.

    Raises ``UsageError`` for a file that cannot be read, or in which no line is a log's.
    """
    rows = {row.seq: row for row in ledger.deliveries(number, (DeliveryState.IN_DOUBT,))}
    cases = _cases(app, ledger, number)
    named = message_ids(ledger.campaign(number))
    seqs = {case.seq for case in cases} | {n.seq for case in cases for n in case.neighbours}
    evidence = Evidence({named(seq): seq for seq in seqs}, app.clock())
    with open_logs(names, app.clock()) as files:
        for file in files:
            evidence.read(file.lines)
        order = tuple(file.name for file in files)
    if not evidence.understood:
        raise UsageError(
            f"no line of {', '.join(order)} is of a mail log",
            cure="nothing was changed; name the file that Postfix writes, such as mail.log",
            next_command="newsletter reconcile --help",
        )
    judged = tuple(Judged(rows[c.seq], judge(c, evidence)) for c in cases if c.seq in rows)
    return LogRead(order, evidence.lines, _hosts(evidence), judged)


def _cases(app: App, ledger: Ledger, number: CampaignId) -> list[Case]:
    wait = dt.timedelta(seconds=app.settings.relay.dot_timeout) + _BEFORE_THE_DOT
    times = ledger.doubtful_times(number, wait)
    if not times:
        return []
    accepted = ledger.acceptances(number)

    def neighbours(time: DoubtfulTime) -> tuple[Neighbour, ...]:
        return tuple(Neighbour(seq, at) for seq, at in accepted.nearest(time.end, _BESIDE))

    return [
        Case(
            time.seq,
            time.begin,
            time.end,
            neighbours(time),
            time.tried_before,
            doubted_before=time.doubted_before,
        )
        for time in times
    ]


def _hosts(evidence: Evidence) -> tuple[HostSpan, ...]:
    """Those that spoke of this campaign."""
    seen = {each.origin for t in evidence.traces.values() for each in t.receptions}
    return tuple(
        HostSpan(origin.host, span.first, span.last, origin.zoned)
        for origin, span in evidence.spans.items()
        if origin in seen
    )
