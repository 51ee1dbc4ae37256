"""How a ledger is opened, refused, migrated, copied, and how damage shows."""

import os
import re
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from newsletter.dispatch.counted import NOTHING_COUNTED, counted_of
from newsletter.errors import LedgerError, LedgerLocked, LedgerUnavailable
from newsletter.ledger.clicked import NOTHING_CLICKED
from newsletter.ledger.database import Database, parse_location
from newsletter.ledger.faults import told
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.lock import sending_lock
from newsletter.ledger.migrate import config_for
from newsletter.ledger.schema import HEAD, is_ours, metadata
from newsletter.unsubscribe import TokenKeys
from tests.doubles import START
from tests.ledger.plans import make_plan

ACCEPTED_THEN_DEFERRED = """
    INSERT INTO attempt SELECT 1, 2, n, 1, 0, o, 'dot', '', 250, NULL, ''
    FROM (SELECT 1 AS n, 'accepted' AS o UNION SELECT 2, 'deferred')
"""


def execute(path: Path, statement: str) -> None:
    """Change a ledger behind its back."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.fixture
def recorded(file: Path) -> Path:
    """A ledger with one campaign of three."""
    with Ledger.open(file) as ledger:
        ledger.record(make_plan(3), due=None, now=START)
    return file


def test_a_new_ledger_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.db"
    Ledger.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_migrations_lead_to_the_schema_that_a_new_ledger_has(
    file: Path, tmp_path: Path
) -> None:
    old = restored(tmp_path / "old.db")
    Ledger.open(old).close()
    assert statements(old) == statements(file)


def statements(path: Path) -> set[tuple[str, ...]]:
    """The words that make each table and index of a ledger, in whichever order."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {tuple(sorted(re.findall(r"\w+", sql))) for (sql,) in found}


