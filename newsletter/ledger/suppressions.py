"""Who is never mailed again."""

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Connection, delete, select

from newsletter.ledger import schema
from newsletter.ledger.database import streamed
from newsletter.ledger.model import Suppression
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import insert_new, storable
from newsletter.values import Address

_table = schema.suppression


def suppress(connection: Connection, suppression: Suppression, key: str) -> bool:
    """Never mail this address again; False if that was so before (the first reason stays)."""
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
    return True


def unsuppress(connection: Connection, address: Address, now: dt.datetime) -> bool:
    """Let an address be mailed again; False if it was not suppressed."""
    gone = connection.execute(delete(_table).where(_table.c.address_key == address.key)).rowcount
    if gone:
        note_event(connection, None, now, "unsuppressed", address.text)
    return gone > 0


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
