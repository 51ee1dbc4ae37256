"""Who is never mailed again."""

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Connection, delete, select

from newsletter.consent import Basis, Change, ConsentEvent, ConsentTo, Told
from newsletter.ledger import consents, schema
from newsletter.ledger.database import streamed
from newsletter.ledger.model import Suppression
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import insert_new, storable
from newsletter.values import Address

_table = schema.suppression


READERS_WORD = frozenset({"unsubscribed", "complained"})
"""Reasons that are what the reader said: with them the consent to be mailed is withdrawn."""


def suppress(
    connection: Connection, suppression: Suppression, key: str, told: Told | None = None
) -> bool:
    """Never mail this address again; False if that was so before (the first reason stays).

    ``told`` is how the reader said so, where more is known of it than the suppression's source.
    """
    row = {
        "address_key": key,
        "address": suppression.address,
        "reason": suppression.reason,
        "source": storable(suppression.source),
        "note": storable(suppression.note),
        "at": suppression.at,
    }
    known = select(_table.c.address_key).where(_table.c.address_key == key)
    if connection.execute(known).first():
        return False
    connection.execute(insert_new(connection, _table), row)
    words = f"{suppression.address}: {suppression.reason} ({suppression.source})"
    note_event(connection, None, suppression.at, "suppressed", storable(words))
    if suppression.reason in READERS_WORD:
        how = told or Told(suppression.at, suppression.source)
        withdrawn = _about_all(suppression.address, Change.WITHDRAWN, how, suppression.reason)
        consents.add(connection, key, withdrawn)
    return True


def reason_for(connection: Connection, key: str) -> str | None:
    """Why the address of this key is never mailed; None if it may be."""
    return connection.execute(select(_table.c.reason).where(_table.c.address_key == key)).scalar()


def unsuppress(connection: Connection, address: Address, now: dt.datetime) -> bool:
    """Let an address be mailed again, on the officer's word that its reader asked for it.

    False if it was not suppressed.
    """
    reason = reason_for(connection, address.key)
    gone = lift(connection, address, now)
    if reason in READERS_WORD:
        words = f"no longer {reason}: the reader asked to be mailed again"
        asked = _about_all(address.text, Change.GIVEN, Told(now, "officer"), words)
        consents.add(connection, address.key, asked)
    return gone


def take_back(connection: Connection, address: Address, made_at: dt.datetime, told: Told) -> bool:
    """Undo the unsubscribing of this very instant, on its reader's word; False if it is gone."""
    query = select(_table.c.at).where(_table.c.address_key == address.key)
    if connection.execute(query).scalar() != made_at:
        return False
    lift(connection, address, told.at)
    words = "pressed by mistake: taken back from the page that followed"
    consents.add(connection, address.key, _about_all(address.text, Change.GIVEN, told, words))
    return True


def lift(connection: Connection, address: Address, now: dt.datetime) -> bool:
    """Take a suppression away and say so; False if there was none."""
    gone = connection.execute(delete(_table).where(_table.c.address_key == address.key)).rowcount
    if gone:
        note_event(connection, None, now, "unsuppressed", address.text)
    return gone > 0


def _about_all(address: str, change: Change, told: Told, detail: str) -> ConsentEvent:
    return ConsentEvent(
        address, ConsentTo.NEWSLETTER, "", change, Basis.EXPRESS, told, detail=detail
    )


def suppressions(connection: Connection) -> tuple[Suppression, ...]:
    """All of them, oldest first."""
    query = select(_table).order_by(_table.c.at, _table.c.address_key)
    return tuple(
        Suppression(row["address"], row["reason"], row["source"], row["note"], row["at"])
        for row in connection.execute(query).mappings()
    )


def suppression_reasons(connection: Connection) -> Iterator[tuple[str, str]]:
    """Address key and reason of each."""
    query = select(_table.c.address_key, _table.c.reason)
    for row in streamed(connection, query):
        yield row.address_key, row.reason
