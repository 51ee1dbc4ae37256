"""Forgetting on both databases: no table tells of the reader, and everything still adds up."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from newsletter.consent import Request, Told
from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerLocked, UsageError
from newsletter.forgotten import Marks, Traces
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Want
from newsletter.ledger.schema import metadata
from newsletter.values import Address
from tests.doubles import START
from tests.ledger.plans import make_plan

SECOND = Address.parse("R2@reader.example")
MARKS = Marks(b"a secret of the newsletter")
TOLD = Told(START, "officer", "Yes", "it", "192.0.2.7")


def everything(location: str) -> str:
    """All that a ledger's tables hold, as text."""
    url = location.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    with engine.connect() as connection:
        rows = [
            str(tuple(row))
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
        ]
    engine.dispose()
    return "\n".join(rows)


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A ledger that knows the second of three readers in every way."""
    ledger.record(make_plan(3), due=None, now=START)
    register = ledger.register(MARKS)
    token = register.request_subscription(Request(SECOND, ("soci",), TOLD)).token
    assert token
    register.confirm(token, TOLD)
    register.set_tracking(SECOND, TOLD, allowed=True)
    ledger.suppress(SECOND, "complained", "mailbox", f"<{SECOND}> pressed spam", START)
    return ledger


@pytest.mark.slow
def test_no_table_tells_of_the_reader_and_the_rows_still_count(told: Ledger, location: str) -> None:
    assert SECOND.key in everything(location).lower()
    rows = told.forget(SECOND, [], MARKS, TOLD)
    left = everything(location)
    assert SECOND.key not in left.lower()
    assert "192.0.2.7" not in left
    assert rows["recipient"] == 1
    assert told.verify() == ()
    assert told.progress(told.campaigns()[0].id).count(DeliveryState.QUEUED) == 2
    assert [each.reason for each in told.suppressions()] == ["forgotten"]


@pytest.mark.slow
def test_what_a_reader_agreed_to_can_be_proved_to_whoever_names_the_address(told: Ledger) -> None:
    told.forget(SECOND, [], MARKS, TOLD)
    register = told.register(MARKS)
    assert list(register.events(SECOND)) == []
    changes = [event.change.value for event in register.events_of_forgotten(SECOND)]
    assert changes == ["given", "given", "withdrawn"]
    assert {event.told.ip for event in register.events_of_forgotten(SECOND)} == {""}


@pytest.mark.slow
def test_to_forget_twice_is_to_forget(told: Ledger, location: str) -> None:
    told.forget(SECOND, [], MARKS, TOLD)
    assert told.forget(SECOND, [], MARKS, TOLD).get("recipient", 0) == 0
    assert SECOND.key not in everything(location).lower()


@pytest.mark.slow
def test_a_question_changes_nothing(told: Ledger, location: str) -> None:
    before = everything(location)
    assert told.traces_of(SECOND, [])["consent"] == 3
    assert everything(location) == before


@pytest.mark.slow
def test_nobody_is_forgotten_under_a_process_that_sends(told: Ledger) -> None:
    with told.sending(START), pytest.raises(LedgerLocked):
        told.forget(SECOND, [], MARKS, TOLD)


def test_what_a_killed_run_left_in_the_air_is_settled_first(told: Ledger) -> None:
    number = told.campaigns()[0].id
    told.unsuppress(SECOND, START)
    turn = told.begin_run(number, START)
    told.exchange(turn, [], Want(3), START)
    with pytest.raises(UsageError, match="killed") as refused:
        told.forget(SECOND, [], MARKS, TOLD)
    assert refused.value.next_command == f"newsletter resume {number}"


def test_a_journal_that_quotes_the_address_is_settled_first(told: Ledger, tmp_path: Path) -> None:
    told.journal_path(told.campaigns()[0].id).write_bytes(
        b'x [2,1,0,{"t":"550 <r2@reader.example>"}]'
    )
    with pytest.raises(UsageError, match="quotes this address"):
        told.forget(SECOND, [], MARKS, TOLD)
    assert tmp_path.exists()


@pytest.mark.slow
def test_a_row_that_waits_is_not_granted_after_the_reader_was_forgotten(told: Ledger) -> None:
    told.unsuppress(SECOND, START)
    told.forget(SECOND, [], MARKS, TOLD)
    turn = told.begin_run(told.campaigns()[0].id, START)
    granted = told.exchange(turn, [], Want(9), START + dt.timedelta(seconds=1))
    assert [row.seq for row in granted.rows] == [1, 3]


def test_ten_thousand_words_are_searched_without_a_false_alarm() -> None:
    traces = Traces(Address.parse("a@b.example"))
    assert not traces.are_in("aa@b.example " * 10_000)
    assert not traces.are_in("a@b.example.org " * 10_000)
    assert traces.are_in("x" * 100_000 + " A@B.example")
