"""Statements of the hot path: spelled once for each database, then run by its driver.

Nothing stands between them and the driver, so values go in and come out as it has them: instants
as microseconds, states as their words. Many rows go in as one value, and come out as one, in
JSON: SQLite then works through them in a single step, in which other threads may run. With a
step a row, two threads would wait for each other at every row.
"""

import itertools
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Insert, Select, Update

Values = Mapping[str, Any]
_LENGTHS = (512, 128, 32, 8)


class Prepared:
    """One statement whose every value is a named parameter."""

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement = statement
        self._texts: dict[str, str] = {}

    def run(self, connection: Connection, values: Values) -> CursorResult[*tuple[Any, ...]]:
        """Run it; names that it does not use are passed over."""
        return connection.exec_driver_sql(self._text(connection), dict(values))

    def change(self, connection: Connection, values: Values) -> None:
        """Run it, if it answers nothing."""
        _execute(connection, self._text(connection), values)

    def row(self, connection: Connection, values: Values) -> tuple[Any, ...]:
        """Run it; the one row that it answers."""
        return _one(_execute(connection, self._text(connection), values))

    def _text(self, connection: Connection) -> str:
        dialect = connection.dialect
        if dialect.name not in self._texts:
            self._texts[dialect.name] = str(self._statement.compile(dialect=dialect))
        return self._texts[dialect.name]


class Spelled:
    """One statement in the words of each database: JSON is read differently by each.

    For SQLite it may be several, of which the last one answers.
    """

    def __init__(self, *, sqlite: str | Sequence[str], postgresql: str) -> None:
        several = (sqlite,) if isinstance(sqlite, str) else sqlite
        self._texts = {"sqlite": several, "postgresql": (postgresql,)}

    def change(self, connection: Connection, values: Values) -> int:
        """Run it; how many rows of the table were touched."""
        return self._run(connection, values).rowcount

    def ask(self, connection: Connection, values: Values) -> list[Any]:
        """Run it; the one JSON array that it answers."""
        (answer,) = self.columns(connection, values)
        return answer

    def columns(self, connection: Connection, values: Values) -> list[list[Any]]:
        """Run it; the JSON arrays of its one row."""
        return [_DECODE(column) for column in _one(self._run(connection, values))]

    def _run(self, connection: Connection, values: Values) -> "_Answer":
        *before, last = self._texts[connection.dialect.name]
        for text in before:
            _execute(connection, text, values)
        return _execute(connection, last, values)


class Tabled(Spelled):
    """One statement over a table of rows, ``{rows}`` in the words for SQLite.

    SQLite takes a table faster than JSON. Its length is part of the statement, which would be
    compiled anew for each: so there are few lengths, and what is missing is made up with NULLs.
    Shared values come first, as ``?1``, ``?2`` and so on.
    """

    def __init__(self, *, width: int, sqlite: str, postgresql: str) -> None:
        super().__init__(sqlite=sqlite, postgresql=postgresql)
        self._sqlite = sqlite
        self._width = width
        self._by_length: dict[int, str] = {}

    def insert(
        self, connection: Connection, shared: Values, rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Run it for all rows."""
        if connection.dialect.name != "sqlite":
            self.change(connection, {**shared, "rows": packed(rows)})
            return
        start, common = 0, tuple(shared.values())
        while start < len(rows):
            length = next((n for n in _LENGTHS if start + n <= len(rows)), _LENGTHS[-1])
            part = rows[start : start + length]
            missing = (None,) * (self._width * (length - len(part)))
            values = (*common, *itertools.chain.from_iterable(part), *missing)
            _execute(connection, self._for(length, len(common)), values)
            start += length

    def _for(self, length: int, common: int) -> str:
        if length not in self._by_length:
            numbers = (f"?{common + n}" for n in range(1, length * self._width + 1))
            rows = zip(*[numbers] * self._width, strict=True)
            table = ",".join(f"({','.join(row)})" for row in rows)
            self._by_length[length] = self._sqlite.format(rows=f"VALUES {table}")
        return self._by_length[length]


class _Answer(Protocol):
    """What a cursor of a driver and a result of SQLAlchemy have in common."""

    @property
    def rowcount(self) -> int: ...

    def fetchall(self) -> Sequence[Any]: ...


def _execute(connection: Connection, text: str, values: Values | Sequence[Any]) -> _Answer:
    """By SQLite's driver itself, inside the transaction that is open: a fifth of the time.

    What it raises is told like SQLAlchemy's own errors (see ``Database``).
    """
    if connection.dialect.name == "sqlite":
        driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        return driver.execute(text, values)
    return connection.exec_driver_sql(text, dict(values) if isinstance(values, Mapping) else values)


def _one(answer: _Answer) -> tuple[Any, ...]:
    (row,) = answer.fetchall()
    return tuple(row)


_DECODE = json.JSONDecoder().decode


def packed(rows: Sequence[Any]) -> str:
    """Rows as one value, in plain ASCII."""
    return _ENCODER.encode(rows)


_ENCODER = json.JSONEncoder(separators=(",", ":"))
