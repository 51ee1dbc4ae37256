"""Everything that the ledger knows of one reader: every row of every table, by construction.

A table that is added later is read like the others: its rows are a reader's own where they have
the address's key or the place of one of her messages, and quote her where her address stands in
a text. Of a row that only quotes her no more than that text is given: the rest is another's.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, select, tuple_

from newsletter.forgotten import Traces
from newsletter.ledger import forgetting, schema

Row = Mapping[str, Any]
_INSIDE = frozenset({"address_key", "token", "mark", "nonce"})
"""What the program compares with, and nobody could read."""
_AT_ONCE = 500


def everything(
    connection: Connection, keys: Sequence[str], traces: Traces
) -> Mapping[str, tuple[Row, ...]]:
    """The rows by table; tables without any are not there."""
    messages = _messages(connection, keys)
    found: dict[str, tuple[Row, ...]] = {}
    for table in schema.metadata.sorted_tables:
        own = _own(connection, table, keys, messages)
        quoting = _quoting(connection, table, traces, {*own})
        if own or quoting:
            found[table.name] = (*own.values(), *quoting)
    return found


def _messages(connection: Connection, keys: Sequence[str]) -> list[tuple[int, int]]:
    """Campaign and place of every message of hers."""
    table = schema.recipient
    query = select(table.c.campaign, table.c.seq).where(table.c.address_key.in_(keys))
    return [(row.campaign, row.seq) for row in connection.execute(query)]


def _own(
    connection: Connection, table: Table, keys: Sequence[str], messages: list[tuple[int, int]]
) -> dict[tuple[Any, ...], Row]:
    """Her rows, by their primary keys."""
    columns = [column for column in table.c if not isinstance(column.type, LargeBinary)]
    queries = []
    if "address_key" in table.c:
        queries.append(select(*columns).where(table.c.address_key.in_(keys)))
    if {"campaign", "seq"} <= {*table.c.keys()}:
        place = tuple_(table.c.campaign, table.c.seq)
        parts = [messages[at : at + _AT_ONCE] for at in range(0, len(messages), _AT_ONCE)]
        queries += [select(*columns).where(place.in_(part)) for part in parts]
    primary = [column.name for column in table.primary_key]
    rows = [dict(row) for query in queries for row in connection.execute(query).mappings()]
    return {tuple(row[name] for name in primary): _readable(row) for row in rows}


def _quoting(
    connection: Connection, table: Table, traces: Traces, own: set[tuple[Any, ...]]
) -> list[Row]:
    return [
        _readable(dict(texts))
        for key, texts in forgetting.traced(connection, table, traces)
        if key not in own
    ]


def _readable(row: dict[str, Any]) -> Row:
    return {name: _parsed(value) for name, value in row.items() if name not in _INSIDE}


def _parsed(value: Any) -> Any:
    """A value as it is; what is kept as JSON, as what it says."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
