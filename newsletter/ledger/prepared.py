"""Statements of the hot path: compiled once for each database, then run by its driver.

Nothing stands between them and the driver, so values go in and come out as it has them: instants
as microseconds, states as their words. That is most of what an exchange costs otherwise.
"""

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

    def run_many(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
        """Run it for each of at least one row; how many rows of the table were touched."""
        return connection.exec_driver_sql(self._text(connection), rows).rowcount

    def _text(self, connection: Connection) -> str:
        dialect = connection.dialect
        if dialect.name not in self._texts:
            self._texts[dialect.name] = str(self._statement.compile(dialect=dialect))
        return self._texts[dialect.name]
