"""A ledger moves into a server's database: every row of every table, or nothing at all."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Float, LargeBinary, String, insert, update

from newsletter.errors import LedgerCopied, LedgerError
from newsletter.ledger import copying, schema
from newsletter.ledger.database import Database, parse_location
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from tests.doubles import START
from tests.ledger.databases import empty, empty_sqlite, file, postgres, servers
from tests.ledger.plans import make_plan

__all__ = ["empty_sqlite", "file", "postgres", "servers"]
pytestmark = pytest.mark.postgres
ROWS = 3


def a_value(column: Column[Any], number: int) -> object:
    """Something that the column holds; another one for each number."""
    kind = column.type
    if isinstance(kind, schema.Instant):
        return START + dt.timedelta(microseconds=number)
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, LargeBinary):
        return bytes((0, 255, number))
    if isinstance(kind, Float):
        return 0.1 * number
    if isinstance(kind, String):
        return f"“è\n{number}"[: kind.length or 99]
    return number


def fill(file: Path) -> None:
    """Some rows in every table; nobody is in anybody's hands, and optional values are missing."""
    database = Database(parse_location(file))
    with database.write() as connection:
        for table in schema.metadata.sorted_tables:
            for number in range(1, ROWS + 1):
                spared = [each for each in table.columns if each.nullable and number == ROWS]
                kept = [each for each in table.columns if each not in spared]
                values = {each.name: a_value(each, number) for each in kept}
                connection.execute(insert(table), values)
    database.close()


@pytest.fixture
def target(postgres: str) -> str:
    """An empty ledger on a server."""
    empty(postgres)
    return postgres


def test_every_row_of_every_table_arrives_and_new_ones_are_numbered_behind_them(
    file: Path, target: str, tmp_path: Path
) -> None:
    fill(file)
    with Ledger.open(file) as source, Ledger.open(target, state=tmp_path) as other:
        told = source.move_into(other, START)
        assert {each.name: each.rows for each in told} == {
            table.name: ROWS for table in schema.metadata.sorted_tables if table is not schema.meta
        }
        for table in schema.metadata.sorted_tables:
            if table is not schema.meta:
                assert rows_of(file, table) == rows_of(target, table)
        assert other.record(make_plan(2), due=None, now=START) == ROWS + 1


def rows_of(where: str | Path, table: Any) -> list[tuple[object, ...]]:
    """All of them, in an order that is the same in both databases."""
    database = Database(parse_location(where))
    with database.read() as connection:
        found = sorted(map(tuple, connection.execute(table.select()).all()), key=repr)
    database.close()
    return found


def test_who_moved_away_sends_no_more_until_it_is_taken_over(
    file: Path, target: str, tmp_path: Path
) -> None:
    with Ledger.open(file) as source, Ledger.open(target, state=tmp_path) as other:
        number = source.record(make_plan(2), due=None, now=START)
        source.move_into(other, START)
        assert other.campaign(number).state is CampaignState.READY
        with (
            pytest.raises(LedgerCopied, match="was moved to postgresql") as refused,
            sending(source),
        ):
            pass
        assert refused.value.next_command == "newsletter ledger take-over"
        assert "password" not in str(refused.value)
        source.take_over(START)
        with sending(source), sending(other):
            pass


def sending(ledger: Ledger) -> Any:
    """Whoever sends holds it."""
    return ledger.sending(START)


def test_a_target_that_holds_anything_is_refused_and_both_stay_as_they_were(
    file: Path, target: str, tmp_path: Path
) -> None:
    with Ledger.open(file) as source, Ledger.open(target, state=tmp_path) as other:
        source.record(make_plan(2), due=None, now=START)
        other.record(make_plan(3), due=None, now=START)
        with pytest.raises(LedgerError, match="is not empty: its table campaign has rows"):
            source.move_into(other, START)
        assert other.campaigns()[0].recipients == 3
        with sending(source), sending(other):
            pass


def test_a_run_that_was_interrupted_is_cleared_up_first(
    file: Path, target: str, tmp_path: Path
) -> None:
    with Ledger.open(file) as source, Ledger.open(target, state=tmp_path) as other:
        number = source.record(make_plan(2), due=None, now=START)
        with closing(sqlite3.connect(file)) as given, given:
            given.execute("UPDATE delivery SET state = 'claimed', run = 1")
        with pytest.raises(LedgerError, match="was interrupted") as refused:
            source.move_into(other, START)
        assert refused.value.next_command == f"newsletter resume {number}"
        assert not other.campaigns()


def test_a_copy_that_differs_in_one_value_is_taken_back(
    file: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(file) as source, Ledger.open(target, state=tmp_path) as other:
        source.record(make_plan(1), due=None, now=START)
        original = copying._copy

        def altered(given: Any, taken: Any, table: Any) -> Any:
            found = original(given, taken, table)
            if table is schema.recipient:
                taken.execute(update(table).values(address="x@list.example"))
            return found

        monkeypatch.setattr(copying, "_copy", altered)
        with pytest.raises(LedgerError, match="of 1 rows of recipient 1 arrived, or some not"):
            source.move_into(other, START)
        assert not other.campaigns()
        with sending(source):
            pass


def test_a_copy_of_a_ledger_is_not_moved(file: Path, target: str, tmp_path: Path) -> None:
    with Ledger.open(file) as source:
        source.record(make_plan(1), due=None, now=START)
        with sending(source):
            pass
    copied = tmp_path / "elsewhere.db"
    with closing(sqlite3.connect(file)) as given, closing(sqlite3.connect(copied)) as taken:
        given.backup(taken)
    with Ledger.open(copied) as source, Ledger.open(target, state=tmp_path) as other:
        with pytest.raises(LedgerCopied, match="this ledger is a copy"):
            source.move_into(other, START)
        assert not other.campaigns()
