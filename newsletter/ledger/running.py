"""A run's turn at a campaign: taken, used group by group, given back. Every write is fenced."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerLocked, UsageError
from newsletter.ledger import schema
from newsletter.ledger.claiming import claim, put_back
from newsletter.ledger.lock import Process
from newsletter.ledger.model import CampaignId, CampaignState, Grant, Settlement, Turn, Want
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import storable
from newsletter.ledger.settling import settle

_delivery, _campaign = schema.delivery, schema.campaign
_STARTABLE = (
    CampaignState.READY,
    CampaignState.WAITING,
    CampaignState.RUNNING,
    CampaignState.SCHEDULED,
)


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
    row = _locked_campaign(connection, campaign)
    epoch = int(row["epoch"]) + 1
    changes: dict[str, Any] = {"epoch": epoch}
    if to_send:
        _refuse_unless_startable(row, now)
        changes |= {"state": CampaignState.RUNNING, "reason": ""}
    close_open_runs(connection, campaign)
    connection.execute(update(_campaign).where(_campaign.c.id == campaign).values(**changes))
    values = {
        "campaign": campaign,
        "epoch": epoch,
        "pid": process.pid,
        "host": process.host,
        "boot": process.boot,
        "started_at": now,
        "seen_at": now,
        "why": "",
    }
    key = connection.execute(insert(schema.run), values).inserted_primary_key
    turn = Turn(run=key[0] if key else 0, campaign=campaign, epoch=epoch)
    kind = "started" if to_send else "clearing up"
    note_event(connection, campaign, now, kind, f"by process {process.pid} on {process.host}")
    return turn


def close_open_runs(connection: Connection, campaign: CampaignId) -> None:
    """Say of a run whose process is gone that it was interrupted, when it was last seen."""
    run = schema.run
    left = (run.c.campaign == campaign) & run.c.ended_at.is_(None)
    connection.execute(update(run).where(left).values(ended_at=run.c.seen_at, why="interrupted"))


def exchange(
    connection: Connection,
    turn: Turn,
    settlements: Sequence[Settlement],
    want: Want,
    now: dt.datetime,
) -> Grant:
    """Write outcomes and claim the next rows, in one transaction.

    A row is claimed, and the claim committed, before any octet of its message is sent.
    """
    state = _fence(connection, turn)
    settle(connection, turn.campaign, settlements, turn.run)
    _touch(connection, turn, now)
    if state is not CampaignState.RUNNING or not want.count:
        return Grant(state)
    return claim(connection, turn, want, now)


connection: Connection, turn: Turn, seqs: Iterable[int]) -> None:
    """Put claimed rows that were not tried back where they came from."""
    _fence(connection, turn)
    rows = [{"c": turn.campaign, "s": seq} for seq in seqs]
    if rows:
        connection.execute(_RELEASE, rows)


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
) -> CampaignState:
    """Close the run. What an officer said meanwhile (pause, cancel) outweighs ``state``."""
    told = _fence(connection, turn)
    final = state if told is CampaignState.RUNNING else told
    if told is CampaignState.RUNNING:
        values = {"state": state, "reason": storable(why)}
        connection.execute(
            update(_campaign).where(_campaign.c.id == turn.campaign).values(**values)
        )
    if final is CampaignState.CANCELLED:
        cancel_open(connection, turn.campaign)
    ended = {"ended_at": now, "seen_at": now, "why": storable(why) or str(final)}
    connection.execute(update(schema.run).where(schema.run.c.id == turn.run).values(**ended))
    note_event(connection, turn.campaign, now, str(final), storable(why))
    return final


def cancel_open(connection: Connection, campaign: CampaignId) -> int:
    """Whoever waits gets nothing; claimed rows are their run's to settle."""
    waiting = _delivery.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED])
    statement = update(_delivery).where(_delivery.c.campaign == campaign, waiting)
    values = {"state": DeliveryState.CANCELLED, "next_at": None}
    return connection.execute(statement.values(**values)).rowcount


connection: Connection, campaign: CampaignId) -> tuple[tuple[int, ClaimedRow], ...]:
    """Rows still claimed, each with the run that claimed it."""
    query = _rows(campaign).where(_delivery.c.state == DeliveryState.CLAIMED)
    return tuple(
        (row["run"] or 0, _claimed_from(row)) for row in connection.execute(query).mappings()
    )


def _locked_campaign(connection: Connection, campaign: CampaignId) -> Any:
    query = select(_campaign).where(_campaign.c.id == campaign).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        message = f"there is no campaign {campaign}"
        raise UsageError(message, next_command="newsletter status")
    return row


def _refuse_unless_startable(row: Any, now: dt.datetime) -> None:
    state = CampaignState(row["state"])
    if state not in _STARTABLE:
        message = f"campaign {row['id']} is {state}" + (
            f": {row['reason']}" if row["reason"] else ""
        )
        raise UsageError(message, next_command=f"newsletter resume {row['slug']}")
    if state is CampaignState.SCHEDULED and row["due_at"] > now:
        message = f"campaign {row['id']} is due {row['due_wall']} {row['due_zone']}, not yet"
        raise UsageError(message, next_command="newsletter schedule list")


