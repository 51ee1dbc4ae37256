"""What an officer says to a campaign: pause, resume, cancel, move, try again, settle."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update

from newsletter.campaign import Due
from newsletter.delivery import (
    Accepted,
    Blame,
    Delivery,
    DeliveryState,
    InDoubt,
    Phase,
    Refused,
    Reply,
)
from newsletter.errors import UsageError
from newsletter.ledger import kept, schema
from newsletter.ledger.local_times import spread
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Settlement
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import campaign_from, delivery_from, storable
from newsletter.ledger.running import cancel_open
from newsletter.ledger.settling import settle
from newsletter.ledger.standing import campaign, locked_campaign

S = CampaignState
_FROM: Mapping[str, frozenset[CampaignState]] = {
    "pause": frozenset({S.SCHEDULED, S.READY, S.RUNNING, S.WAITING}),
    "resume": frozenset({S.PAUSED, S.STOPPED, S.WAITING, S.READY, S.RUNNING, S.MISSED}),
    "cancel": frozenset(
        {S.SCHEDULED, S.READY, S.RUNNING, S.WAITING, S.PAUSED, S.STOPPED, S.MISSED}
    ),
    "reschedule": frozenset({S.SCHEDULED, S.MISSED, S.PAUSED}),
    "miss": frozenset({S.SCHEDULED}),
}
"""From which states each word makes sense."""
_RETRYABLE = frozenset({DeliveryState.REFUSED, DeliveryState.EXPIRED, DeliveryState.DEFERRED})


def pause(connection: Connection, number: CampaignId, now: dt.datetime, reason: str) -> Campaign:
    """Stop claiming: a process that sends sees it before its next group."""
    return _move(connection, number, "pause", S.PAUSED, now, reason)


def to_resume(connection: Connection, number: CampaignId) -> Campaign:
    """A campaign that may be resumed, as it is until this transaction ends."""
    return _fit(connection, number, "resume")


def resume(connection: Connection, before: Campaign, now: dt.datetime) -> Campaign:
    """Let it be run again; the caller runs it, or a worker does.

    One that was paused before its time came waits for it again.
    """
    early = before.due is not None and before.due.instant > now
    again = early and before.state is S.PAUSED and not _has_begun(connection, before.id)
    return _put(connection, before, "resume", S.SCHEDULED if again else S.READY, now)


def cancel(connection: Connection, number: CampaignId, now: dt.datetime, reason: str) -> int:
    """Nobody else gets it, ever; how many are spared."""
    _move(connection, number, "cancel", S.CANCELLED, now, reason)
    return cancel_open(connection, number)


def reschedule(
    connection: Connection,
    number: CampaignId,
    due: Due,
    now: dt.datetime,
    instants: Mapping[str, dt.datetime],
) -> Campaign:
    """Another time for a campaign that has not begun, and for each of its readers' zones."""
    if _has_begun(connection, number):
        message = f"campaign {number} has begun: it has no start to move"
        raise UsageError(message, next_command=f"newsletter status {number}")
    values = {"due_at": due.instant, "due_wall": due.wall_time, "due_zone": due.zone}
    _update(connection, number, values)
    spread(connection, number, instants)
    words = f"to {due.wall_time} {due.zone}"
    return _move(connection, number, "reschedule", S.SCHEDULED, now, "", words)


def mark_missed(connection: Connection, number: CampaignId, now: dt.datetime) -> Campaign:
    """Its time went by: it asks for a new one instead of going out by surprise."""
    before = _fit(connection, number, "miss")
    due = f"{before.due.wall_time} {before.due.zone}" if before.due else "its time"
    return _put(connection, before, "miss", S.MISSED, now, f"nobody could send at {due}")


def retry(
    connection: Connection, number: CampaignId, states: Iterable[DeliveryState], now: dt.datetime
) -> int:
    """Queue deliveries again that were surely not accepted; how many."""
    wanted = frozenset(states)
    if beyond := wanted - _RETRYABLE:
        names = ", ".join(sorted(beyond))
        message = f"deliveries that are {names} are never tried again by a retry"
        raise UsageError(message, cure="retry refused, expired or deferred ones")
    before = campaign_from(locked_campaign(connection, number))
    kept.refuse_retry(connection, number)
    if before.state in {S.CANCELLED, S.RUNNING}:
        message = f"campaign {number} is {before.state}"
        runs = before.state is S.RUNNING
        cure = "pause it first" if runs else "record a follow-up instead"
        raise UsageError(
            message, cure=cure, next_command=f"newsletter pause {number}" if runs else ""
        )
    table = schema.delivery
    statement = update(table).where(
        table.c.campaign == number,
        table.c.state.in_([str(state) for state in wanted]),
        table.c.attempts > 0,  # who was only postponed waits for a turn, not for a retry
    )
    fresh: dict[str, Any] = {"state": DeliveryState.QUEUED, "next_at": None, "first_tried": None}
    fresh |= {"deferrals": 0, "losses": 0}
    count = connection.execute(statement.values(**fresh)).rowcount
    if count:
        if before.state is S.FINISHED:
            _update(connection, number, {"state": S.READY, "reason": ""})
        note_event(connection, number, now, "retry", f"{count} deliveries queued again")
    return count


