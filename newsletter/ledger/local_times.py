"""Readers who are due on their own clocks: their zones, and an instant for each."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    case,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON

from newsletter.audience.model import ZONE_FIELDS
from newsletter.delivery import DeliveryState
from newsletter.ledger import schema
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import CampaignId
from newsletter.ledger.own_tables import name_of

_delivery, _recipient = schema.delivery, schema.recipient
_UNTRIED = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def spread(
    connection: Connection,
    number: CampaignId,
    instants: Mapping[str, dt.datetime],
    *,
    apart: bool = False,
) -> None:
    """Let every reader who was not tried wait for her instant; nothing for nothing.

    ``instants`` are by zone as the lists have it, and hold every one that occurs. ``apart``: in
    the campaign's own tables, which are no part of the others yet.
    """
    if not instants:
        return
    stored = {cell: to_microseconds(at) for cell, at in instants.items()}
    delivery, who = (_own(table, number) if apart else table for table in (_delivery, _recipient))
    mine = (who.c.campaign == delivery.c.campaign) & (who.c.seq == delivery.c.seq)
    at = select(case(stored, value=_cell(connection, who))).where(mine).scalar_subquery()
    waiting = (
        (delivery.c.campaign == number)
        & delivery.c.state.in_(_UNTRIED)
        & (delivery.c.attempts == 0)
    )
    changes = {"state": schema.word(DeliveryState.DEFERRED), "next_at": at}
    connection.execute(update(delivery).where(waiting).values(**changes))


def _own(table: Table, number: CampaignId) -> Table:
    return table.to_metadata(MetaData(), name=name_of(table.name, number))


def zones(connection: Connection, number: CampaignId) -> Mapping[str, int]:
    """How many recipients live in each zone, as their lists have it."""
    cell = _cell(connection, _recipient).label("cell")
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


def _cell(connection: Connection, who: Table) -> ColumnElement[str]:
    """The first of a recipient's zone fields that is filled."""
    if connection.dialect.name == "sqlite":
        fields = [func.json_extract(who.c.fields, f"$.{name}") for name in ZONE_FIELDS]
    else:
        whole = who.c.fields.cast(JSON)
        fields = [whole[name].astext for name in ZONE_FIELDS]
    filled = [func.nullif(each, "", type_=Text) for each in fields]
    return func.coalesce(*filled, literal(""), type_=Text)
