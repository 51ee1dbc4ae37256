"""Claiming: which rows a run may try next, and putting back what it did not try."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    case,
    exists,
    literal_column,
    null,
    select,
    update,
)

from newsletter.delivery import Delivery, DeliveryState, Reply
from newsletter.ledger import schema
from newsletter.ledger.instants import from_microseconds, to_microseconds
from newsletter.ledger.model import CampaignId, CampaignState, ClaimedRow, Grant, Turn, Want
from newsletter.ledger.prepared import Prepared
from newsletter.ledger.standing import next_retry

_delivery, _recipient = schema.delivery, schema.recipient
_Mark = tuple[int, str]
"""A row's number and the state it was given."""
_Stored = Sequence[Any]


def claim(connection: Connection, turn: Turn, want: Want, now: dt.datetime) -> Grant:
    """Mark the next rows claimed, or suppressed where the reader is by now."""
    retries = _retries(connection, turn, want.count, now)
    queued = _queued(connection, turn, want.count - len(retries), want.after_seq)
    marked = retries + queued
    if not marked:
        next_at = next_retry(connection, turn.campaign)
        return Grant(CampaignState.RUNNING, next_retry_at=next_at, empty=True)
    claimed = sorted(seq for seq, state in marked if state == DeliveryState.CLAIMED)
    return Grant(
        CampaignState.RUNNING,
        rows=_rows(connection, turn.campaign, claimed),
        last_seq=max((seq for seq, _ in queued), default=want.after_seq),
        suppressed=len(marked) - len(claimed),
    )


def put_back(connection: Connection, campaign: CampaignId, seqs: Iterable[int]) -> None:
    """Claimed rows become again what they were: deferred if they have a time, else queued."""
    rows = [{"c": campaign, "s": seq} for seq in seqs]
    if rows:
        connection.execute(_PUT_BACK, rows)


def leftovers(connection: Connection, campaign: CampaignId) -> tuple[tuple[int, ClaimedRow], ...]:
    """Rows still claimed, each with the run that claimed it."""
    found = _CLAIMED.run(connection, {"c": campaign, "low": 0, "high": _HIGHEST})
    return tuple((row[1] or 0, _claimed_from(row)) for row in found.all())


def _retries(connection: Connection, turn: Turn, count: int, now: dt.datetime) -> list[_Mark]:
    """Claim deferred rows whose time has come."""
    values = {"c": turn.campaign, "now": to_microseconds(now), "limit": count}
    seqs = [seq for (seq,) in _DUE.run(connection, values)]
    if not seqs:
        return []
    marked = connection.execute(_CLAIM, {"c": turn.campaign, "seqs": seqs, "r": turn.run})
    return [(seq, state) for seq, state in marked]


def _queued(connection: Connection, turn: Turn, count: int, after: int) -> list[_Mark]:
    """Claim queued rows in order; at the end, those that were put back have lower numbers."""
    if count <= 0:
        return []
    values = {"c": turn.campaign, "r": turn.run, "after": after, "limit": count}
    marked = [(seq, state) for seq, state in _CLAIM_NEXT.run(connection, values).all()]
    return marked if marked or not after else _queued(connection, turn, count, 0)


def _rows(
    connection: Connection, campaign: CampaignId, seqs: Sequence[int]
) -> tuple[ClaimedRow, ...]:
    """What fills the messages of these claimed rows; between them lie others of this run's."""
    if not seqs:
        return ()
    wanted = set(seqs)
    found = _CLAIMED.run(connection, {"c": campaign, "low": seqs[0], "high": seqs[-1]})
    return tuple([_claimed_from(row) for row in found.all() if row[0] in wanted])


def _claimed_from(row: _Stored) -> ClaimedRow:
    """A row of ``_CLAIMED``, as the driver gives it."""
    seq, _, address, variant, fields, lists, *tries = row
    return ClaimedRow(
        seq=seq,
        address=address,
        variant=variant,
        fields=_decode(fields)[0],
        lists=_lists_from(lists),
        delivery=_delivery_from(tuple(tries)) if tries != _NEVER else _FRESH,
    )


