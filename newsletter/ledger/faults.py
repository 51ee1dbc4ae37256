"""What a database says when something is wrong, in an officer's words, and how to mend it."""

import sqlite3
import sys
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from newsletter.errors import LedgerError, LedgerUnavailable

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PASSING = ("08", "25P03", "40", "53300", "55P03", "57P")
"""PostgreSQL, appendix A: connection lost, cut off while idle in a transaction, deadlock, too many
connections, a lock that was waited for in vain, shutting down."""
_CURES = {
    "readonly": "the file or folder is read-only, or the disk fails: see that you may write there",
    "unable to open": "the folder is missing, read-only or full",
    "disk is full": "the disk is full: make room, then newsletter resume",
    "disk i/o": "the disk fails or is full: make room or move the ledger",
    "no space left": "the server's disk is full: make room there, then newsletter resume",
    "locked": "another process writes for long: try again",
    "not a database": "the file is no ledger: name another, or restore a backup",
    "malformed": "the file is damaged: restore a backup",
    "password authentication": "see the user and the password, in ~/.pgpass or NEWSLETTER_LEDGER",
    "no password supplied": "put the password into ~/.pgpass, or into NEWSLETTER_LEDGER in .env",
    "pg_hba.conf": "the server lets nobody in from here so: its pg_hba.conf says who may",
    "connection option": "see what stands behind the ? in NEWSLETTER_LEDGER",
    "resolve host": "see the host in NEWSLETTER_LEDGER, and whether this machine has a network",
    "permission denied": "give the ledger's role the right to read, write and make tables there",
    "must be owner": "the role that made the ledger's tables must own them: use that one",
    'role "': "see the user in NEWSLETTER_LEDGER, or have the server make one (createuser)",
    'database "': "see the name in NEWSLETTER_LEDGER, or make the database (createdb)",
    "read-only transaction": "the server or the role may only read: name the one that writes",
    "connection slots": "the server has no connection left: end some, or raise max_connections",
    "too many clients": "the server has no connection left: end some, or raise max_connections",
    "no schema has been selected": "the search_path names no schema that is there: make it",
    "connection": "the database server does not answer: start it, or check the address",
}
"""By what the message holds; the first one counts."""


def database_errors() -> tuple[type[Exception], ...]:
    """What a database raises, through SQLAlchemy or, of a COPY, by its driver itself."""
    driver = _driver()
    return (SQLAlchemyError, sqlite3.Error, *([driver.Error] if driver else []))


def told(error: Exception, name: str) -> LedgerError:
    """A database's error in an officer's words; ``LedgerUnavailable`` if it may pass by itself."""
    fault = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    first = fault[0] if fault else type(error).__name__
    cure = next((cure for sign, cure in _CURES.items() if sign in first.lower()), "")
    kind = LedgerUnavailable if _may_pass(error) else LedgerError
    return kind(f"the ledger {name} cannot be used: {first}", cure=cure)


def _may_pass(error: Exception) -> bool:
    """Whether somebody else has the lock, or the server restarts or lost the connection."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver, sqlite3.Error):
        return getattr(driver, "sqlite_errorcode", 0) & 0xFF in _BUSY
    state = getattr(driver, "sqlstate", None)
    if state is None:  # no answer at all
        return isinstance(error, OperationalError) or _is_lost(error)
    return str(state).startswith(_PASSING)


def _is_lost(error: Exception) -> bool:
    driver = _driver()
    return driver is not None and isinstance(error, driver.OperationalError)


def _driver() -> Any:
    """PostgreSQL's, where it was needed."""
    return sys.modules.get("psycopg")
