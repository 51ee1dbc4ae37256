"""What a server, a database or a role may have set, and what they refuse: told, or of no matter."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from newsletter.campaign import Due
from newsletter.errors import LedgerError, LedgerLocked
from newsletter.ledger.database import Database, parse_location
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from tests.doubles import START
from tests.ledger.databases import own_database, run_statements
from tests.ledger.plans import make_plan
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]  # a database of its own for each
AT_ONCE = 4


@pytest.fixture
def blank(postgres: str) -> Iterator[str]:
    """A database in which there is nothing."""
    run_statements(postgres, "CREATE DATABASE untouched")
    yield named(postgres, "untouched")
    run_statements(postgres, "DROP DATABASE untouched WITH (FORCE)")


@pytest.fixture
def own(postgres: str, tmp_path: Path) -> Iterator[str]:
    """A database with an empty ledger."""
    yield own_database(postgres, "set_up", tmp_path)
    run_statements(postgres, "DROP DATABASE set_up WITH (FORCE)")


def named(postgres: str, database: str, role: str | None = None) -> str:
    """The address of another database (or of another role) on the same server."""
    url = make_url(postgres).set(database=database, username=role)
    return url.render_as_string(hide_password=False)


def test_of_many_machines_that_make_a_ledger_at_once_each_has_the_same_one(
    blank: str, tmp_path: Path
) -> None:
    def opened(n: int) -> str:
        with Ledger.open(blank, state=tmp_path / str(n)) as ledger:
            return ledger.identity

    with ThreadPoolExecutor(AT_ONCE) as machines:
        assert len({*machines.map(opened, range(AT_ONCE))}) == 1


def test_of_several_hosts_the_first_that_may_be_written_to_is_taken(
    own: str, tmp_path: Path
) -> None:
    place = make_url(own).query["host"]
    several = f"postgresql://postgres@/set_up?host=/nowhere&host={place}"
    with Ledger.open(several, state=tmp_path) as ledger:
        assert ledger.campaigns() == ()
        theirs = psycopg.connect(ledger.workers().conninfo)
    with theirs:
        assert theirs.info.host == place
        assert theirs.info.get_parameters()["target_session_attrs"] == "read-write"


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("postgresql://u:p%2C@a:1,b/news", ("a:1", "b:5432")),
        ("postgresql://u:p,@a,b?sslmode=require", ("a:5432", "b:5432")),
    ],
)
def test_postgresqls_own_form_for_several_hosts_is_read(
    address: str, hosts: tuple[str, str]
) -> None:
    url = parse_location(address)
    assert url.query["host"] == hosts
    assert url.password == "p,"
    assert parse_location("postgresql://u:p,@a/news").host == "a"


def test_resuming_goes_by_what_another_machine_said_just_before(own: str, tmp_path: Path) -> None:
    due = Due(START + dt.timedelta(hours=1), "2026-12-03 11:00", "Europe/Rome")
    direct = create_engine(own.replace("postgresql://", "postgresql+psycopg://"))
    with Ledger.open(own, state=tmp_path) as ledger, ThreadPoolExecutor(1) as other:
        number = ledger.record(make_plan(), due=due, now=START)
        ledger.pause(number, START)
        with direct.begin() as connection:
            connection.execute(text("UPDATE campaign SET due_at = NULL"))
            resumed = other.submit(ledger.resume, number, START)
            wait_until(lambda: _waits_for_a_row(own))
        assert resumed.result().state is CampaignState.READY
    direct.dispose()


def _waits_for_a_row(address: str) -> bool:
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first()
    engine.dispose()
    return found is not None


def test_nothing_is_migrated_under_a_process_that_sends_from_another_machine(
    own: str, tmp_path: Path
) -> None:
    with Ledger.open(own, state=tmp_path / "one") as ledger, ledger.sending(START):
        run_statements(own, "UPDATE alembic_version SET version_num = '0011'")
        with pytest.raises(LedgerLocked, match="another machine sends"):
            Ledger.open(own, state=tmp_path / "other")


def test_a_database_that_cannot_hold_every_name_is_refused_before_anything(
    postgres: str, tmp_path: Path
) -> None:
    run_statements(
        postgres,
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )
    with pytest.raises(LedgerError, match="LATIN1") as refused:
        Ledger.open(named(postgres, "latin"), state=tmp_path)
    assert "createdb --encoding=UTF8" in refused.value.cure


def test_what_a_database_sets_for_others_is_of_no_matter(own: str) -> None:
    run_statements(
        own,
        "ALTER DATABASE set_up SET default_transaction_isolation = 'serializable'",
        "ALTER DATABASE set_up SET statement_timeout = '1s'",
        "ALTER DATABASE set_up SET idle_in_transaction_session_timeout = '1s'",
        "ALTER DATABASE set_up SET client_encoding = 'LATIN1'",
    )
    database = Database(parse_location(own))
    with database.write() as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in (
                "transaction_isolation",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "client_encoding",
            )
        ]
    database.close()
    assert shown == ["read committed", "0", "0", "UTF8"]


def test_a_disk_that_is_full_on_the_server_is_told_and_nothing_recorded(
    own: str, tmp_path: Path
) -> None:
    run_statements(
        own,
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$""",
        "CREATE TRIGGER full_disk BEFORE INSERT ON recipient"
        " FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )
    with Ledger.open(own, state=tmp_path) as ledger:
        with pytest.raises(LedgerError, match="No space left on device") as refused:
            ledger.record(make_plan(3), due=None, now=START)
        assert "make room there" in refused.value.cure
        assert ledger.campaigns() == ()


def test_whoever_may_not_write_is_told_what_is_missing(own: str, tmp_path: Path) -> None:
    run_statements(
        own,
        "DROP ROLE IF EXISTS looks_on",
        "CREATE ROLE looks_on LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looks_on",
    )
    reads = named(own, "set_up", "looks_on")
    with Ledger.open(reads, state=tmp_path) as ledger:
        assert ledger.campaigns() == ()
        with pytest.raises(LedgerError, match="permission denied") as refused:
            ledger.record(make_plan(3), due=None, now=START)
        assert "the right to read, write and make tables" in refused.value.cure
    run_statements(own, "DROP OWNED BY looks_on", "DROP ROLE looks_on")


@pytest.mark.parametrize(
    ("database", "role", "words", "cure"),
    [
        ("not_there", None, "does not exist", "createdb"),
        ("set_up", "nobody_knows", "does not exist", "createuser"),
    ],
)
def test_whoever_cannot_enter_is_told_why(
    own: str, tmp_path: Path, database: str, role: str | None, words: str, cure: str
) -> None:
    with pytest.raises(LedgerError, match=words) as refused:
        Ledger.open(named(own, database, role), state=tmp_path)
    assert cure in refused.value.cure
