"""Large campaigns have tables of their own on a real PostgreSQL, and nobody notices."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, insert, make_url, text

from newsletter.audience.cohort import Crowd
from newsletter.audience.model import Person
from newsletter.campaign import Plan, Recipient, Recipients
from newsletter.delivery import DeliveryState
from newsletter.edition.model import Variant
from newsletter.ledger import own_tables, recording, schema
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.migrate import config_for
from newsletter.ledger.model import CampaignId, CampaignState, Want
from newsletter.values import Address, Language, digest_of
from tests.doubles import START
from tests.ledger.databases import empty, run_statements
from tests.ledger.plans import ITALIAN, make_person, make_plan
from tests.ledger.test_ledger import OK, claim, settle, states
from tests.ledger.test_pruning import LONG_AFTER, finish

pytestmark = pytest.mark.postgres
LARGE = 40


@pytest.fixture
def ledger(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """An empty ledger for which forty are many."""
    monkeypatch.setattr(own_tables, "OWN_FROM", LARGE)
    empty(postgres)
    with Ledger.open(postgres, state=tmp_path) as opened:
        yield opened


def tables(ledger: Ledger) -> set[str]:
    """The tables of campaigns of their own."""
    with ledger._database.read() as connection:
        numbers = [CampaignId(number) for number in range(1, 10)]
        return set(own_tables.of(connection, numbers))


def rows(ledger: Ledger, table: str) -> int:
    """How many it has."""
    with ledger._database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def test_a_large_campaign_is_recorded_apart_and_a_small_one_beside_others(ledger: Ledger) -> None:
    small = ledger.record(make_plan(LARGE - 1), due=None, now=START)
    large = ledger.record(make_plan(LARGE, "2026-12"), due=None, now=START)
    assert tables(ledger) == {f"{name}_{large}" for name in schema.PARTED}
    assert rows(ledger, f"delivery_{large}") == rows(ledger, f"recipient_{large}") == LARGE
    assert rows(ledger, "recipient_small") == LARGE - 1
    for number in (small, large):
        assert set(ledger.progress(number).counts) == {DeliveryState.QUEUED}
        assert len(list(ledger.deliveries(number))) == ledger.campaign(number).recipients
    assert ledger.verify() == ()


def test_it_is_sent_and_pruned_as_any_other_and_gives_its_room_back(ledger: Ledger) -> None:
    number = finish(ledger, 2000)
    before = ledger.progress(number).counts
    assert rows(ledger, f"attempt_{number}") == 2000
    octets = f"SELECT pg_total_relation_size('recipient_{number}')"
    with ledger._database.read() as connection:
        was = connection.execute(text(octets)).scalar_one()
    assert ledger.retention.prune(number, LONG_AFTER) == 1998
    ledger.retention.give_back([number])
    with ledger._database.read() as connection:
        assert connection.execute(text(octets)).scalar_one() < was / 4
    assert ledger.progress(number).counts == before
    assert states(ledger, number) == [DeliveryState.REFUSED, DeliveryState.IN_DOUBT]
    assert ledger.verify() == ()


def test_a_reader_is_found_in_all_her_campaigns(ledger: Ledger) -> None:
    numbers = [
        ledger.record(make_plan(readers, f"2026-{readers}"), due=None, now=START)
        for readers in (3, LARGE, LARGE + 1)
    ]
    found = ledger.lists_of(Address.parse("r2@reader.example"), numbers)
    assert set(found) == set(numbers)
    assert ledger.traces_of(Address.parse("r2@reader.example"), [])["recipient"] == 3


def test_cells_that_nobody_parsed_are_recorded_as_they_are(ledger: Ledger) -> None:
    plan = make_plan(LARGE)
    odd = {"first_name": 'Tab\t"quoted"\\N\nline\rend \\. 日本'}
    people = [Recipient(Person(Address(f"a\\{n}\t\n\r@b"), odd, ("l\t",)), 0) for n in range(LARGE)]
    number = ledger.record(replace(plan, recipients=people), due=None, now=START)
    turn = ledger.begin_run(number, START)
    granted = claim(ledger, turn, LARGE).rows
    assert [row.address for row in granted] == [f"a\\{n}\t\n\r@b" for n in range(LARGE)]
    assert all((row.fields, row.lists) == (odd, ("l\t",)) for row in granted)


def test_nothing_is_left_of_one_that_could_not_be_recorded(ledger: Ledger) -> None:
    plan = make_plan(LARGE)
    person = next(iter(plan.recipients)).person
    broken = replace(person, fields={"first_name": "\0"}, address=Address("nul\0@b.example"))
    people = (*plan.recipients, Recipient(broken, 0))
    with pytest.raises(Exception, match=r"nul|NUL|0x00|cannot"):
        ledger.record(replace(plan, recipients=people), due=None, now=START)
    assert tables(ledger) == set()
    assert ledger.campaigns() == ()
    assert ledger.record(plan, due=None, now=START)


def test_a_ledger_that_moves_brings_its_large_campaigns_into_tables_of_their_own(
    ledger: Ledger, file: Path
) -> None:
    with Ledger.open(file) as source:
        small, large = finish(source, 5), finish(source, LARGE, "2026-12")
        source.move_into(ledger, START)
        counts = [source.progress(number).counts for number in (small, large)]
    assert tables(ledger) == {f"{name}_{large}" for name in schema.PARTED}
    assert [ledger.progress(number).counts for number in (small, large)] == counts
    assert ledger.verify() == ()


@pytest.mark.parametrize("readers", [0, 7])
def test_a_ledger_of_before_is_migrated_with_all_that_it_has(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readers: int
) -> None:
    monkeypatch.setattr(own_tables, "OWN_FROM", LARGE)
    name = f"before_{readers}"
    run_statements(postgres, f"CREATE DATABASE {name}")
    url = make_url(postgres).set(database=name)
    address = url.render_as_string(hide_password=False)
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        command.upgrade(config_for(connection), "0011")
        connection.execute(insert(schema.meta), {"key": "ledger", "value": "x"})
        if readers:
            _fill(connection, make_plan(readers))
    engine.dispose()
    with Ledger.open(address, state=tmp_path) as migrated:
        for campaign in migrated.campaigns():
            assert len(list(migrated.deliveries(campaign.id))) == readers
            turn = migrated.begin_run(campaign.id, START)
            told = [settle(row, OK) for row in claim(migrated, turn, readers).rows]
            migrated.exchange(turn, told, Want(0), START)
            migrated.end_run(turn, CampaignState.FINISHED, "", START)
            assert migrated.retention.prune(campaign.id, LONG_AFTER) == readers
        for count, slug in ((3, "small"), (LARGE, "large")):
            number = migrated.record(make_plan(count, slug), due=None, now=START)
            assert len(list(migrated.deliveries(number))) == count
        assert migrated.verify() == ()


def _fill(connection: Connection, plan: Plan) -> None:
    """As a small campaign is recorded."""
    recording.record(connection, plan, None, START)


@pytest.mark.parametrize("readers", [LARGE, 4321])
@pytest.mark.parametrize("odd", ["", "\\back\\slash", "tab\there", "line\nend", "\r"])
def test_an_audience_on_disk_is_recorded_row_by_row_in_its_order(
    ledger: Ledger, readers: int, odd: str
) -> None:
    people = [make_person(n, note=odd if n % 7 == 0 else "è") for n in range(1, readers + 1)]
    variants = [ITALIAN, Variant(Language("en"), ())]
    recipients = Recipients(
        [Crowd.of(people)],
        lambda person: variants[person.address.text.startswith("r1")],
        {"email"},
    )
    plan = replace(make_plan(1), recipients=recipients, audience_digest=digest_of(b"x"))
    plan = replace(plan, variants=(plan.variants[0], replace(plan.variants[0], subject="Subject")))
    number = ledger.record(plan, due=None, now=START)
    turn = ledger.begin_run(number, START)
    granted = claim(ledger, turn, readers).rows
    assert [row.seq for row in granted] == [*range(1, readers + 1)]
    assert [(row.address, row.fields, row.variant) for row in granted] == [
        (each.person.address.text, each.person.fields, each.variant) for each in recipients
    ]


@pytest.mark.parametrize("readers", [LARGE - 1, LARGE])
def test_readers_wait_for_their_own_clocks(ledger: Ledger, readers: int) -> None:
    hour = dt.timedelta(hours=1)
    plan = make_plan(readers)
    people = [make_person(n, zone="Asia/Tokyo" if n % 2 else "") for n in range(1, readers + 1)]
    recipients = [Recipient(person, 0) for person in people]
    instants = {"": START + hour, "Asia/Tokyo": START + 2 * hour}
    plan = replace(plan, recipients=recipients, instants=instants)
    number = ledger.record(plan, due=None, now=START)
    assert ledger.next_turn(number) == START + hour
    turn = ledger.begin_run(number, START)
    assert claim(ledger, turn, readers).empty
    rows = ledger.exchange(turn, (), Want(readers), START + hour).rows
    assert [row.seq for row in rows] == [*range(2, readers + 1, 2)]
    ledger.release(turn, [row.seq for row in rows])
    ledger.end_run(turn, CampaignState.PAUSED, "", START)
    assert ledger.verify() == ()