def _delivery_from(tries: tuple[Any, ...]) -> Delivery:
    attempts, deferrals, losses, doubted, first_tried, next_at, code = tries
    return Delivery(
        state=DeliveryState.CLAIMED,
        attempts=attempts,
        first_tried=None if first_tried is None else from_microseconds(first_tried),
        next_at=None if next_at is None else from_microseconds(next_at),
        reply=None if code is None else Reply(code, ""),
        deferrals=deferrals,
        losses=losses,
        doubted=bool(doubted),
    )


@lru_cache(maxsize=1_000)
def _lists_from(stored: str) -> tuple[str, ...]:
    """Readers share few combinations of lists."""
    return tuple(json.loads(stored))


_decode = json.JSONDecoder().raw_decode
_FRESH = Delivery(DeliveryState.CLAIMED)
_NEVER = [0, 0, 0, False, None, None, None]
"""The columns of a delivery that was never tried."""
_HIGHEST = 2**31 - 1
_LIMIT = bindparam("limit", type_=Integer)
_FROM_THE_FIRST: ColumnElement[int] = literal_column("0")
"""Said, because SQLite would be given it as one more value."""
_DUE = Prepared(
    select(_delivery.c.seq)
    .where(
        _delivery.c.campaign == bindparam("c"),
        _delivery.c.state == schema.DEFERRED,
        _delivery.c.next_at <= bindparam("now"),
    )
    .order_by(_delivery.c.next_at)
    .limit(_LIMIT)
    .offset(_FROM_THE_FIRST)
)
_CLAIMED = Prepared(
    select(
        _delivery.c.seq,
        _delivery.c.run,
        *(_recipient.c[name] for name in ("address", "variant", "fields", "lists")),
        *(_delivery.c[name] for name in ("attempts", "deferrals", "losses", "doubted")),
        *(_delivery.c[name] for name in ("first_tried", "next_at", "code")),
    )
    .select_from(
        _delivery.join(
            _recipient,
            (_recipient.c.campaign == _delivery.c.campaign) & (_recipient.c.seq == _delivery.c.seq),
        )
    )
    .where(
        _delivery.c.campaign == bindparam("c"),
        _delivery.c.seq.between(bindparam("low"), bindparam("high")),
        _delivery.c.state == schema.word(DeliveryState.CLAIMED),
    )
    .order_by(_delivery.c.seq)
)
"""Claimed deliveries with what fills their messages."""
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
_MARK = (
    update(_delivery)
    .where(_delivery.c.campaign == bindparam("c"))
    .values(
        state=case(
            (_IS_SUPPRESSED, schema.word(DeliveryState.SUPPRESSED)),
            else_=schema.word(DeliveryState.CLAIMED),
        ),
        next_at=case((_IS_SUPPRESSED, null()), else_=_delivery.c.next_at),
        run=bindparam("r"),
    )
    .returning(_delivery.c.seq, _delivery.c.state)
)
"""Suppression is asked in the statement that claims: recorded before it, it holds."""
_CLAIM = _MARK.where(
    _delivery.c.seq.in_(bindparam("seqs", expanding=True)),
    _delivery.c.state == schema.DEFERRED,
)
_waiting = _delivery.alias("waiting")
_CLAIM_NEXT = Prepared(
    _MARK.where(
        _delivery.c.seq.in_(
            select(_waiting.c.seq)
            .where(
                _waiting.c.campaign == bindparam("c"),
                _waiting.c.state == schema.word(DeliveryState.QUEUED),
                _waiting.c.seq > bindparam("after"),
            )
            .order_by(_waiting.c.seq)
            .limit(_LIMIT)
            .offset(_FROM_THE_FIRST)
        ),
        _delivery.c.state == schema.word(DeliveryState.QUEUED),
    )
)
