"""A ledger moves from its file into a server's database, and it is proved that all of it arrived.

The copy is one transaction of the target over one picture of the source: it is there whole, or not
at all. The source is told of it first, so that at no moment both may send.
"""

import datetime as dt
import hashlib
import itertools
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, text

from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerError
from newsletter.ledger import own_tables, schema
from newsletter.ledger.database import Database, streamed
from newsletter.ledger.residence import mark_moved

_CHUNK = 1_000
_OWN = frozenset({"ledger", "home", "moved"})
"""What the target knows of itself: its name, and where it lives."""
_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """How many rows of a table arrived, each as it was."""

    name: str
    rows: int


@dataclass(slots=True)
class _Sum:
    """A sum over rows that does not depend on their order: databases sort text differently."""

    rows: int = 0
    total: int = 0

    def add(self, row: Row[*tuple[Any, ...]]) -> None:
        digest = hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
        self.rows += 1
        self.total = (self.total + int.from_bytes(digest, "big")) % _MODULUS


def move(source: Database, target: Database, now: dt.datetime) -> tuple[CopiedTable, ...]:
    """Copy every row; nobody may be sending from the source, which then sends no more.

    ``LedgerError`` when somebody is in an interrupted run's hands, when the target is not empty,
    or when it does not hold what it was given: then nothing is changed.
    """
    with source.read() as given, target.write() as taken:
        _refuse_claimed(given)
        _refuse_filled(taken, target.name)
        sums = {}
        for table in _tables():
            sums[table] = _copy(given, taken, table)
            if table is schema.campaign:
                _make_own_tables(taken)
        _copy_meta(given, taken)
        for table, expected in sums.items():
            _prove(taken, table, expected)
            _count_on(taken, table)
        with source.write() as marked:
            mark_moved(marked, target.name, now)
    return tuple(CopiedTable(table.name, found.rows) for table, found in sums.items())


def _tables() -> list[Table]:
    return [table for table in schema.metadata.sorted_tables if table is not schema.meta]


def _refuse_claimed(source: Connection) -> None:
    """Their answers may stand in a journal, which stays where it is."""
    claimed = schema.delivery.c.state == DeliveryState.CLAIMED
    campaign = source.execute(select(schema.delivery.c.campaign).where(claimed).limit(1)).scalar()
    if campaign is not None:
        message = f"a run of campaign {campaign} was interrupted: its answers are not all in yet"
        cure = "resume it, or pause it once it was cleared up"
        raise LedgerError(message, cure=cure, next_command=f"newsletter resume {campaign}")


def _refuse_filled(target: Connection, name: str) -> None:
    for table in _tables():
        if target.execute(select(table).limit(1)).first() is not None:
            message = f"the ledger {name} is not empty: its table {table.name} has rows"
            raise LedgerError(message, cure="name an empty database, or drop that one's tables")


def _copy(source: Connection, target: Connection, table: Table) -> _Sum:
    found, names = _Sum(), table.columns.keys()
    rest = streamed(source, select(table))
    while rows := tuple(itertools.islice(rest, _CHUNK)):
        for row in rows:
            found.add(row)
        target.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
    return found


def _make_own_tables(target: Connection) -> None:
    """Large campaigns have tables of their own there."""
    table = schema.campaign
    for campaign, recipients in target.execute(select(table.c.id, table.c.recipients)).all():
        if own_tables.has_own(target, recipients):
            own_tables.make(target, campaign)
            own_tables.index(target, campaign)
            own_tables.attach(target, campaign)


def _copy_meta(source: Connection, target: Connection) -> None:
    rows = source.execute(select(schema.meta)).all()
    known = set(target.execute(select(schema.meta.c.key)).scalars()) | _OWN
    for row in rows:
        if row.key not in known:
            target.execute(insert(schema.meta), {"key": row.key, "value": row.value})


def _prove(target: Connection, table: Table, expected: _Sum) -> None:
    found = _Sum()
    for row in streamed(target, select(table)):
        found.add(row)
    if found != expected:
        message = (
            f"the copy does not hold: of {expected.rows} rows of {table.name} {found.rows} arrived,"
            " or some not as they were; nothing was changed"
        )
        raise LedgerError(message, cure="see the server's log, and try again")


def _count_on(target: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows itself, and knows nothing of those that brought a number."""
    numbered = table.autoincrement_column
    if numbered is None or target.dialect.name != "postgresql":
        return
    highest = target.execute(select(func.max(numbered))).scalar()
    if highest is not None:
        values = {"table": table.name, "column": numbered.name, "highest": highest}
        target.execute(text(_CONTINUE), values)


_CONTINUE = "SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"
