"""PostgreSQL: connections that mean the same whatever a server, a database or a role has set."""

import math
import re
import time
from contextlib import closing
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError, NoSuchModuleError

from newsletter.errors import LedgerError

_SURELY_ALIVE = 5.0
"""Seconds since its last use in which a connection is not tried first."""
_LOOKS = 8
"""How often two clients of a pooler look whose session answers; others may use it meanwhile."""
_SECRET = ("password", "sslpassword")
_SILENT, _AGAIN, _TIMES = 30, 10, 3
_GONE = _SILENT + _AGAIN * _TIMES
"""Seconds after which either side takes the other for gone, if no packet of it comes.

A machine that lost its power or its network cannot say so. Systems wait for two hours, and so long
its session would go on saying that somebody sends, and a worker would wait for an answer.
"""
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": _SILENT,
    "keepalives_interval": _AGAIN,
    "keepalives_count": _TIMES,
    "tcp_user_timeout": _GONE * 1000,
}
_PATIENCE_THERE = {
    "tcp_keepalives_idle": str(_SILENT),
    "tcp_keepalives_interval": str(_AGAIN),
    "tcp_keepalives_count": str(_TIMES),
    "tcp_user_timeout": f"{_GONE}s",
}
OWN_SETTINGS = f"""
    SELECT set_config(name, wanted, false) FROM (VALUES
        ('default_transaction_isolation', 'read committed'),
        ('statement_timeout', '0'),
        ('transaction_timeout', '0'),
        ('idle_session_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'),
        {", ".join(map(repr, _PATIENCE_THERE.items()))}
    ) AS own (name, wanted) JOIN pg_settings USING (name)"""  # noqa: S608  our own words
"""What would end a large recording, or the session that says who sends; some are of newer servers.

Every transaction of ours locks what it decides on, and is meant to see what others committed.
"""


def shown(url: URL) -> str:
    """An address without a password, wherever it holds one."""
    plain = url.set(drivername="postgresql").difference_update_query(_SECRET)
    return plain.render_as_string()


def in_our_form(address: str) -> str:
    """PostgreSQL's own form for several hosts, one after the other, as the engine has it."""
    found = _SEVERAL.fullmatch(address)
    if not found:
        return address
    before, hosts, path, query = found.groups()
    named = [f"host={each if ':' in each else f'{each}:{_PORT}'}" for each in hosts.split(",")]
    return f"{before}{path or '/'}?{'&'.join([*named, query] if query else named)}"


_SEVERAL = re.compile(
    r"(postgres\w*(?:\+\w+)?://(?:[^@/?]*@)?)([^/?@]*,[^/?@]*)(/[^?]*)?(?:\?(.*))?"
)
_PORT = 5432


def conninfo(url: URL) -> str:
    """What the engine connects to, for whoever opens connections of its own: as patient as ours."""
    from psycopg.conninfo import make_conninfo

    _, named = url.get_dialect()().create_connect_args(url)
    return make_conninfo("", **{**_patience(url), **named})


def _patience(url: URL) -> dict[str, str]:
    """What the address does not say itself; of several hosts, one that may be written to."""
    wanted: dict[str, object] = dict(_PATIENCE)
    if isinstance(url.query.get("host"), tuple):
        wanted["target_session_attrs"] = "read-write"
    return {name: str(value) for name, value in wanted.items() if name not in url.query}


def open_server(url: URL) -> Engine:
    """An engine; ``LedgerError`` without the driver."""
    own = {"client_encoding": "UTF8", **_patience(url)}
    try:
        engine = create_engine(url, connect_args=own)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        message = "PostgreSQL needs the extra 'postgres'"
        raise LedgerError(message, cure="pip install 'newsletter[postgres]'") from error
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _see_whether_it_lives)
    return engine


def shares_sessions(engine: Engine) -> bool:
    """Whether a pooler gives the server's sessions now to one client and now to another.

    A lock of a session then says nothing of who holds it. A pooler gives itself away by a number
    of its own for each client; with whole sessions for each (session pooling) all is well.
    """
    with closing(engine.raw_connection()) as one:
        driver: Any = one.driver_connection
        if _session(one) == driver.info.backend_pid:
            return False
        with closing(engine.raw_connection()) as other:
            seen = [(_session(one), _session(other)) for _ in range(_LOOKS)]
    ours, theirs = map(set, zip(*seen, strict=True))
    return len(ours) > 1 or len(theirs) > 1 or ours == theirs


def _session(connection: Any) -> int:
    """The server's number of the session that answers, in a transaction of its own."""
    answer = connection.driver_connection.execute("SELECT pg_backend_pid()", prepare=False)
    (number,) = answer.fetchone()
    connection.commit()
    return int(number)


def _set_up(connection: Any, record: object) -> None:
    del record
    connection.autocommit = True
    connection.execute(OWN_SETTINGS)
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
