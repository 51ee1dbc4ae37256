"""The two databases behind one door: how they are opened, written and read."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Row,
    Select,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError

from newsletter.errors import LedgerError, LedgerLocked, LedgerUnavailable
from newsletter.ledger.faults import database_errors, told
from newsletter.ledger.server import in_our_form, open_server, shares_sessions, shown

_BUSY_SECONDS = 15
_ROWS = 2_000
_A_PLACE = "name a file, or postgresql://user@host/database"


def parse_location(where: str | Path) -> URL:
    """A path means SQLite, ``postgresql://…`` means PostgreSQL; ``LedgerError`` for the rest."""
    named = str(where)
    if "://" not in named:  # a file has one lock, by whichever link it is reached
        return URL.create("sqlite+pysqlite", database=os.path.realpath(named))
    try:
        url = make_url(in_our_form(named))
    except (ArgumentError, ValueError):
        message = "the ledger's address cannot be read"
        raise LedgerError(message, cure=_A_PLACE) from None  # it may hold a password
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database:
        return parse_location(url.database)
    message = f"a ledger cannot live in {url.get_backend_name()}"
    raise LedgerError(message, cure=_A_PLACE)


class Database:
    """Short transactions on SQLite or PostgreSQL; every failure comes out as ``LedgerError``."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _open_sqlite(url) if self.is_sqlite else open_server(url)
        self._writer = self._engine.execution_options(newsletter_begin="IMMEDIATE")

    @property
    def name(self) -> str:
        """What to call it in a message; never with a password."""
        if self.is_sqlite:
            return str(self.url.database)
        return shown(self.url)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; on SQLite it has the write lock from its first step.

        A transaction that began by reading could not get it later (SQLITE_BUSY_SNAPSHOT).
        """
        with self._told(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that reads, a single picture on SQLite; it never waits for writers."""
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def erase(self) -> Iterator[Connection]:
        """One transaction after which nothing of what it deleted is left in any file.

        SQLite: what is deleted is overwritten, the file made anew, the log cut to nothing;
        ``LedgerUnavailable`` where another process is reading meanwhile, to be done once more.
        PostgreSQL: dead rows are vacuumed; its own log and backups are the server's.
        """
        with self._told(), self._writer.connect() as connection:
            driver: Any = connection.connection.driver_connection
            if self.is_sqlite:
                driver.execute("PRAGMA secure_delete=ON")
            with connection.begin():
                yield connection
            if self.is_sqlite:
                _erase_file(driver, self.name)
        if not self.is_sqlite:
            self._vacuum()

    def give_back(self, tables: Iterable[str]) -> None:
        """Return the room of deleted rows to the system: of a file, or on a server of ``tables``.

        Nobody reads one of these tables while it is made anew.
        """
        if not self.is_sqlite:
            with self._told(), self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in tables:
                    connection.execute(text(f"VACUUM (FULL, ANALYZE) {table}"))
            return
        with self._told(), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            _make_anew(driver)

    def _vacuum(self) -> None:
        with self._told(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM"))

    def copy_to(self, target: Path, changed: str) -> None:
        """SQLite's online backup: whole, at one instant, while others write; then one change."""
        with self._told(), self._engine.connect() as connection:
            source = connection.connection.driver_connection
            destination = sqlite3.connect(target)
            try:
                source.backup(destination)  # type: ignore[union-attr]  # a sqlite3 connection
                with destination:
                    destination.execute(changed)
            finally:
                destination.close()

    @contextmanager
    def advisory_lock(self, name: str, *, shared: bool = False) -> Iterator[None]:
        """On PostgreSQL, hold a lock that senders on other machines see too; else nothing.

        Several may share it, or one has it alone.
        """
        if self.is_sqlite:
            yield
            return
        take = func.pg_try_advisory_lock_shared if shared else func.pg_try_advisory_lock
        with self._told():
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self._told():
                held = connection.execute(select(take(_key(name)))).scalar()
            if not held:
                raise _sent_from_elsewhere()
            yield
        finally:
            connection.invalidate()  # ends the session, and with it the lock
            connection.close()

    def wait_for(self, name: str, connection: Connection) -> None:
        """On PostgreSQL, be alone in something until the transaction ends; else nothing."""
        if not self.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_key(name))))

    def refuse_sender(self, name: str, connection: Connection) -> None:
        """On PostgreSQL, ``LedgerLocked`` while others hold that lock; else nobody takes it now."""
        if not connection.execute(select(func.pg_try_advisory_xact_lock(_key(name)))).scalar():
            raise _sent_from_elsewhere()

    def refuse_encoding(self, connection: Connection) -> None:
        """``LedgerError`` for a server's database that has no room for every name and subject."""
        kept = "" if self.is_sqlite else connection.execute(text("SHOW server_encoding")).scalar()
        if kept not in {"", "UTF8"}:
            message = f"the database of the ledger {self.name} is kept in {kept}, not in UTF8"
            cure = "make it anew: createdb --encoding=UTF8 --template=template0 NAME"
            raise LedgerError(message, cure=cure)

    def refuse_shared_sessions(self) -> None:
        """``LedgerError`` where a pooler stands before the server that knows nobody's locks."""
        with self._told():
            if self.is_sqlite or not shares_sessions(self._engine):
                return
        message = (
            f"{self.name} is a pooler that shares sessions among its clients (transaction "
            "pooling): no lock there says who sends"
        )
        cure = "name the server itself, or a pool that keeps whole sessions (pool_mode = session)"
        raise LedgerError(message, cure=cure)

    def is_locked(self, name: str, connection: Connection) -> bool:
        """Whether anybody holds the lock of that name, alone or with others."""
        if self.is_sqlite:
            return False
        return connection.execute(text(_HELD), {"key": _key(name)}).first() is not None

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except database_errors() as error:
            raise told(error, self.name) from error


