"""Empty ledgers on both databases, migrated once a session."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from newsletter.ledger.ledger import Ledger
from newsletter.ledger.schema import meta, metadata
from tests.ledger.moved import as_if_moved
from tests.ledger.servers import BROUGHT, SERVERS, Server

Servers = Callable[[Server], str]
"""Starts a server when it is first asked for; its address."""


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger that nobody writes to."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    Ledger.open(path).close()
    return as_if_moved(path)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The address of a PostgreSQL server, with a ledger; it is started when it is first asked."""
    started: dict[Server, str] = {}

    def address_of(server: Server) -> str:
        if server not in started:
            started[server] = stack.enter_context(server.runs())
            _set_up(started[server], tmp_path_factory.mktemp("state"))
        return started[server]

    with ExitStack() as stack:
        yield address_of


def _set_up(address: str, state: Path) -> None:
    run_statements(
        address,
        "ALTER SYSTEM SET fsync = off",  # no test cuts the power
        "SELECT pg_reload_conf()",
    )
    Ledger.open(address, state=state).close()


@pytest.fixture(scope="session")
def brought(servers: Servers) -> str:
    """The address of the server that is always here."""
    return servers(BROUGHT)


@pytest.fixture(scope="session", params=SERVERS, ids=str)
def postgres(request: pytest.FixtureRequest, servers: Servers) -> str:
    """The address of a real PostgreSQL server, with a ledger; of each that is here in turn."""
    return servers(request.param)


def run_statements(address: str, *statements: str) -> None:
    """Each by itself, outside any transaction."""
    url = address.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def restart(address: str, *, listen: str = "", network: str = "") -> None:
    """Stop the server at once, as a crash does, and start it again.

    It may ``listen`` at an address too from then on, and let a ``network`` in there.
    """
    url = address.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        folder = Path(str(connection.execute(text("SHOW data_directory")).scalar()))
        socket = connection.execute(text("SHOW unix_socket_directories")).scalar()
    engine.dispose()
    if network:
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
    programs = Path((folder / "postmaster.opts").read_text().split()[0]).parent
    subprocess.run(  # noqa: S603  our own server, as its own user
        [
            programs / "pg_ctl",
            "-w",
            "-m",
            "immediate",
            "-D",
            folder,
            "-l",
            folder / "log",
            "-o",
            f'-h "{listen}" -k "{socket}"',
            "restart",
        ],
        check=True,
        user=folder.stat().st_uid,
        group=folder.stat().st_gid,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )


_DROP_OWN_TABLES = r"""
    DO $$ DECLARE own text; BEGIN
        FOR own IN SELECT inhrelid::regclass::text FROM pg_inherits
            WHERE inhrelid::regclass::text ~ '^(recipient|delivery|attempt)_[0-9]+$'
        LOOP EXECUTE 'DROP TABLE ' || own; END LOOP;
    END $$"""
"""Those of large campaigns: numbers begin anew."""


def own_database(address: str, name: str, state: Path) -> str:
    """A database of one's own on the same server, with an empty ledger; its address."""
    run_statements(address, f"CREATE DATABASE {name}")
    own = make_url(address).set(database=name).render_as_string(hide_password=False)
    Ledger.open(own, state=state).close()
    return own


def another_history(address: str) -> None:
    """As if a standby had taken over: the ledger remembers another timeline than there is."""
    run_statements(address, _ANOTHER_HISTORY)


_ANOTHER_HISTORY = """
    UPDATE meta SET value = jsonb_set(value::jsonb, '{history}', '"00000007"')::text
    WHERE key = 'home'"""


def empty(address: str) -> None:
    """Take everything out of a ledger on a server, but its name."""
    run_statements(address, _DROP_OWN_TABLES)
    tables = [table.name for table in metadata.sorted_tables if table is not meta]
    run_statements(address, f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


@pytest.fixture
def file(empty_sqlite: Path, tmp_path: Path) -> Path:
    """An empty ledger in a file."""
    return Path(shutil.copy(empty_sqlite, tmp_path / "ledger.db"))


@pytest.fixture(
    params=["sqlite", *(pytest.param(each, marks=pytest.mark.postgres) for each in SERVERS)],
    ids=str,
)
def location(request: pytest.FixtureRequest, servers: Servers) -> str:
    """Where an empty ledger lives, on each database in turn."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("file"))
    address = servers(request.param)
    empty(address)
    return address


@pytest.fixture
def ledger(location: str, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger, on each database in turn."""
    with Ledger.open(location, state=tmp_path) as opened:
        yield opened
