"""A run's turn at a campaign: taken, used group by group, given back. Every write is fenced."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerLocked, UsageError
from newsletter.ledger import pacing, schema
from newsletter.ledger.claiming import claim, put_back
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.lock import Process
from newsletter.ledger.model import CampaignId, CampaignState, Grant, Result, Turn, Want
from newsletter.ledger.notes import NO_TIME, NOTHING, Notes, Until
from newsletter.ledger.prepared import Prepared
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import storable
from newsletter.ledger.settling import settle
from newsletter.ledger.standing import locked_campaign

_delivery, _campaign, _run = schema.delivery, schema.campaign, schema.run
_partition = schema.partition
_STARTABLE = (
    CampaignState.READY,
    CampaignState.WAITING,
    CampaignState.RUNNING,
    CampaignState.SCHEDULED,
)
_TO_GO_ON = (CampaignState.PAUSED, CampaignState.WAITING)
_OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def begin_run(
    connection: Connection,
    campaign: CampaignId,
    process: Process,
    now: dt.datetime,
    *,
    to_send: bool = True,
) -> Turn:
    """Take the campaign: a new epoch, so that whoever had it before can write nothing more.

    A turn that is not ``to_send`` leaves the state as it is: it only clears up.
    """
    row = locked_campaign(connection, campaign)
    epoch = int(row["epoch"]) + 1
    changes: dict[str, Any] = {"epoch": epoch}
    if to_send:
        refuse_unless_startable(row, now)
        changes |= {"state": CampaignState.RUNNING, "reason": "", "resume_at": None}
        pacing.forget(connection, now)
    close_open_runs(connection, campaign)
    take_all_parts(connection, campaign)
    connection.execute(update(_campaign).where(_campaign.c.id == campaign).values(**changes))
    kind = "started" if to_send else "clearing up"
    note_event(connection, campaign, now, kind, f"by process {process.pid} on {process.host}")
    return Turn(open_run(connection, campaign, epoch, process, now), campaign, epoch)


def close_open_runs(connection: Connection, campaign: CampaignId) -> None:
    """Say of a run whose process is gone that it was interrupted, when it was last seen."""
    left = (_run.c.campaign == campaign) & _run.c.ended_at.is_(None)
    connection.execute(update(_run).where(left).values(ended_at=_run.c.seen_at, why="interrupted"))


def exchange(
    connection: Connection,
    turn: Turn,
    results: Sequence[Result],
    want: Want,
    now: dt.datetime,
    notes: Notes = NOTHING,
) -> Grant:
    """Write outcomes and notes and claim the next rows, in one transaction.

    A row is claimed, and the claim committed, before any octet of its message is sent.
    """
    state = _fence(connection, turn)
    settle(connection, turn.campaign, results, turn.run)
    pacing.write(connection, turn.campaign, notes, now)
    _SEEN.change(connection, {"r": turn.run, "at": to_microseconds(now)})
    if state is not CampaignState.RUNNING or not want.count:
        return Grant(state)
    return claim(connection, turn, want, now)


def release(connection: Connection, turn: Turn, seqs: Iterable[int]) -> None:
    """Put claimed rows that were not tried back where they came from."""
    _fence(connection, turn)
    put_back(connection, turn.campaign, seqs)


def end_run(
    connection: Connection,
    turn: Turn,
    state: CampaignState,
    why: str,
    now: dt.datetime,
    until: Until = NO_TIME,
) -> CampaignState:
    """Close the run. What an officer said meanwhile (pause, cancel) outweighs ``state``.

    A campaign in which nobody waits any more is finished: there is nothing to go on with.
    """
    told = _fence(connection, turn)
    final = state if told is CampaignState.RUNNING else told
    if final in _TO_GO_ON and not _someone_waits(connection, turn.campaign):
        final = CampaignState.FINISHED
    if final is not told:
        kept = final is state
        move(connection, turn, final, why if kept else "", until if kept else NO_TIME)
    if until.after_canary:
        mark_canary(connection, turn, now)
    if final is CampaignState.CANCELLED:
        cancel_open(connection, turn.campaign)
    close_run(connection, turn, why or str(final), now)
    note_event(connection, turn.campaign, now, str(final), storable(why))
    return final


def move(
    connection: Connection, turn: Turn, state: CampaignState, why: str, until: Until = NO_TIME
) -> None:
    """Write the state in which a run leaves its campaign, and for what it waits."""
    values = {"state": state, "reason": storable(why), "resume_at": until.resume_at}
    connection.execute(update(_campaign).where(_campaign.c.id == turn.campaign).values(**values))


def mark_canary(connection: Connection, turn: Turn, now: dt.datetime) -> None:
    """The first few were sent."""
    mark = update(_campaign).where(_campaign.c.id == turn.campaign).values(canary_at=now)
    connection.execute(mark)


def close_run(connection: Connection, turn: Turn, why: str, now: dt.datetime) -> None:
    """The run came to its end, and why."""
    ended = {"ended_at": now, "seen_at": now, "why": storable(why)}
    connection.execute(update(_run).where(_run.c.id == turn.run).values(**ended))


def take_all_parts(connection: Connection, campaign: CampaignId) -> None:
    """Nobody has a part of what is taken as a whole."""
    free = {"run": None, "worker": "", "claimed": 0, "said": "", "epoch": _partition.c.epoch + 1}
    connection.execute(update(_partition).where(_partition.c.campaign == campaign).values(**free))


def _someone_waits(connection: Connection, campaign: CampaignId) -> bool:
    waiting = _delivery.c.state.in_(_WAITING)
    query = select(_delivery.c.seq).where(_delivery.c.campaign == campaign, waiting).limit(1)
    return connection.execute(query).first() is not None


def cancel_open(connection: Connection, campaign: CampaignId) -> int:
    """Whoever waits gets nothing; claimed rows are their run's to settle."""
    waiting = _delivery.c.state.in_(_WAITING)
    statement = update(_delivery).where(_delivery.c.campaign == campaign, waiting)
    values = {"state": DeliveryState.CANCELLED, "next_at": None}
    return connection.execute(statement.values(**values)).rowcount