def _sent_from_elsewhere() -> LedgerLocked:
    message = "a process on another machine sends from this ledger"
    return LedgerLocked(message, next_command="newsletter status")


def _key(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


_HELD = """
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32) | objid::bigint = :key"""


def _make_anew(driver: Any) -> bool:
    """Make the file anew, and cut its log; False if somebody reads it, and the log stays."""
    driver.execute("VACUUM")
    busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _erase_file(driver: Any, name: str) -> None:
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    is_cut = _make_anew(driver)
    driver.execute("PRAGMA secure_delete=OFF")
    if not is_cut:
        message = f"the ledger {name} is being read: its log still holds what was deleted"
        raise LedgerUnavailable(message, cure="end what reads it, and give the command again")


def streamed(
    connection: Connection, query: Select[*tuple[Any, ...]]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """The rows of a query, some thousands of them in memory at a time."""
    options = {"stream_results": True, "yield_per": _ROWS}
    return iter(connection.execute(query, execution_options=options))


def _open_sqlite(url: URL) -> Engine:
    options: dict[str, Any] = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    file = Path(url.database or "")
    if may_only_be_read(file):
        address = _only_to_read(file)
        engine = create_engine(
            url,
            creator=lambda: sqlite3.connect(address, uri=True, isolation_level=None, **options),
            paramstyle="named",
        )
    else:
        engine = create_engine(url, connect_args=options, paramstyle="named")
        event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def may_only_be_read(file: Path) -> bool:
    """Whether a ledger is there in whose place nothing can be written, as on a read-only mount."""
    if not file.exists():
        return False
    in_use = _log_of(file).exists()
    return not (os.access(file, os.W_OK) and (in_use or os.access(file.parent, os.W_OK)))


def _only_to_read(file: Path) -> str:
    """Its address for SQLite, which makes files beside a ledger even to read it.

    Where it has no log nobody writes, and nothing needs to be made. With a log it has both files.
    """
    how = "mode=ro" if _log_of(file).exists() else "mode=ro&immutable=1"
    return f"{file.absolute().as_uri()}?{how}"


def _log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("newsletter_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def create_private(path: Path) -> None:
    """Make an empty file that only its owner reads: a ledger holds readers' addresses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        message = f"the ledger {path} cannot be made: {error.strerror}"
        cure = "make room, or choose a folder that you may write to"
        raise LedgerError(message, cure=cure) from error
