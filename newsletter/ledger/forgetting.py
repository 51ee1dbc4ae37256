"""Forgetting a reader: nothing of the address is left in any table, and every count stays.

Rows that count (recipients, attempts, consents) stay, without saying whose they were: the
reader's mark takes the place of the address's key. A delivery that waits is found suppressed by
that mark when it is claimed, as any other is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from newsletter.consent import Told
from newsletter.delivery import DeliveryState
from newsletter.errors import UsageError
from newsletter.forgotten import NOBODY, Traces
from newsletter.ledger import schema
from newsletter.ledger.recording import note_event

FORGOTTEN = "forgotten"
_GONE = (schema.subscription, schema.reader, schema.click)
"""Nothing in them is of use without the reader."""
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def forget(
    connection: Connection, marks: Mapping[str, str], key: str, traces: Traces, told: Told
) -> Mapping[str, int]:
    """Put marks in the place of keys, and nobody in the place of every trace; rows by table.

    ``key`` is the reader's own among them; others are addresses that stand for the same reader.
    """
    _refuse_in_the_air(connection, [*marks])
    counts: Counter[str] = Counter()
    for each, mark in marks.items():
        _let_go(connection, each)
        counts += _anonymise(connection, each, mark)
    counts += _sweep(connection, traces)
    _bar(connection, marks[key], told)
    return counts


def found(connection: Connection, keys: Sequence[str], traces: Traces) -> Mapping[str, int]:
    """How many rows of each table tell of the reader; changes nothing."""
    counts: Counter[str] = Counter()
    for table in schema.metadata.sorted_tables:
        seen = _keyed(connection, table, keys)
        seen |= {key for key, _ in traced(connection, table, traces)}
        counts[table.name] += len(seen)
    return +counts


def pages_with(connection: Connection, traces: Traces) -> tuple[int, ...]:
    """Campaigns whose own pages name the address: the issue's words, not a reader's row."""
    table = schema.variant
    rows = connection.execute(select(table.c.campaign, table.c.compiled))
    return tuple(sorted({row.campaign for row in rows if traces.are_in_octets(row.compiled)}))


def _refuse_in_the_air(connection: Connection, keys: Sequence[str]) -> None:
    """A killed run left this reader's message claimed: its journal says what became of it."""
    table, delivery = schema.recipient, schema.delivery
    same = (table.c.campaign == delivery.c.campaign) & (table.c.seq == delivery.c.seq)
    query = (
        select(table.c.campaign)
        .select_from(table.join(delivery, same))
        .where(table.c.address_key.in_(keys), delivery.c.state == DeliveryState.CLAIMED)
    )
    campaign = connection.execute(query).scalar()
    if campaign is not None:
        message = f"a run of campaign {campaign} was killed with this reader's message in hand"
        raise UsageError(
            message, cure="let it be settled first", next_command=f"newsletter resume {campaign}"
        )


def _let_go(connection: Connection, key: str) -> None:
    """What waits to be sent to the reader is not sent."""
    table, delivery = schema.recipient, schema.delivery
    mine = select(table.c.campaign, table.c.seq).where(table.c.address_key == key)
    for campaign, seq in connection.execute(mine).all():
        waits = (
            delivery.c.campaign == campaign,
            delivery.c.seq == seq,
            delivery.c.state.in_(_WAITING),
        )
        let_go = {"state": DeliveryState.SUPPRESSED, "next_at": None}
        connection.execute(update(delivery).where(*waits).values(let_go))


def _anonymise(connection: Connection, key: str, mark: str) -> Counter[str]:
    """The rows that have this key."""
    counts: Counter[str] = Counter()
    for table in schema.metadata.sorted_tables:
        if "address_key" not in table.c:
            continue
        mine = table.c.address_key == key
        if table in _GONE or table is schema.suppression:
            counts[table.name] += connection.execute(delete(table).where(mine)).rowcount
            continue
        changed = {"address_key": mark}
        changed |= {name: NOBODY for name in ("address",) if name in table.c}
        changed |= {name: "{}" for name in ("fields",) if name in table.c}
        changed |= {name: "" for name in ("ip", "language") if name in table.c}
        if table is schema.consent:
            changed["detail"] = ""  # it may hold an IP address
        counts[table.name] += connection.execute(update(table).where(mine).values(changed)).rowcount
    return counts


def _sweep(connection: Connection, traces: Traces) -> Counter[str]:
    """Every text in every table: replies that quote the address, notes, other readers' cells."""
    counts: Counter[str] = Counter()
    for table in schema.metadata.sorted_tables:
        for key, texts in traced(connection, table, traces):
            place = [column == part for column, part in zip(table.primary_key, key, strict=True)]
            erased = {name: traces.erased(text) for name, text in texts.items()}
            connection.execute(update(table).where(*place).values(erased))
            counts[table.name] += 1
    return counts


def traced(
    connection: Connection, table: Table, traces: Traces
) -> list[tuple[tuple[Any, ...], dict[str, str]]]:
    """Rows of a table in which an address stands: their keys, and the texts with it."""
    texts = [column for column in table.c if _is_text(column)]
    if not texts:
        return []
    near = or_(*(_near(column, *halves) for column in texts for halves in traces.halves))
    keys = [*table.primary_key]
    rows = connection.execute(select(*keys, *texts).where(near)).all()
    found = []
    for row in rows:
        cells = zip(texts, row[len(keys) :], strict=True)
        named = {column.name: cell for column, cell in cells if cell and traces.are_in(cell)}
        if named:
            found.append((tuple(row[: len(keys)]), named))
    return found


def _keyed(connection: Connection, table: Table, keys: Sequence[str]) -> set[tuple[Any, ...]]:
    """The keys of a table's rows that are a reader's own."""
    if "address_key" not in table.c:
        return set()
    query = select(*table.primary_key).where(table.c.address_key.in_(keys))
    return {tuple(row) for row in connection.execute(query)}


def _is_text(column: Column[Any]) -> bool:
    plain = isinstance(column.type, Text | String) and not isinstance(column.type, LargeBinary)
    return plain and not column.primary_key and column.name != "address_key"


def _near(column: Column[Any], local: str, domain: str) -> ColumnElement[bool]:
    """Both halves stand in it, in any case."""
    return column.icontains(local, autoescape=True) & column.icontains(domain, autoescape=True)


def _bar(connection: Connection, mark: str, told: Told) -> None:
    """No file, form or import brings the reader back."""
    table = schema.suppression
    known = select(func.count()).where(table.c.address_key == mark)
    if connection.execute(known).scalar():
        return
    row = {
        "address_key": mark,
        "address": NOBODY,
        "reason": FORGOTTEN,
        "source": told.source,
        "note": "",
        "at": told.at,
    }
    connection.execute(insert(table), row)
    note_event(connection, None, told.at, FORGOTTEN, mark)


def remember(connection: Connection, mark: str) -> bool:
    """The reader asked to be mailed again: the mark goes; False if there was none."""
    table = schema.suppression
    return connection.execute(delete(table).where(table.c.address_key == mark)).rowcount > 0
