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
_A_MOMENT = dt.timedelta(seconds=1)
"""Logs leave out what is less than a second."""
_CLOSE = dt.timedelta(seconds=10)
"""Two attempts that are no farther apart are not told from each other by a log's times."""


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
    tried_before: dt.datetime | None = None
    """When an earlier attempt was over, under the same Message-ID: its refusal is no answer."""
    doubted_before: bool = False
    """Whether that one fell in doubt too: the relay may have refused it at any time since."""


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
    refused = [
        each for each in traces.refusals if _is_of_this_try(case, evidence, each) is not False
    ]
    if refused:
        return _refused(case, refused[-1], sure=bool(_is_of_this_try(case, evidence, refused[-1])))
    received = [e for e in traces.receptions if _is_of_this_try(case, evidence, e) is not False]
    if received:
        why = f"received as {_place(received[-1])}, but the log does not show it in the queue"
        return Verdict(case.seq, Finding.RECEIVED, why)
    what = "its last try is not" if traces.receptions else "not"
    doubt = _why_not_proved(case, evidence)
    if doubt:
        return Verdict(case.seq, Finding.UNKNOWN, f"{what} in the log, but {doubt}")
    count = len(case.neighbours)
    beside = f"the {count} accepted" if count > 1 else "the one accepted"
    why = f"{what} in the log, which covers the attempt and holds {beside} around it"
    return Verdict(case.seq, Finding.ABSENT, why)


def _refused(case: Case, seen: Sighting, *, sure: bool) -> Verdict:
    """A refusal while it was received; one that may be an earlier attempt's settles nothing."""
    told = f"{seen.words} ({_place(seen)})"
    if not sure:
        return Verdict(case.seq, Finding.RECEIVED, f"{told}, but perhaps at an earlier try")
    finding = Finding.REFUSED if seen.words.startswith("5") else Finding.PUT_OFF
    return Verdict(case.seq, finding, told)


def _why_not_proved(case: Case, evidence: Evidence) -> str:
    """Why silence proves nothing here, or nothing."""
    if evidence.has_gaps:
        return "the log says itself that lines were dropped"
    near = _near(case)
    found = _found(near, evidence)
    if not found:
        return "no other message of this campaign near it is in the log either"
    if missing := len(near) - len(found):
        return (
            f"{missing} of {len(near)} accepted around it are not in the log either: part is gone"
        )
    hosts = {seen.origin for _, seen in found}
    return next((why for host in hosts if (why := _uncovered(case, evidence, host, found))), "")


def _is_of_this_try(case: Case, evidence: Evidence, seen: Sighting) -> bool | None:
    """Whether a line is about the attempt in doubt, not an earlier one; None: nothing tells."""
    before = case.tried_before
    if before is None:
        return True
    offset = _offset(_found(_near(case), evidence), seen.origin)
    if offset is None or case.doubted_before or case.end - before < _CLOSE:
        return None
    return seen.at > before + offset + _A_MOMENT


def _near(case: Case) -> list[Neighbour]:
    return [n for n in case.neighbours if case.begin - _NEAR <= n.at <= case.end + _NEAR]


def _found(near: Sequence[Neighbour], evidence: Evidence) -> list[tuple[Neighbour, Sighting]]:
    """Those that are in the log, each with the line that shows when the relay took it."""
    return [(n, t.taken) for n in near if (t := evidence.traces.get(n.seq)) and t.taken]


def _offset(found: Sequence[tuple[Neighbour, Sighting]], origin: Origin) -> dt.timedelta | None:
    """How far a host's clock is ahead of ours; None where no neighbour tells."""
    gaps = [(seen.at - n.at).total_seconds() for n, seen in found if seen.origin == origin]
    return dt.timedelta(seconds=statistics.median(gaps)) if gaps else None


def _uncovered(
    case: Case, evidence: Evidence, origin: Origin, found: Sequence[tuple[Neighbour, Sighting]]
) -> str:
    """Why a host's log does not cover the attempt; by its own clock, whatever zone that shows."""
    offset = _offset(found, origin)
    span: Span | None = evidence.spans.get(origin)
    if offset is None or span is None or span.first > case.begin + offset:
        return f"the log of {origin.host} begins after the attempt may have been made"
    if span.last < case.end + offset + WELL_AFTER:
        return f"the log of {origin.host} ends too soon after the attempt: take a later one"
    return ""


def _place(seen: Sighting) -> str:
    zone = " UTC" if seen.origin.zoned else ""
    return f"{seen.queue_id} on {seen.origin.host} at {seen.at:%Y-%m-%d %H:%M:%S}{zone}"
