"""Consent in the ledger: events are added, read, and never altered."""

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Row, Select, insert, select

from newsletter.consent import (
    Basis,
    Change,
    ConsentEvent,
    ConsentTo,
    Lapse,
    Told,
    standing,
)
from newsletter.ledger import schema
from newsletter.ledger.database import streamed
from newsletter.ledger.rows import storable

_table = schema.consent


def add(connection: Connection, key: str, *events: ConsentEvent) -> None:
    """Write down what was said about the address of this key."""
    if events:
        connection.execute(insert(_table), [_row(key, event) for event in events])


def said(
    key: str | None = None,
    purpose: ConsentTo | None = None,
    list_name: str | None = None,
) -> Select[*tuple[object, ...]]:
    """The question for events, all or those of one address, purpose or list, in order."""
    query = select(_table).order_by(_table.c.id)
    if key is not None:
        query = query.where(_table.c.address_key == key)
    if purpose is not None:
        query = query.where(_table.c.purpose == purpose)
    if list_name is not None:
        query = query.where(_table.c.list_name.in_([list_name, ""]))
    return query


def events(
    connection: Connection, query: Select[*tuple[object, ...]]
) -> Iterator[tuple[str, ConsentEvent]]:
    """The answer to ``said``: the address's key with each event."""
    for row in streamed(connection, query):
        yield row.address_key, _event(row)


def implied(
    connection: Connection, lists: Sequence[str], before: dt.datetime, now: dt.datetime
) -> Iterator[Lapse]:
    """Implied consents that stand alone and lapse before an instant.

    ``lists`` are those that a consent to all lists is about.
    """
    lapsing = select(_table.c.address_key).where(
        _table.c.lapses_at.is_not(None),
        _table.c.lapses_at <= before,
        _table.c.purpose == ConsentTo.NEWSLETTER,
    )
    query = (
        select(_table)
        .where(_table.c.address_key.in_(lapsing), _table.c.purpose == ConsentTo.NEWSLETTER)
        .order_by(_table.c.address_key, _table.c.id)
    )
    of_one: list[ConsentEvent] = []
    last = ""
    for key, event in events(connection, query):
        if of_one and key != last:
            yield from _lapsing(last, of_one, lists, before, now)
            of_one = []
        last = key
        of_one.append(event)
    yield from _lapsing(last, of_one, lists, before, now)


def _lapsing(
    key: str,
    of_one: list[ConsentEvent],
    lists: Sequence[str],
    before: dt.datetime,
    now: dt.datetime,
) -> Iterator[Lapse]:
    """What lapses of one address's consents; what is about all lists is about each."""
    names = {event.list_name for event in of_one}
    if "" in names:
        names = (names - {""}) | {*lists}
    for name in sorted(names):
        about = [event for event in of_one if event.list_name in {name, ""}]
        now_stands = standing(about, now)
        if now_stands.until and now_stands.until <= before:
            yield Lapse(about[-1].address, key, name, now_stands.until, not now_stands.holds)


def _row(key: str, event: ConsentEvent) -> dict[str, object]:
    told = event.told
    return {
        "address_key": key,
        "address": event.address,
        "purpose": event.purpose,
        "list_name": event.list_name,
        "change": event.change,
        "basis": event.basis,
        "at": told.at,
        "source": storable(told.source),
        "wording": storable(told.wording),
        "language": storable(told.language),
        "ip": storable(told.ip),
        "lapses_at": event.lapses_at,
        "detail": storable(event.detail),
    }


def _event(row: Row[*tuple[object, ...]]) -> ConsentEvent:
    return ConsentEvent(
        address=row.address,
        purpose=ConsentTo(row.purpose),
        list_name=row.list_name,
        change=Change(row.change),
        basis=Basis(row.basis),
        told=Told(row.at, row.source, row.wording, row.language, row.ip),
        lapses_at=row.lapses_at,
        detail=row.detail,
    )
