"""Statements of the hot path: spelled once for each database, then run by its driver.

Nothing stands between them and the driver, so values go in and come out as it has them: instants
as microseconds, states as their words. Many rows go in as one value, and come out as one, in
JSON: SQLite then works through them in a single step, in which other threads may run. With a
step a row, two threads would wait for each other at every row.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Insert, Select, Update

Values = Mapping[str, Any]


class Prepared:
    """One statement whose every value is a named parameter."""

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement = statement
        self._texts: dict[str, str] = {}

    def run(self, connection: Connection, values: Values) -> CursorResult[*tuple[Any, ...]]:
        """Run it; names that it does not use are passed over."""
        return connection.exec_driver_sql(self._text(connection), dict(values))

    def _text(self, connection: Connection) -> str:
        dialect = connection.dialect
        if dialect.name not in self._texts:
            self._texts[dialect.name] = str(self._statement.compile(dialect=dialect))
        return self._texts[dialect.name]


class Spelled:
    """One statement in the words of each database: JSON is read differently by each."""

    def __init__(self, *, sqlite: str, postgresql: str) -> None:
        self._texts = {"sqlite": sqlite, "postgresql": postgresql}

    def change(self, connection: Connection, values: Values) -> int:
        """Run it; how many rows of the table were touched."""
        text = self._texts[connection.dialect.name]
        return connection.exec_driver_sql(text, dict(values)).rowcount

    def ask(self, connection: Connection, values: Values) -> list[Any]:
        """Run it; the one JSON array that it answers."""
        text = self._texts[connection.dialect.name]
        answer: list[Any] = json.loads(connection.exec_driver_sql(text, dict(values)).scalar_one())
        return answer


def packed(rows: Sequence[Any]) -> str:
    """Rows as one value, in plain ASCII."""
    return _ENCODER.encode(rows)


_ENCODER = json.JSONEncoder(separators=(",", ":"))
