"""What a relay's log means for a delivery in doubt: pure, and never sure where the log is not.

That a message is *in* the log is proof. That it is not proves something only if the log is of
the right host and whole: its clock is set by the campaign's other messages, it must begin before
the attempt and go on well after it, and every message that was accepted around it must be in it.
"""

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsletter.relay_log.evidence import Evidence, Sighting, Span, Traces
from newsletter.relay_log.line import Origin

WELL_AFTER = dt.timedelta(minutes=15)
"""So far must the log go on after the attempt: a relay may take ten minutes over an answer."""
_NEAR = dt.timedelta(minutes=15)
"""One of the campaign's messages must have been taken so near to the attempt."""


class Finding(StrEnum):
    """What a log shows of one message."""

    ACCEPTED = "accepted"
    """It was in Postfix's queue."""
    REFUSED = "refused"
    """Postfix refused it after the final dot, for good (5.x.x)."""
    PUT_OFF = "put off"
    """Postfix asked for it again later (4.x.x)."""
    RECEIVED = "received"
    """Postfix began to receive it; the log does not show that it was queued."""
    ABSENT = "absent"
    """The log covers the attempt, and the message is not in it."""
    UNKNOWN = "unknown"
    """The log says nothing of it, and cannot prove that there was nothing."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another delivery of the campaign that the relay surely accepted, and when."""

    seq: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A delivery in doubt: its message left, if it did, between ``begin`` and ``end``."""

    seq: int
    begin: dt.datetime
    end: dt.datetime
    neighbours: tuple[Neighbour, ...]
    """The nearest acceptances, all of which a whole log must hold."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The finding and why, in words for the officer."""

    seq: int
    finding: Finding
    why: str
    fate: str = ""
    """What the log says of its way after the relay, where that was no delivery."""


def judge(case: Case, evidence: Evidence) -> Verdict:
    """What the log means for one delivery in doubt."""
    traces = evidence.traces.get(case.seq, Traces())
    if traces.queued:
        fate = "" if traces.fate.startswith("sent") else traces.fate
        return Verdict(case.seq, Finding.ACCEPTED, f"queued as {_place(traces.queued)}", fate)
    if refused := traces.refused:
        finding = Finding.REFUSED if refused.words.startswith("5") else Finding.PUT_OFF
        return Verdict(case.seq, finding, f"{refused.words} ({_place(refused)})")
    if traces.received:
        why = f"received as {_place(traces.received)}, but the log does not show it in the queue"
        return Verdict(case.seq, Finding.RECEIVED, why)
    doubt = _why_not_proved(case, evidence)
    if doubt:
        return Verdict(case.seq, Finding.UNKNOWN, f"not in the log, but {doubt}")
    count = len(case.neighbours)
    beside = f"the {count} accepted" if count > 1 else "the one accepted"
    why = f"not in the log, which covers the attempt and holds {beside} around it"
    return Verdict(case.seq, Finding.ABSENT, why)


def _why_not_proved(case: Case, evidence: Evidence) -> str:
    """Why silence proves nothing here, or nothing."""
    if evidence.has_gaps:
        return "the log says itself that lines were dropped"
    near = [n for n in case.neighbours if case.begin - _NEAR <= n.at <= case.end + _NEAR]
    found = [(n, t.received) for n in near if (t := evidence.traces.get(n.seq)) and t.received]
    if not found:
        return "no other message of this campaign near it is in the log either"
    if missing := len(near) - len(found):
        return (
            f"{missing} of {len(near)} accepted around it are not in the log either: part is gone"
        )
    hosts = {seen.origin for _, seen in found}
    return next((why for host in hosts if (why := _uncovered(case, evidence, host, found))), "")


def _uncovered(
    case: Case, evidence: Evidence, origin: Origin, found: Sequence[tuple[Neighbour, Sighting]]
) -> str:
    """Why a host's log does not cover the attempt; by its own clock, whatever zone that shows."""
    gaps = [(seen.at - n.at).total_seconds() for n, seen in found if seen.origin == origin]
    offset = dt.timedelta(seconds=statistics.median(gaps))
    span: Span | None = evidence.spans.get(origin)
    if span is None or span.first > case.begin + offset:
        return f"the log of {origin.host} begins after the attempt may have been made"
    if span.last < case.end + offset + WELL_AFTER:
        return f"the log of {origin.host} ends too soon after the attempt: take a later one"
    return ""


def _place(seen: Sighting) -> str:
    zone = " UTC" if seen.origin.zoned else ""
    return f"{seen.queue_id} on {seen.origin.host} at {seen.at:%Y-%m-%d %H:%M:%S}{zone}"
