"""Where a ledger on a server lives: a copy, or an older state of it, must not send again.

In the ledger is remembered which server it is, which database, which table (what was dumped and
read back is another), and which history of that server: a standby that took over, or a server
that was taken back to an earlier time, begins another. In a small file beside the journals, the
marker, each machine remembers the last run that it began: a ledger that does not know it is older.
"""

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from newsletter.errors import LedgerBehind, LedgerCopied, LedgerError
from newsletter.ledger import schema
from newsletter.ledger.database import Database
from newsletter.ledger.model import Turn
from newsletter.ledger.remembered import HOME, IDENTITY, store, value
from newsletter.ledger.residence import PUT_BACK, SEND_FROM_THERE, TAKE_OVER, written


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is; 0 or nothing where the server does not tell."""

    system: int = 0
    """The server's own number, made with its files."""
    database: int = 0
    table: int = 0
    history: str = ""
    """The timeline of its log."""


@dataclass(frozen=True, slots=True)
class Marker:
    """The last run that a machine began."""

    ledger: str
    run: int
    began: str
    """When, as the ledger has it."""
    sent: str
    """The same, in words."""


class ServerResidence:
    """Knows whether a ledger on PostgreSQL is still the one that was sent from."""

    def __init__(self, database: Database, folder: Path, stem: str) -> None:
        self._database = database
        self.marker = marker_of_server(database.name, folder, stem)

    @property
    def known(self) -> bool:
        """Whether the ledger remembers a place at all; one of an older program does not."""
        with self._database.read() as connection:
            return _home(connection) is not None

    def why_not(self) -> LedgerCopied | None:
        """Why this ledger must not send from here, or None."""
        with self._database.read() as connection:
            home = _home(connection)
            if home and (found := _elsewhere(connection, home)):
                return found
            marker = self._look()
            if marker is None or marker.ledger != value(connection, IDENTITY):
                return None
            query = select(schema.run.c.started_at).where(schema.run.c.id == marker.run)
            began = connection.execute(query).scalar()
        known = began is not None and began.isoformat() == marker.began
        return None if known else _outdated(marker.sent)

    def refuse_copy(self) -> None:
        """Raise ``LedgerCopied`` unless this ledger may send from here."""
        if found := self.why_not():
            raise found

    def turn(self, now: dt.datetime | None = None) -> None:
        """Remember this place, if none is remembered yet."""
        del now  # when it was sent from, the runs tell
        if self.known:
            return
        with self._database.write() as connection:
            words = {"key": HOME, "words": _packed(_here(connection))}
            connection.execute(text(_UNLESS_THERE), words)  # others may do so at this moment

    def began(self, turn: Turn, now: dt.datetime) -> None:
        """A run of this machine is in the ledger: from now on it must know it."""
        with self._database.read() as connection:
            identity = value(connection, IDENTITY)
        began = now.astimezone(dt.UTC)
        marker = Marker(identity, turn.run, began.isoformat(), written(began))
        part = self.marker.with_name(f"{self.marker.name}.{os.getpid()}")  # others write theirs
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(dataclasses.asdict(marker)), "utf-8")
            part.replace(self.marker)
        except OSError as error:
            message = f"{self.marker} cannot be written: {error.strerror or error}"
            raise LedgerError(message, cure="make room, or give the right to write") from error

    def take_over(self, identity: str) -> None:
        """Be the true one from now on, under a new name: journals of the old one are not its."""
        with self._database.write() as connection:
            store(connection, IDENTITY, identity)
            store(connection, HOME, _packed(_here(connection)))
        self.marker.unlink(missing_ok=True)

    def _look(self) -> Marker | None:
        """What the marker says; None where there is none, or it cannot be read."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Marker(**json.loads(self.marker.read_text("utf-8")))
        return None


def marker_of_server(name: str, folder: Path, stem: str) -> Path:
    """Where a machine remembers the last run that it began from the ledger at this address."""
    address = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return folder / f"{stem}.{address}.id"


def _home(connection: Connection) -> Place | None:
    stored = value(connection, HOME)
    return Place(**json.loads(stored)) if stored else None


def _packed(place: Place) -> str:
    return json.dumps(dataclasses.asdict(place))


def _here(connection: Connection) -> Place:
    """What the server tells; some hosts keep some of it to themselves."""
    return Place(
        system=int(_told(connection, "SELECT system_identifier FROM pg_control_system()") or 0),
        database=int(_told(connection, _DATABASE) or 0),
        table=int(_told(connection, "SELECT CAST('meta'::regclass AS oid)") or 0),
        history=str(_told(connection, _HISTORY) or ""),
    )


_UNLESS_THERE = "INSERT INTO meta (key, value) VALUES (:key, :words) ON CONFLICT DO NOTHING"
_DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"
_HISTORY = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"


def _told(connection: Connection, query: str) -> Any:
    with contextlib.suppress(DBAPIError), connection.begin_nested():
        return connection.execute(text(query)).scalar()
    return None


def _elsewhere(connection: Connection, home: Place) -> LedgerCopied | None:
    here = _here(connection)
    if any(_differ(home, here, name) for name in ("system", "database", "table")):
        return _copied(_last_sent(connection))
    if _differ(home, here, "history"):
        return _another_history(_last_sent(connection))
    return None


def _last_sent(connection: Connection) -> str:
    last = connection.execute(select(func.max(schema.run.c.started_at))).scalar()
    return written(last) if last else ""


def _differ(home: Place, here: Place, name: str) -> bool:
    before, now = getattr(home, name), getattr(here, name)
    return bool(before and now and before != now)


def _copied(sent: str) -> LedgerCopied:
    told = f"and last sent on {sent}" if sent else "and had not sent when it was copied"
    return LedgerCopied(
        f"this ledger is a copy: its original lived in another database, {told}",
        cure=SEND_FROM_THERE,
        next_command=TAKE_OVER,
    )


def _another_history(sent: str) -> LedgerBehind:
    told = f"; the last that is known here was sent on {sent}" if sent else ""
    return LedgerBehind(
        "the server of this ledger began another history: a standby took over, or it was taken "
        f"back to an earlier time{told}",
        cure="take over if nothing was lost, or what was cannot be had back: whom it mailed since "
        "is not known here",
        next_command=TAKE_OVER,
    )


def _outdated(sent: str) -> LedgerCopied:
    return LedgerCopied(
        f"this ledger is older than the one that last sent from here ({sent}): an earlier state "
        "of it was put in its place",
        cure=PUT_BACK,
        next_command=TAKE_OVER,
    )