def settle_doubt(
    connection: Connection,
    number: CampaignId,
    seq: int,
    now: dt.datetime,
    *,
    accepted: bool,
    note: str,
) -> Delivery:
    """An officer's word on a delivery in doubt: the relay took it, or it did not.

    Then it is queued; in a campaign that was cancelled it is spared like everybody who waited,
    and in one that was pruned: it is over for good.
    """
    before = _doubtful(connection, number, seq)
    state = campaign(connection, number).state
    over = state is S.CANCELLED or kept.pruned(connection, number) is not None
    spared = DeliveryState.CANCELLED if over else DeliveryState.QUEUED
    reply = Reply(250, storable(note or "accepted, by the officer's word")) if accepted else None
    after = replace(
        before,
        state=DeliveryState.ACCEPTED if accepted else spared,
        attempts=before.attempts + 1,
        reply=reply,
    )
    word = Accepted(reply) if reply else InDoubt(note or "not accepted, by the officer's word")
    settle(connection, number, [Settlement(seq, now, word, after)], None)
    told = "accepted" if accepted else "not accepted"
    note_event(connection, number, now, "reconciled", f"recipient {seq}: {told}. {note}".strip())
    if not accepted and state is S.FINISHED and not over:
        _update(connection, number, {"state": S.READY, "reason": ""})
    return after


def settle_refused(
    connection: Connection, number: CampaignId, seq: int, now: dt.datetime, reply: Reply
) -> Delivery:
    """The relay's log says that it refused a delivery in doubt after the final dot."""
    before = _doubtful(connection, number, seq)
    reply = replace(reply, text=storable(reply.text))
    after = replace(before, state=DeliveryState.REFUSED, attempts=before.attempts + 1, reply=reply)
    word = Refused(Phase.DOT, reply, Blame.MESSAGE)
    settle(connection, number, [Settlement(seq, now, word, after)], None)
    note_event(connection, number, now, "reconciled", f"recipient {seq}: refused. {reply}")
    return after


def _move(
    connection: Connection,
    number: CampaignId,
    verb: str,
    state: CampaignState,
    now: dt.datetime,
    reason: str,
    detail: str = "",
) -> Campaign:
    """Change the state, or say why the word makes no sense here."""
    return _put(connection, _fit(connection, number, verb), verb, state, now, reason, detail)


def _fit(connection: Connection, number: CampaignId, verb: str) -> Campaign:
    """The campaign, which nobody else changes now; ``UsageError`` where the word has no sense."""
    before = campaign_from(locked_campaign(connection, number))
    if before.state not in _FROM[verb]:
        message = f"campaign {number} is {before.state}: there is nothing to {verb}"
        if verb == "resume" and before.state is S.SCHEDULED:
            cure = f"it is sent at {before.due}; schedule move gives it another time"
            raise UsageError(message, cure=cure, next_command="newsletter schedule list")
        raise UsageError(message, next_command=f"newsletter status {number}")
    return before


def _put(
    connection: Connection,
    before: Campaign,
    verb: str,
    state: CampaignState,
    now: dt.datetime,
    reason: str = "",
    detail: str = "",
) -> Campaign:
    _update(connection, before.id, {"state": state, "reason": storable(reason)})
    note_event(connection, before.id, now, verb, storable(detail or reason))
    return replace(before, state=state, reason=reason)


def _update(connection: Connection, number: CampaignId, values: Mapping[str, Any]) -> None:
    table = schema.campaign
    connection.execute(update(table).where(table.c.id == number).values(**values))


def _has_begun(connection: Connection, number: CampaignId) -> bool:
    query = select(schema.run.c.id).where(schema.run.c.campaign == number).limit(1)
    return connection.execute(query).first() is not None


def _doubtful(connection: Connection, number: CampaignId, seq: int) -> Delivery:
    table = schema.delivery
    query = select(table).where(table.c.campaign == number, table.c.seq == seq)
    row = connection.execute(query).mappings().first()
    if row is None or row["state"] != DeliveryState.IN_DOUBT:
        message = f"recipient {seq} of campaign {number} is not in doubt"
        raise UsageError(message, next_command="newsletter status --in-doubt")
    return delivery_from(row)