@pytest.mark.slow
def test_a_new_ledger_has_the_schema_that_the_program_uses(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


@pytest.mark.postgres
def test_the_migrations_lead_to_the_same_schema_on_postgresql(postgres: str) -> None:
    engine = create_engine(postgres.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_program_knows_its_newest_migration() -> None:
    assert ScriptDirectory.from_config(config_for()).get_current_head() == HEAD


def test_a_ledger_that_is_not_there_is_made_only_if_asked_for(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger at"):
        Ledger.open(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_ledger_of_a_newer_program_is_refused_and_left_alone(recorded: Path) -> None:
    execute(recorded, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match="newer version") as refused:
        Ledger.open(recorded)
    assert "upgrade" in refused.value.cure


def test_an_older_ledger_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    old = tmp_path / "ledger.db"
    execute(old, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    execute(old, "INSERT INTO alembic_version VALUES ('0000')")
    execute(old, "CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR)")
    with pytest.raises(LedgerError, match="0000"):  # no program ever wrote that one
        Ledger.open(old)
    assert (tmp_path / f"ledger.db.before-{HEAD}").exists()


def restored(path: Path) -> Path:
    """A ledger as the program made it whose newest revision was 0001, mid-run."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "made_by_0001.sql").read_text())
    return path


@pytest.mark.slow
def test_a_ledger_of_revision_0001_keeps_every_state_attempt_and_reply(tmp_path: Path) -> None:
    with Ledger.open(restored(tmp_path / "ledger.db")) as ledger:
        assert ledger.verify() == ()
        number = ledger.campaigns()[0].id
        assert [
            (each.delivery.state, str(each.delivery.reply or ""))
            for each in ledger.deliveries(number)
        ] == [
            ("accepted", "250 2.0.0 Ok: queued as 4F2A"),
            ("deferred", "451 4.7.1 greylisted"),
            ("refused", "550 5.1.1 no such user"),
            ("accepted", "250 relay log"),
            ("accepted", "250 Ok \\udce9 \\x00 \n 'x'"),
            ("accepted", "250 2.0.0 Ok: queued as 4F2A"),
            ("claimed", ""),
            ("queued", ""),
        ]
        assert [
            (each.seq, each.number, each.run, each.outcome, str(each.reply or ""), each.detail)
            for each in ledger.attempts(number)
        ][:6] == [
            (1, 1, 1, "accepted", "250 2.0.0 Ok: queued as 4F2A", ""),
            (2, 1, 1, "deferred", "450 4.2.0 try later", ""),
            (2, 2, 1, "deferred", "451 4.7.1 greylisted", ""),
            (3, 1, 1, "refused", "550 5.1.1 no such user", ""),
            (4, 1, 1, "in_doubt", "", "connection lost"),
            (4, 2, None, "accepted", "250 relay log", ""),
        ]
        assert [row.seq for _, row in ledger.leftovers(number)] == [7]


@pytest.mark.slow
def test_what_an_older_program_recorded_counts_no_click_and_its_pages_stay_as_they_were(
    tmp_path: Path,
) -> None:
    old = restored(tmp_path / "ledger.db")
    pages = rows_of(old, "SELECT campaign, n, compiled FROM variant")
    terms = rows_of(old, "SELECT id, terms FROM campaign")
    with Ledger.open(old) as ledger:
        (campaign,) = ledger.campaigns()
        assert (campaign.terms.tracking, campaign.terms.opens) == ("none", False)
        keys = TokenKeys.of("list.example", "sixteen octets at least")
        assert counted_of(ledger, campaign, keys) is NOTHING_COUNTED
        assert ledger.clicks.of_campaign(campaign.id) == NOTHING_CLICKED
        assert ledger.clicks.target(campaign.id, 1) is None
    assert rows_of(old, "SELECT campaign, n, compiled FROM variant") == pages
    assert rows_of(old, "SELECT id, terms FROM campaign") == terms


def rows_of(path: Path, query: str) -> list[tuple[object, ...]]:
    """What a ledger has, read behind its back."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.slow
def test_a_migrated_ledger_has_the_same_schema_as_a_new_one(tmp_path: Path) -> None:
    Ledger.open(restored(tmp_path / "ledger.db")).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


@pytest.mark.slow
def test_nothing_is_migrated_under_a_process_that_sends(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with sending_lock(tmp_path / "ledger.db.lock", START), pytest.raises(LedgerLocked):
        Ledger.open(path)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to see" * 9])
def test_a_file_that_is_no_ledger_is_refused_with_a_cure(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="not a database") as refused:
        Ledger.open(path)
    assert refused.value.cure
    assert path.read_bytes() == content


def test_a_place_that_is_no_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="a ledger cannot live in mysql"):
        Ledger.open("mysql://host/name", state=tmp_path)


@pytest.mark.parametrize("address", ["://", "postgresql://u:secret@host:port/x", "://u:secret@x"])
def test_an_address_that_cannot_be_read_is_refused_and_not_repeated(
    tmp_path: Path, address: str
) -> None:
    with pytest.raises(LedgerError, match="cannot be read") as refused:
        Ledger.open(address, state=tmp_path)
    assert "secret" not in str(refused.value)
    assert refused.value.cure


@pytest.mark.parametrize("emptied", [True, False])
def test_a_ledger_that_was_lost_after_a_run_was_killed_is_not_begun_anew(
    recorded: Path, *, emptied: bool
) -> None:
    recorded.unlink()
    for left in recorded.parent.glob(f"{recorded.name}-*"):
        left.unlink()
    if emptied:
        recorded.touch()
    journal = recorded.with_name(f"{recorded.name}.campaign-1.journal")
    journal.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(LedgerError, match=r"is gone, but \S+\.journal") as refused:
            Ledger.open(recorded)
        assert "backup" in refused.value.cure
    journal.unlink()
    with Ledger.open(recorded) as ledger:
        assert ledger.campaigns() == ()


@pytest.mark.slow
def test_a_ledger_reached_through_a_link_has_the_same_lock(recorded: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(recorded)
    with Ledger.open(recorded) as one, Ledger.open(link) as other, one.sending(START):
        assert other.someone_sends
        with pytest.raises(LedgerLocked), other.sending(START):
            pass


def test_a_server_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="connection") as refused:
        Ledger.open("postgresql://nobody:secret@127.0.0.1:1/none", state=tmp_path)
    assert "secret" not in str(refused.value)
    assert refused.value.cure


def test_a_folder_that_cannot_hold_a_ledger_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be made"):
        Ledger.open(tmp_path / "file" / "ledger.db")


def test_a_backup_is_whole_and_takes_its_name_at_the_end(recorded: Path, tmp_path: Path) -> None:
    with Ledger.open(recorded) as ledger:
        copy = ledger.backup(tmp_path / "copies" / "ledger.db")
        assert os.listdir(copy.parent) == ["ledger.db"]  # noqa: PTH208  names are enough
    with Ledger.open(copy, create=False) as restored:
        assert restored.verify() == ()
        assert restored.campaigns()[0].recipients == 3


@pytest.mark.slow
def test_the_others_read_and_steer_while_one_process_sends(recorded: Path) -> None:
    with Ledger.open(recorded) as sender, Ledger.open(recorded) as other, sender.sending(START):
        (campaign,) = other.campaigns()
        sender.begin_run(campaign.id, START)
        assert other.progress(campaign.id).interrupted_at is None
        assert other.due(START) == ()
        other.pause(campaign.id, START)
        assert sender.campaign(campaign.id).state == "paused"


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("DELETE FROM delivery WHERE seq = 2", "states add up to the audience"),
        ("DELETE FROM recipient WHERE seq = 2", "every delivery has its recipient"),
        ("UPDATE delivery SET state = 'lost' WHERE seq = 2", "every state is known"),
        (
            "UPDATE delivery SET state = 'accepted' WHERE seq = 2",
            "an accepted delivery has one acceptance",
        ),
        (
            "INSERT INTO attempt VALUES (1, 2, 1, 1, 0, 'accepted', 'dot', '', 250, NULL, '')",
            "an accepted delivery has one acceptance",
        ),
        (
            ACCEPTED_THEN_DEFERRED,
            "nothing is tried after acceptance",
        ),
        ("UPDATE delivery SET attempts = 1 WHERE seq = 2", "attempts are counted"),
        ("UPDATE delivery SET state = 'deferred' WHERE seq = 2", "only a deferral has a next time"),
        ("UPDATE delivery SET next_at = 5 WHERE seq = 2", "only a deferral has a next time"),
        (
            "UPDATE delivery SET state = 'claimed' WHERE seq = 2",
            "nothing is in the air without a run",
        ),
        (
            "UPDATE campaign SET state = 'finished'",
            "a campaign that ended leaves nobody waiting",
        ),
    ],
)
def test_verify_finds_each_kind_of_damage(recorded: Path, damage: str, rule: str) -> None:
    execute(recorded, damage)
    with Ledger.open(recorded) as ledger:
        assert rule in {found.rule for found in ledger.verify()}


def test_verify_finds_a_journal_that_was_left_behind(recorded: Path) -> None:
    with Ledger.open(recorded) as ledger:
        number = ledger.campaigns()[0].id
        ledger.journal_path(number).write_text("")
        (found,) = ledger.verify(number)
        assert found.rule == "no journal without a run"


def test_a_lock_that_somebody_else_holds_may_pass_and_a_full_disk_does_not(tmp_path: Path) -> None:
    path = tmp_path / "any.db"
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as other:
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("BEGIN IMMEDIATE")
        one.execute("CREATE TABLE t (x)")
        one.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            one.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert isinstance(told(busy.value, "x"), LedgerUnavailable)
    assert not isinstance(told(full.value, "x"), LedgerUnavailable)
    assert "make room" in told(full.value, "x").cure


@pytest.mark.parametrize(
    ("state", "passes"),
    [(None, True), ("57P01", True), ("08006", True), ("40P01", True), ("53100", False)],
    ids=["no answer", "restarts", "connection lost", "deadlock", "disk full"],
)
def test_a_server_that_restarts_may_pass_and_its_full_disk_does_not(
    state: str | None, *, passes: bool
) -> None:
    class Driver(Exception):
        sqlstate = state

    error = OperationalError("", {}, Driver("fault"))
    assert isinstance(told(error, "x"), LedgerUnavailable) is passes


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ('FATAL:  password authentication failed for user "news"', "see the user and the password"),
        ("fe_sendauth: no password supplied", "~/.pgpass"),
        ('FATAL:  database "news" does not exist', "createdb"),
        ('FATAL:  role "news" does not exist', "createuser"),
        ('FATAL:  pg_hba.conf rejects connection for user "news", database "n"', "lets nobody in"),
        ('invalid connection option "nonsense"', "behind the ?"),
        ("failed to resolve host 'h': [Errno -2] Name or service not known", "see the host"),
        ("permission denied for schema public", "make tables"),
        ("cannot execute INSERT in a read-only transaction", "may only read"),
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ("FATAL:  the database system is starting up", "start it, or check"),
        ("Connection refused", "start it, or check"),
    ],
)
def test_what_a_server_refuses_is_told_with_its_own_cure(said: str, cure: str) -> None:
    error = OperationalError("", {}, Exception(f"connection to server at h failed: {said}"))
    assert cure in told(error, "x").cure


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://news:hush%2Fhush@h/news",
        "postgresql://news@h/news?password=hush%2Fhush",
        "postgresql://h/news?user=news&sslpassword=hush%2Fhush&sslmode=verify-full",
    ],
)
def test_a_password_stands_in_no_name_of_a_ledger_wherever_the_address_has_it(
    address: str,
) -> None:
    name = Database(parse_location(address)).name
    assert "hush" not in name
    assert name.startswith("postgresql://")


def test_of_many_that_make_a_ledger_at_once_each_has_the_same_one(tmp_path: Path) -> None:
    def opened(_: int) -> str:
        with Ledger.open(tmp_path / "ledger.db") as ledger:
            return ledger.identity

    with ThreadPoolExecutor(4) as processes:
        assert len({*processes.map(opened, range(4))}) == 1
