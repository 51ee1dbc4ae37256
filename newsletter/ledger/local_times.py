"""Readers who are due on their own clocks: their zones, and an instant for each."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Text, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSON

from newsletter.audience.model import ZONE_FIELDS
from newsletter.delivery import DeliveryState
from newsletter.ledger import schema
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import CampaignId

_delivery, _recipient = schema.delivery, schema.recipient
_UNTRIED = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def spread(connection: Connection, number: CampaignId, instants: Mapping[str, dt.datetime]) -> None:
    """Let every reader who was not tried wait for her instant; nothing for nothing.

    ``instants`` are by zone as the lists have it, and hold every one that occurs.
    """
    if not instants:
        return
    stored = {cell: to_microseconds(at) for cell, at in instants.items()}
    mine = (_recipient.c.campaign == _delivery.c.campaign) & (_recipient.c.seq == _delivery.c.seq)
    at = select(case(stored, value=_cell(connection))).where(mine).scalar_subquery()
    waiting = (
        (_delivery.c.campaign == number)
        & _delivery.c.state.in_(_UNTRIED)
        & (_delivery.c.attempts == 0)
    )
    changes = {"state": schema.word(DeliveryState.DEFERRED), "next_at": at}
    connection.execute(update(_delivery).where(waiting).values(**changes))


def zones(connection: Connection, number: CampaignId) -> Mapping[str, int]:
    """How many recipients live in each zone, as their lists have it."""
    cell = _cell(connection).label("cell")
    query = select(cell, func.count()).where(_recipient.c.campaign == number).group_by(cell)
    return {str(name): count for name, count in connection.execute(query)}


def next_turn(connection: Connection, number: CampaignId) -> dt.datetime | None:
    """When the first reader who was not tried yet is due; None if nobody waits for a time."""
    query = select(func.min(_delivery.c.next_at, type_=schema.Instant())).where(
        _delivery.c.campaign == number,
        _delivery.c.state == schema.DEFERRED,
        _delivery.c.attempts == 0,
    )
    found: dt.datetime | None = connection.execute(query).scalar()
    return found


def _cell(connection: Connection) -> ColumnElement[str]:
    """The first of a recipient's zone fields that is filled."""
    if connection.dialect.name == "sqlite":
        fields = [func.json_extract(_recipient.c.fields, f"$.{name}") for name in ZONE_FIELDS]
    else:
        whole = _recipient.c.fields.cast(JSON)
        fields = [whole[name].astext for name in ZONE_FIELDS]
    filled = [func.nullif(each, "", type_=Text) for each in fields]
    return func.coalesce(*filled, literal(""), type_=Text)
