"""Claiming: which rows a run may try next, and putting back what it did not try."""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, exists, select, update

from newsletter.delivery import DeliveryState
from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, CampaignState, ClaimedRow, Grant, Turn, Want
from newsletter.ledger.rows import delivery_from
from newsletter.ledger.standing import next_retry

_delivery, _recipient = schema.delivery, schema.recipient


def claim(connection: Connection, turn: Turn, want: Want, now: dt.datetime) -> Grant:
    """Mark the next rows claimed, or suppressed where the reader is by now."""
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


def put_back(connection: Connection, campaign: CampaignId, seqs: Iterable[int]) -> None:
    """Claimed rows become again what they were: deferred if they have a time, else queued."""
    rows = [{"c": campaign, "s": seq} for seq in seqs]
    if rows:
        connection.execute(_PUT_BACK, rows)


def leftovers(connection: Connection, campaign: CampaignId) -> tuple[tuple[int, ClaimedRow], ...]:
    """Rows still claimed, each with the run that claimed it."""
    query = _rows(campaign).where(_delivery.c.state == DeliveryState.CLAIMED)
    return tuple(
        (row["run"] or 0, _claimed_from(row)) for row in connection.execute(query).mappings()
    )


def _due_retries(
    connection: Connection, campaign: CampaignId, count: int, now: dt.datetime
) -> list[int]:
    query = (
        select(_delivery.c.seq)
        .where(
            _delivery.c.campaign == campaign,
            _delivery.c.state == schema.DEFERRED,
            _delivery.c.next_at <= now,
        )
        .order_by(_delivery.c.next_at)
        .limit(count)
    )
    return list(connection.execute(query).scalars())


def _queued(connection: Connection, campaign: CampaignId, count: int, after: int) -> list[int]:
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


def _rows(campaign: CampaignId) -> Select[Any]:
    """Claimed deliveries with what fills their messages."""
    joined = _delivery.join(
        _recipient,
        (_recipient.c.campaign == _delivery.c.campaign) & (_recipient.c.seq == _delivery.c.seq),
    )
    theirs = [_recipient.c[name] for name in ("address", "variant", "fields", "lists")]
    return select(_delivery, *theirs).select_from(joined).where(_delivery.c.campaign == campaign)


def _claimed_from(row: Any) -> ClaimedRow:
    return ClaimedRow(
        seq=row["seq"],
        address=row["address"],
        variant=row["variant"],
        fields=json.loads(row["fields"]),
        lists=tuple(json.loads(row["lists"])),
        delivery=delivery_from(row),
    )


_PUT_BACK = (
    update(_delivery)
    .where(
        _delivery.c.campaign == bindparam("c"),
        _delivery.c.seq == bindparam("s"),
        _delivery.c.state == DeliveryState.CLAIMED,
    )
    .values(
        state=case(
            (_delivery.c.next_at.is_not(None), DeliveryState.DEFERRED), else_=DeliveryState.QUEUED
        )
    )
)
_IS_SUPPRESSED = exists().where(
    schema.suppression.c.address_key == _recipient.c.address_key,
    _recipient.c.campaign == _delivery.c.campaign,
    _recipient.c.seq == _delivery.c.seq,
)
_CLAIM = (
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