def refuse_unless_startable(row: RowMapping, now: dt.datetime) -> None:
    """``UsageError`` says why a campaign may not be run."""
    state = CampaignState(row["state"])
    if state not in _STARTABLE:
        message = f"campaign {row['id']} is {state}" + (
            f": {row['reason']}" if row["reason"] else ""
        )
        word = "status" if state in _OVER else "resume"
        raise UsageError(message, next_command=f"newsletter {word} {row['slug']}")
    if state is CampaignState.SCHEDULED and row["due_at"] > now:
        message = f"campaign {row['id']} is due {row['due_wall']} {row['due_zone']}, not yet"
        raise UsageError(message, next_command="newsletter schedule list")


def open_run(
    connection: Connection,
    campaign: CampaignId,
    epoch: int,
    process: Process,
    now: dt.datetime,
    *,
    partition: int | None = None,
) -> int:
    """Write down who begins; the run's number."""
    values = {
        "campaign": campaign,
        "epoch": epoch,
        "pid": process.pid,
        "host": process.host,
        "boot": process.boot,
        "started_at": now,
        "seen_at": now,
        "why": "",
        "partition": partition,
    }
    key = connection.execute(insert(_run), values).inserted_primary_key
    return int(key[0]) if key else 0


def _fence(connection: Connection, turn: Turn) -> CampaignState:
    """The campaign's state; ``LedgerLocked`` if another process took it meanwhile."""
    epoch, state = _FENCE.row(connection, {"c": turn.campaign})
    if epoch != turn.epoch:
        message = f"another process took over campaign {turn.campaign}; this one wrote nothing more"
        raise LedgerLocked(message, next_command="newsletter status")
    return CampaignState(state)


_FENCE = Prepared(
    select(_campaign.c.epoch, _campaign.c.state)
    .where(_campaign.c.id == bindparam("c"))
    .with_for_update()
)
_SEEN = Prepared(update(_run).where(_run.c.id == bindparam("r")).values(seen_at=bindparam("at")))
