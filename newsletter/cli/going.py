"""A send that goes on, in one line: the same for whoever sends and for whoever watches."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.app.status import Status
from newsletter.cli.layout import number, one_line
from newsletter.delivery import DeliveryState, Reply
from newsletter.dispatch.model import SlowPlace, Snapshot

_FAST = 100.0
_SAID = 60
_WAITING = (DeliveryState.QUEUED, DeliveryState.CLAIMED)


@dataclass(frozen=True, slots=True)
class Going:
    """What is shown of a send, wherever it was learned."""

    counts: Mapping[DeliveryState, int]
    next_retry_at: dt.datetime | None
    per_second: float
    rate: float
    ends: dt.datetime | None
    last_reply: Reply | None = None
    note: str = ""


def going_here(snapshot: Snapshot) -> Going:
    """From the run in this process."""
    return Going(
        counts=snapshot.counts,
        next_retry_at=snapshot.next_retry_at,
        per_second=snapshot.per_second,
        rate=snapshot.rate,
        ends=snapshot.eta if snapshot.left else None,
        last_reply=snapshot.last_reply,
        note=snapshot.note,
    )


def going_elsewhere(seen: Status) -> Going | None:
    """From the ledger, while another process sends; None when nobody does."""
    progress = seen.progress
    if progress is None or not seen.sends:
        return None
    return Going(
        counts=progress.counts,
        next_retry_at=progress.next_retry_at,
        per_second=seen.per_second,
        rate=progress.campaign.terms.rate.per_second,
        ends=seen.ends,
        last_reply=progress.last_reply,
    )


def going_line(going: Going) -> str:
    """Accepted, deferred (next try), refused, in doubt, waiting, rate, end, last words."""
    return " · ".join(_parts(going))


def slow_line(place: SlowPlace) -> str:
    """One domain (or relay) that is slow: how fast it goes, who waits, what it said."""
    speed = f" {_speed(place.per_second)}/s" if place.per_second else ""
    waiting = f", {number(place.waiting)} waiting" if place.waiting else ""
    said = f": “{one_line(place.words)[:_SAID]}”" if place.words else " (its limit)"
    return f"! {place.domain or place.relay}{speed}{waiting}{said}"


def _parts(going: Going) -> Iterator[str]:
    yield f"{number(going.counts.get(DeliveryState.ACCEPTED, 0))} accepted"
    for state in (DeliveryState.DEFERRED, DeliveryState.REFUSED, DeliveryState.IN_DOUBT):
        if count := going.counts.get(state, 0):
            yield f"{number(count)} {state.value.replace('_', ' ')}{_next_try(going, state)}"
    yield f"{number(sum(going.counts.get(state, 0) for state in _WAITING))} waiting"
    yield f"{_speed(going.per_second)}/s of {_speed(going.rate)}/s"
    if going.ends:
        yield f"ends {going.ends.astimezone():%H:%M:%S}"
    if going.note:
        yield going.note
    elif going.last_reply:
        yield f"“{str(going.last_reply)[:30]}”"


def _next_try(going: Going, state: DeliveryState) -> str:
    if state is not DeliveryState.DEFERRED or going.next_retry_at is None:
        return ""
    return f" (next try {going.next_retry_at.astimezone():%H:%M})"


def _speed(per_second: float) -> str:
    """Messages a second: 4.9, or 3 501."""
    return number(round(per_second)) if per_second >= _FAST else f"{per_second:.3g}"
