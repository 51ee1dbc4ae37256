"""Workers' transactions are brief: a process that freezes inside one must not hold up the others.

Its locks would outlive it: no lease and no epoch takes them away. So the server ends the session
of a worker that leaves a transaction idle, well before the others think that worker gone; when it
comes back, its statement fails like one of a lost connection, and the fence tells it the rest.
"""

from sqlalchemy import Connection

_IDLE_SHARE = 0.4
"""Of the time-out: the others, who may wait for its locks, must not be thought gone meanwhile."""
_LOCK_MS = 1000
_LEAST_MS = 250
_MS = 1000


def idle_ms(timeout: float) -> str:
    """How long a transaction may be idle, in the server's milliseconds."""
    return str(max(_LEAST_MS, round(timeout * _IDLE_SHARE * _MS)))


def keep_brief(connection: Connection, timeout: float, *, wait: bool = False) -> None:
    """Bind this transaction alone; one that would ``wait`` for a lock gives up after a second."""
    connection.exec_driver_sql(_BRIEF, {"idle": idle_ms(timeout), "lock": _LOCK_MS if wait else 0})


_BRIEF = """
    SELECT set_config('idle_in_transaction_session_timeout', %(idle)s, true),
        set_config('lock_timeout', %(lock)s::text, true)"""
