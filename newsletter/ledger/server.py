"""PostgreSQL: connections that mean the same whatever a server, a database or a role has set."""

import math
import time
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError, NoSuchModuleError

from newsletter.errors import LedgerError

_SURELY_ALIVE = 5.0
"""Seconds since its last use in which a connection is not tried first."""
_SECRET = ("password", "sslpassword")
_OWN_SETTINGS = """
    SELECT set_config(name, wanted, false) FROM (VALUES
        ('default_transaction_isolation', 'read committed'),
        ('statement_timeout', '0'),
        ('transaction_timeout', '0'),
        ('idle_session_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0')
    ) AS own (name, wanted) JOIN pg_settings USING (name)"""
"""What would end a large recording, or the session that says who sends; some are of newer servers.

Every transaction of ours locks what it decides on, and is meant to see what others committed.
"""


def shown(url: URL) -> str:
    """An address without a password, wherever it holds one."""
    plain = url.set(drivername="postgresql").difference_update_query(_SECRET)
    return plain.render_as_string()


def open_server(url: URL) -> Engine:
    """An engine; ``LedgerError`` without the driver."""
    try:
        engine = create_engine(url, connect_args={"client_encoding": "UTF8"})
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        message = "PostgreSQL needs the extra 'postgres'"
        raise LedgerError(message, cure="pip install 'newsletter[postgres]'") from error
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _see_whether_it_lives)
    return engine


def _set_up(connection: Any, record: object) -> None:
    del record
    connection.autocommit = True
    connection.execute(_OWN_SETTINGS)
    connection.autocommit = False


def _note_use(connection: Any, record: Any) -> None:
    del connection
    record.info["used"] = time.monotonic()


def _see_whether_it_lives(connection: Any, record: Any, proxy: object) -> None:
    """A connection that was idle may be lost; one that was in use just now is not asked each time.

    That would be another question to the server for every transaction.
    """
    del proxy
    if time.monotonic() - record.info.get("used", math.inf) < _SURELY_ALIVE:
        return
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except Exception as error:  # whatever the driver says, the pool makes another
        raise DisconnectionError from error