def _fence(connection: Connection, turn: Turn) -> CampaignState:
    """The campaign's state; ``LedgerLocked`` if another process took it meanwhile."""
    query = select(_campaign.c.epoch, _campaign.c.state).where(_campaign.c.id == turn.campaign)
    epoch, state = connection.execute(query.with_for_update()).one()
    if epoch != turn.epoch:
        message = f"another process took over campaign {turn.campaign}; this one wrote nothing more"
        raise LedgerLocked(message, next_command="newsletter status")
    return CampaignState(state)


def _touch(connection: Connection, turn: Turn, now: dt.datetime) -> None:
    connection.execute(update(schema.run).where(schema.run.c.id == turn.run).values(seen_at=now))


connection: Connection, turn: Turn, want: Want, now: dt.datetime) -> Grant:
    retries = _due_retries(connection, turn.campaign, want.count, now)
    queued = _queued(connection, turn.campaign, want.count - len(retries), want.after_seq)
    seqs = retries + queued
    if not seqs:
        next_at = next_retry(connection, turn.campaign)
        return Grant(CampaignState.RUNNING, next_retry_at=next_at, empty=True)
    marked = connection.execute(_CLAIM, {"c": turn.campaign, "seqs": seqs, "r": turn.run}).all()
    claimed = [seq for seq, state in marked if state == DeliveryState.CLAIMED]
    query = _rows(turn.campaign).where(_delivery.c.seq.in_(claimed)).order_by(_delivery.c.seq)
    rows = connection.execute(query).mappings() if claimed else ()
    return Grant(
        CampaignState.RUNNING,
        rows=tuple(_claimed_from(row) for row in rows),
        last_seq=queued[-1] if queued else want.after_seq,
        suppressed=len(marked) - len(claimed),
    )


connection: Connection, campaign: CampaignId, count: int, after: int) -> list[int]:
    """Queued rows in order; at the end, those that were put back have lower numbers."""
    query = (
        select(_delivery.c.seq)
        .where(
            _delivery.c.campaign == campaign,
            _delivery.c.state == DeliveryState.QUEUED,
            _delivery.c.seq > after,
        )
        .order_by(_delivery.c.seq)
        .limit(count)
    )
    if count <= 0:
        return []
    found = list(connection.execute(query).scalars())
    return found if found or not after else _queued(connection, campaign, count, 0)


campaign: CampaignId) -> Select[Any]:
    """Claimed deliveries with what fills their messages."""
    joined = _delivery.join(
        _recipient,
        (_recipient.c.campaign == _delivery.c.campaign) & (_recipient.c.seq == _delivery.c.seq),
    )
    theirs = [_recipient.c[name] for name in ("address", "variant", "fields", "lists")]
    return select(_delivery, *theirs).select_from(joined).where(_delivery.c.campaign == campaign)


row: Any) -> ClaimedRow:
    return ClaimedRow(
        seq=row["seq"],
        address=row["address"],
        variant=row["variant"],
        fields=json.loads(row["fields"]),
        lists=tuple(json.loads(row["lists"])),
        delivery=delivery_from(row),
    )


campaign: CampaignId, settlement: Settlement, run: int | None) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "seq": settlement.seq,
        "n": settlement.after.attempts,
        "run": run,
        "at": settlement.at,
        **describe(settlement.outcome),
    }


campaign: CampaignId, settlement: Settlement) -> dict[str, Any]:
    after = settlement.after
    return {
        "c": campaign,
        "s": settlement.seq,
        "state": after.state,
        "attempts": after.attempts,
        "deferrals": after.deferrals,
        "losses": after.losses,
        "doubted": after.doubted,
        "first_tried": after.first_tried,
        "last_tried": settlement.at,
        "next_at": after.next_at,
        "code": after.reply.code if after.reply else None,
        "reply": hash_of(after.reply),
    }


(_delivery.c.campaign == bindparam("c")) & (_delivery.c.seq == bindparam("s"))
_delivery.c.state == DeliveryState.CLAIMED
(
    "state",
    "attempts",
    "deferrals",
    "losses",
    "doubted",
    "first_tried",
    "last_tried",
    "next_at",
    "code",
    "reply",
)
(
    update(_delivery)
    .where(_OURS, _delivery.c.state == bindparam("was"))
    .values({name: bindparam(name) for name in _SETTLED})
)
(
    update(_delivery)
    .where(_OURS, _WAS_CLAIMED)
    .values(
        state=case(
            (_delivery.c.next_at.is_not(None), DeliveryState.DEFERRED), else_=DeliveryState.QUEUED
        )
    )
)
exists().where(
    schema.suppression.c.address_key == _recipient.c.address_key,
    _recipient.c.campaign == _delivery.c.campaign,
    _recipient.c.seq == _delivery.c.seq,
)
(
    update(_delivery)
    .where(
        _delivery.c.campaign == bindparam("c"),
        _delivery.c.seq.in_(bindparam("seqs", expanding=True)),
        _delivery.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED]),
    )
    .values(
        state=case((_IS_SUPPRESSED, DeliveryState.SUPPRESSED), else_=DeliveryState.CLAIMED),
        next_at=case((_IS_SUPPRESSED, None), else_=_delivery.c.next_at),
        run=bindparam("r"),
    )
    .returning(_delivery.c.seq, _delivery.c.state)
)
"""Suppression is asked in the statement that claims: recorded before it, it holds."""
