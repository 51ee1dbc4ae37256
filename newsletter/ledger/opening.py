"""Opening: which revision a ledger is of, making and migrating it, and copying it whole."""

import datetime as dt
import uuid
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, text, update

from newsletter.errors import LedgerError
from newsletter.ledger import schema
from newsletter.ledger.database import Database, create_private, parse_location
from newsletter.ledger.lock import PATIENCE, sending_lock
from newsletter.ledger.remembered import IDENTITY, value
from newsletter.ledger.residence import NOWHERE, Residence, refuse_vanished
from newsletter.ledger.server import shown
from newsletter.ledger.server_residence import ServerResidence, marker_of_server

Residing = Residence | ServerResidence

_MIGRATION = "migration"
_MAKING = 60.0
"""Seconds in which whoever makes a ledger is surely done."""


def identity_of(database: Database) -> str:
    """The ledger's random name."""
    with database.read() as connection:
        return value(connection, IDENTITY)


def touch(connection: Connection) -> None:
    """Write what stands there already, as only whoever may write can."""
    connection.execute(update(schema.meta).values(value=schema.meta.c.value))


def new_identity() -> str:
    """A random name that no other ledger has."""
    return uuid.uuid4().hex


def revision_at(where: str | Path) -> str | None:
    """Which revision of the schema is there, none is made or migrated; None where there is none."""
    database = Database(parse_location(where))
    try:
        return _revision(database)
    finally:
        database.close()


def name_of(where: str) -> str:
    """What to call a ledger that there may not be; never with a password."""
    url = parse_location(where)
    return str(url.database) if url.get_backend_name() == "sqlite" else shown(url)


def was_made(server: str, folder: Path) -> bool:
    """Whether a server's database has a ledger; one that is gone counts, if a run is told of."""
    if revision_at(server) is not None or any(_journals(folder, "ledger")):
        return True
    return marker_of_server(shown(parse_location(server)), folder, "ledger").exists()


def kept_before(where: str | Path) -> Path | None:
    """The copy that was made of a file before it was migrated to this program's revision."""
    url = parse_location(where)
    file = Path(url.database or "")
    kept = _kept(file.parent, file.name)
    return kept if url.get_backend_name() == "sqlite" and kept.exists() else None


def _kept(folder: Path, stem: str) -> Path:
    return folder / f"{stem}.before-{schema.HEAD}"


def copy_whole(database: Database, target: Path) -> Path:
    """Through a file beside the target, which takes its name only when it is whole."""
    create_private(part := target.with_name(f"{target.name}.part"))
    try:
        database.copy_to(part, NOWHERE)
        part.replace(target)
    except OSError as error:
        message = f"the backup {target} cannot be written: {error.strerror}"
        raise LedgerError(message, cure="choose another folder") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def residence_of(database: Database, folder: Path, stem: str, file: Path | None) -> Residing:
    """Where it lives, as a file or on a server."""
    if file is None:
        return ServerResidence(database, folder, stem)
    return Residence(database, file, folder / f"{stem}.id")


def bring_up_to_date(
    database: Database, folder: Path, stem: str, residence: Residing, *, create: bool
) -> None:
    """See which revision it is; make, migrate or refuse."""
    database.refuse_shared_sessions()
    found = _revision(database)
    if found == schema.HEAD:
        return
    if found is None:
        _refuse_orphan(folder, stem, database.name, residence.marker)
    if found is None and not create:
        message = f"there is no ledger in {database.name}"
        raise LedgerError(message, cure="record a campaign first")
    if found is not None and found > schema.HEAD:
        message = f"the ledger {database.name} is of a newer version ({found} > {schema.HEAD})"
        raise LedgerError(message, cure="upgrade this program: pip install -U newsletter")
    if not database.is_sqlite:
        _migrate(database)
        residence.turn()
        return
    patience = PATIENCE if found else _MAKING  # nobody sends from one that is not there
    lock = folder / f"{stem}.lock"
    with sending_lock(lock, dt.datetime.now(dt.UTC), patience=patience):
        if _revision(database) not in {None, schema.HEAD}:
            copy_whole(database, _kept(folder, stem))
        _migrate(database)
        if not residence.known:
            residence.turn()


def _refuse_orphan(folder: Path, stem: str, name: str, marker: Path) -> None:
    """A marker or a journal tells of a ledger that was lost, and with it who got what.

    To begin anew would mail them again.
    """
    refuse_vanished(name, marker)
    for journal in _journals(folder, stem):
        message = f"the ledger {name} is gone, but {journal.name} beside it tells of a run"
        cure = "restore the ledger or a backup of it; remove the journal only to begin anew"
        raise LedgerError(message, cure=cure)


def _journals(folder: Path, stem: str) -> list[Path]:
    return sorted(folder.glob(f"{stem}.campaign-*.journal"))


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        return _revision_within(connection)


def _revision_within(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(database: Database) -> None:
    """Make it or bring it up to date, unless another process has just done so."""
    with database.write() as connection:
        database.wait_for(_MIGRATION, connection)
        found = _revision_within(connection)
        if found == schema.HEAD:
            return
        if found is None and database.is_sqlite:
            _make(connection)
        else:
            from newsletter.ledger.migrate import upgrade

            if found is None:
                database.refuse_encoding(connection)
            elif not database.is_sqlite:  # who sends from a file has its lock
                database.refuse_sender(value(connection, IDENTITY), connection)
            upgrade(connection)
        if not value(connection, IDENTITY):
            connection.execute(insert(schema.meta), {"key": "ledger", "value": new_identity()})


def _make(connection: Connection) -> None:
    """The newest schema at once: Alembic is a tenth of the memory of a process that sends."""
    schema.metadata.create_all(connection)
    connection.execute(text(_VERSION))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.HEAD})


_VERSION = """
    CREATE TABLE alembic_version (
        version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    )
"""
"""As Alembic makes it."""
