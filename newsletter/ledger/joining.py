"""Joining a list by form: a request, the token that was mailed, and its confirmation.

Of a token only the SHA-256 is kept: whoever reads the ledger can confirm nothing with it.
"""

import datetime as dt
import hashlib
import secrets
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from newsletter.consent import (
    Answer,
    Asked,
    Basis,
    Change,
    Confirmed,
    ConsentEvent,
    ConsentTo,
    Membership,
    Reply,
    Request,
    Told,
)
from newsletter.ledger import consents, schema, suppressions
from newsletter.ledger.rows import storable, to_json, upsert
from newsletter.values import Address

GOOD_FOR = dt.timedelta(days=2)
"""How long a request can be confirmed; then nothing of it is kept."""
QUIET = dt.timedelta(minutes=10)
"""How soon a mail may follow another to the same address."""
LIFTED = frozenset({"unsubscribed"})
"""Reasons of suppression that the reader's own confirmation undoes: it was the reader's word."""

_table = schema.subscription


def request(connection: Connection, asked: Request, barred: str | None) -> Answer:
    """Write down who asks to join which lists; the token that the mail is to carry.

    ``barred`` is why the address is suppressed, if it is.
    """
    now = asked.told.at
    _drop_expired(connection, now)
    if barred is not None and barred not in LIFTED:
        return Answer(Reply.BARRED)
    known = _rows(connection, asked.address.key)
    joined = {name for name, row in known.items() if row.state == Membership.JOINED}
    if barred is None and joined.issuperset(asked.lists):
        return Answer(Reply.ALREADY)
    waiting = [row for row in known.values() if row.expires_at is not None]
    if any(now - row.requested_at < QUIET for row in waiting):
        return Answer(Reply.TOO_SOON)
    token = secrets.token_urlsafe(24)
    for name in dict.fromkeys(asked.lists):
        _write_request(connection, asked, name, token, known.get(name))
    return Answer(Reply.MAIL, token)


def confirm(connection: Connection, token: str, told: Told) -> Confirmed | None:
    """Join what the token was asked for; None where there is no such token (any more).

    The second time it changes nothing, and after the reader left it does nothing.
    """
    fresh, joined = _asked(connection, token, told.at)
    for row in fresh:
        _join(connection, row, told)
    if fresh:
        _lift(connection, fresh[0].address, told.at)
    found = fresh or joined
    if not found:
        return None
    lists = tuple(row.list_name for row in found)
    return Confirmed(found[0].address, lists, found[0].language, new=bool(fresh))


def asked(connection: Connection, token: str, now: dt.datetime) -> Asked | None:
    """What a token would confirm, or did; None where there is no such token (any more)."""
    fresh, joined = _asked(connection, token, now)
    found = fresh or joined
    if not found:
        return None
    return Asked(found[0].address, tuple(row.list_name for row in found), found[0].language)


def _asked(
    connection: Connection, token: str, now: dt.datetime
) -> tuple[list[Row[*tuple[Any, ...]]], list[Row[*tuple[Any, ...]]]]:
    """The rows that wait for this token, and those that it confirmed before."""
    query = select(_table).where(_table.c.token == _digest(token)).order_by(_table.c.list_name)
    rows = connection.execute(query).all()
    fresh = [row for row in rows if row.expires_at is not None and now <= row.expires_at]
    return fresh, [row for row in rows if row.expires_at is None]


def _rows(connection: Connection, key: str) -> dict[str, Row[*tuple[object, ...]]]:
    query = select(_table).where(_table.c.address_key == key)
    return {row.list_name: row for row in connection.execute(query)}


def _write_request(
    connection: Connection,
    asked: Request,
    name: str,
    token: str,
    known: Row[*tuple[object, ...]] | None,
) -> None:
    """A new row, or the old one with a new token; what was left stays left until confirmed."""
    told = asked.told
    row = {
        "address_key": asked.address.key,
        "list_name": name,
        "address": asked.address.text,
        "state": known.state if known else Membership.PENDING,
        "fields": storable(to_json(dict(asked.fields))),
        "language": storable(told.language),
        "requested_at": told.at,
        "confirmed_at": known.confirmed_at if known else None,
        "left_at": known.left_at if known else None,
        "token": _digest(token),
        "expires_at": told.at + GOOD_FOR,
        "wording": storable(told.wording),
        "ip": storable(told.ip),
    }
    connection.execute(upsert(connection, _table), row)


def _join(connection: Connection, row: Row[*tuple[object, ...]], told: Told) -> None:
    joined = {
        "state": Membership.JOINED,
        "confirmed_at": told.at,
        "left_at": None,
        "expires_at": None,
    }
    connection.execute(update(_table).where(*_is(row)).values(joined))
    asked = f"asked {row.requested_at.isoformat()}" + (f" from {row.ip}" if row.ip else "")
    said = Told(told.at, told.source, row.wording, row.language, told.ip)
    consents.add(
        connection,
        row.address_key,
        ConsentEvent(
            row.address,
            ConsentTo.NEWSLETTER,
            row.list_name,
            Change.GIVEN,
            Basis.EXPRESS,
            said,
            detail=f"{asked}, confirmed by the link that was mailed",
        ),
    )


def _is(row: Row[*tuple[object, ...]]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _table.c.address_key == row.address_key, _table.c.list_name == row.list_name


def _lift(connection: Connection, text: str, now: dt.datetime) -> None:
    """The reader's own earlier unsubscribing no longer holds."""
    address = Address(text)
    if suppressions.reason_for(connection, address.key) in LIFTED:
        suppressions.lift(connection, address, now)


def _drop_expired(connection: Connection, now: dt.datetime) -> None:
    """Of addresses that never confirmed nothing is kept; other rows lose their token."""
    stale = (_table.c.expires_at.is_not(None), _table.c.expires_at < now)
    connection.execute(delete(_table).where(*stale, _table.c.state == Membership.PENDING))
    gone = {"token": None, "expires_at": None}
    connection.execute(update(_table).where(*stale).values(gone))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).hexdigest()
