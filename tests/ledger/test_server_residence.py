"""A ledger on a server knows whether it is the one that was sent from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from newsletter.errors import LedgerCopied, LedgerError, LedgerLocked
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.ledger.opening import was_made
from newsletter.ledger.workers import Division
from tests.doubles import START
from tests.ledger.databases import Servers, another_history, empty, own_database, run_statements
from tests.ledger.plans import make_plan
from tests.ledger.servers import DEBIANS

pytestmark = [pytest.mark.slow, pytest.mark.postgres]  # a database of its own for each


@pytest.fixture
def own(postgres: str, tmp_path: Path) -> Iterator[str]:
    """A database with a ledger."""
    yield own_database(postgres, "home", tmp_path / "made")
    for name in ("home", "kept"):
        run_statements(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def named(address: str, database: str) -> str:
    """Another database on the same server."""
    return make_url(address).set(database=database).render_as_string(hide_password=False)


def keep(server: str) -> None:
    """Copy the database as it is."""
    run_statements(server, "DROP DATABASE IF EXISTS kept", "CREATE DATABASE kept TEMPLATE home")


def put_back(server: str) -> None:
    """Put what was kept in its place, as whoever restores a database does."""
    run_statements(
        server,
        "DROP DATABASE home WITH (FORCE)",
        "ALTER DATABASE kept RENAME TO home",
    )


def begin_and_end(address: str, state: Path, slug: str = "2026-11") -> None:
    """Record and begin a campaign, and stop before anybody was mailed."""
    with Ledger.open(address, state=state) as ledger:
        number = ledger.record(make_plan(2, slug), due=None, now=START)
        with ledger.sending(START):
            turn = ledger.begin_run(number, START)
            ledger.end_run(turn, CampaignState.PAUSED, "", START)


def refused(address: str, state: Path) -> LedgerCopied:
    """Why nothing is sent from there."""
    with (
        Ledger.open(address, state=state) as ledger,
        pytest.raises(LedgerCopied) as caught,
        ledger.sending(START),
    ):
        pass
    return caught.value


def forget_the_place(address: str) -> None:
    """As if the server told nothing of itself: only the marker is left."""
    run_statements(address, """UPDATE meta SET value = '{"table": 0}' WHERE key = 'home'""")


def test_a_ledger_that_stays_where_it_is_goes_on_from_any_machine(own: str, tmp_path: Path) -> None:
    begin_and_end(own, tmp_path / "one")
    begin_and_end(own, tmp_path / "other", "2026-12")
    begin_and_end(own, tmp_path / "one", "2027-01")


@pytest.mark.parametrize("sent", [False, True])
def test_a_copy_in_another_database_sends_nothing_until_it_is_taken_over(
    own: str, postgres: str, tmp_path: Path, *, sent: bool
) -> None:
    if sent:
        begin_and_end(own, tmp_path / "one")
    keep(postgres)
    copy = named(postgres, "kept")
    told = refused(copy, tmp_path / "another")
    assert ("last sent on 20" in told.message) == sent
    with Ledger.open(copy, state=tmp_path / "another") as ledger:
        before = ledger.identity
        with pytest.raises(LedgerCopied), ledger.workers(Division()).sending():
            pass
        ledger.take_over(START)
        assert ledger.identity != before
        assert ledger.copied is None
    begin_and_end(copy, tmp_path / "another", "2026-12")
    begin_and_end(own, tmp_path / "one", "2026-12")


def test_who_was_there_before_it_was_taken_over_shares_the_lock_of_those_who_came_after(
    own: str, tmp_path: Path
) -> None:
    with (
        Ledger.open(own, state=tmp_path / "one") as one,
        Ledger.open(own, state=tmp_path / "other") as other,
    ):
        other.take_over(START)
        with other.sending(START), pytest.raises(LedgerLocked), one.sending(START):
            pass
        with one.workers().sending(), pytest.raises(LedgerLocked), other.sending(START):
            pass
        with one.sending(START), pytest.raises(LedgerLocked), other.workers().sending():
            pass


def test_what_was_dumped_and_read_back_is_a_copy(own: str, tmp_path: Path) -> None:
    begin_and_end(own, tmp_path / "one")
    run_statements(  # into the same database: each table is another
        own,
        "ALTER TABLE meta RENAME TO old",
        "CREATE TABLE meta AS SELECT * FROM old",
        "ALTER TABLE meta ADD PRIMARY KEY (key)",
        "DROP TABLE old",
    )
    assert "another database" in refused(own, tmp_path / "other").message


def test_an_older_state_is_told_by_the_machine_that_sent_since(
    own: str, postgres: str, tmp_path: Path
) -> None:
    forget_the_place(own)
    begin_and_end(own, tmp_path / "one")
    keep(postgres)
    begin_and_end(own, tmp_path / "one", "2026-12")
    put_back(postgres)
    assert "older than the one that last sent from here" in refused(own, tmp_path / "one").message
    with Ledger.open(own, state=tmp_path / "one") as ledger:
        ledger.take_over(START)
    begin_and_end(own, tmp_path / "one", "2027-01")


def test_a_part_that_a_worker_took_tells_as_much(own: str, postgres: str, tmp_path: Path) -> None:
    forget_the_place(own)
    keep(postgres)
    with Ledger.open(own, state=tmp_path / "one") as ledger:
        number = ledger.record(make_plan(2), due=None, now=START)
        workers = ledger.workers(Division())
        with workers.sending():
            workers.open_up(number, START, lambda *_: None)
            workers.take(number, 1, START, worker="one", timeout=5)
    put_back(postgres)
    assert "older than the one" in refused(own, tmp_path / "one").message


def test_an_older_state_that_others_went_on_with_is_told_too(
    own: str, postgres: str, tmp_path: Path
) -> None:
    forget_the_place(own)
    keep(postgres)
    begin_and_end(own, tmp_path / "one")
    put_back(postgres)
    with Ledger.open(own, state=tmp_path / "other") as ledger:
        number = ledger.record(make_plan(2), due=None, now=START)
        ledger.begin_run(number, START.replace(year=2027))  # a run with the same number
    assert "older than the one" in refused(own, tmp_path / "one").message


def test_a_server_with_another_history_is_told(own: str, tmp_path: Path) -> None:
    begin_and_end(own, tmp_path / "one")
    another_history(own)
    assert "another history" in refused(own, tmp_path / "one").message


@pytest.mark.skipif(not DEBIANS, reason="needs Debian's own PostgreSQL")
def test_a_real_standby_is_looked_at_and_sends_nothing_once_it_took_over(
    servers: Servers, tmp_path: Path
) -> None:
    (debians, *_), state = DEBIANS, tmp_path / "one"
    empty(primary := servers(debians))
    begin_and_end(primary, state)
    with debians.stands_by(primary) as (standby, promote):
        with Ledger.open(standby, state=state, create=False) as ledger:
            assert ledger.copied is None
        place, other = (make_url(each).query["host"] for each in (standby, primary))
        both = f"postgresql://postgres@/postgres?host={place}&host={other}"
        with Ledger.open(both, state=state) as ledger, ledger.sending(START):
            pass  # by the one that may be written to
        promote()
        assert "another history" in refused(standby, state).message
        assert "another history" in refused(both, state).message


def test_a_database_that_was_emptied_is_no_new_beginning(
    own: str, postgres: str, tmp_path: Path
) -> None:
    begin_and_end(own, tmp_path / "one")
    run_statements(postgres, "DROP DATABASE home WITH (FORCE)", "CREATE DATABASE home")
    assert was_made(own, tmp_path / "one")
    with pytest.raises(LedgerError, match=f"is gone.*last sent on {START:%Y-%m-%d %H:%M:%S}"):
        Ledger.open(own, state=tmp_path / "one")
    assert not was_made(own, tmp_path / "another")
    Ledger.open(own, state=tmp_path / "another").close()
