"""A relay, a ledger or settings that cannot be used: exit 2, the cure, nothing recorded or sent."""

import asyncio
import datetime as dt
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from newsletter.ledger.lock import sending_lock
from newsletter.transport.options import Security
from tests.cli.newsroom import ISSUE, Newsroom, Ran
from tests.cli.relay import free_port
from tests.transport.relays import relay as scripted_relay
from tests.transport.secure import PASSWORD, USERNAME, Authority, secure_relay

SEND = ("send", ISSUE, "--yes")
T = TypeVar("T")


@contextmanager
def in_thread(serving: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """A server of another test's loop, in a thread with a loop of its own."""
    found: list[T] = []
    ready, loop, end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        async with serving() as server:
            found.append(server)
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    assert ready.wait(120)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all certificates."""
    return Authority.make(tmp_path_factory.mktemp("ca"))


def name_relay(room: Newsroom, port: int, security: str, ca_file: Path | None = None) -> None:
    """Let the settings name another relay, with the right login."""
    lines = [f'security = "{security}"', f'username = "{USERNAME}"', "timeout = 2"]
    lines += [f'ca_file = "{ca_file}"'] if ca_file else []
    room.edit("newsletter.toml", 'security = "none"', "\n".join(lines))
    room.edit("newsletter.toml", f"port = {room.relay.port}", f"port = {port}")


def assert_refused(room: Newsroom, ran: Ran, *words: str) -> None:
    """Exit 2, these words, one JSON object with the same, and no trace in the ledger."""
    assert ran.code == 2, ran.said
    for word in words:
        assert word in ran.err
    again = room.run(*ran.words, "--format", "json", follow=False)
    assert again.code == 2
    assert again.object["exit_code"] == 2
    assert again.object.get("cure") or again.object["problems"]
    assert not room.ledger.exists()
    assert not room.relay.received


@pytest.mark.slow
def test_a_relay_that_does_not_answer_is_told_before_anything_is_recorded(
    newsroom: Newsroom,
) -> None:
    with free_port() as port:
        newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {port}")
        assert_refused(newsroom, newsroom.run(*SEND, follow=False), f"127.0.0.1:{port}", "refused")


@pytest.mark.slow
def test_a_wrong_password_is_told_with_the_variable_to_set_and_never_shown(
    newsroom: Newsroom, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_RELAY__PASSWORD", "falsch-geraten")
    context = authority.server_context()
    with in_thread(lambda: secure_relay(context, Security.STARTTLS)) as taken:
        name_relay(newsroom, taken.port, "starttls", authority.file)
        ran = newsroom.run(*SEND, follow=False)
        assert taken.logins == 1
        assert_refused(newsroom, ran, "535", "NEWSLETTER_RELAY__PASSWORD")
        assert "falsch-geraten" not in ran.said
        assert not taken.bodies


@pytest.mark.slow
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_the_right_password_sends_over_tls(
    newsroom: Newsroom,
    authority: Authority,
    security: Security,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSLETTER_RELAY__PASSWORD", PASSWORD)
    context = authority.server_context()
    with in_thread(lambda: secure_relay(context, security)) as taken:
        name_relay(newsroom, taken.port, security.value, authority.file)
        assert newsroom.run(*SEND, follow=False).code == 0
        assert len(taken.bodies) == 5


@pytest.mark.slow
def test_a_relay_without_tls_gets_neither_password_nor_mail(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_RELAY__PASSWORD", PASSWORD)
    with in_thread(scripted_relay) as bare:
        name_relay(newsroom, bare.port, "starttls")
        assert_refused(newsroom, newsroom.run(*SEND, follow=False), "STARTTLS")
        assert not [line for line in bare.heard if line.startswith(("AUTH", "MAIL"))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expires", "trusted", "told"),
    [
        ("other.example", None, True, "other.example"),
        ("127.0.0.1", dt.datetime(2020, 1, 1, tzinfo=dt.UTC), True, "2020"),
        ("127.0.0.1", None, False, "certificate"),
    ],
    ids=["wrong name", "expired", "unknown authority"],
)
def test_a_bad_certificate_is_told_with_names_and_dates(
    newsroom: Newsroom,
    authority: Authority,
    name: str,
    expires: dt.datetime | None,
    *,
    trusted: bool,
    told: str,
) -> None:
    context = authority.server_context(name, expires)
    with in_thread(lambda: secure_relay(context, Security.TLS)) as taken:
        name_relay(newsroom, taken.port, "tls", authority.file if trusted else None)
        assert_refused(newsroom, newsroom.run(*SEND, follow=False), told, "certificate")
        assert not taken.logins
        assert not taken.bodies


@pytest.mark.slow
def test_clear_text_off_this_machine_is_refused_before_a_connection(newsroom: Newsroom) -> None:
    newsroom.edit("newsletter.toml", 'host = "127.0.0.1"', 'host = "relay.example"')
    assert_refused(newsroom, newsroom.run(*SEND, follow=False), "clear text", "starttls")


@pytest.mark.slow
def test_a_message_larger_than_the_relay_takes_is_told_before_the_first(newsroom: Newsroom) -> None:
    small = {"EHLO": (b"250-relay.test\r\n250 SIZE 1000\r\n",)}
    with in_thread(lambda: scripted_relay(small)) as tight:
        newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {tight.port}")
        assert_refused(newsroom, newsroom.run(*SEND, follow=False), "1000", "smaller")


# The ledger


@pytest.mark.slow
def test_a_ledger_held_by_another_process_is_told_with_pid_host_and_time(
    newsroom: Newsroom,
) -> None:
    slow(newsroom)
    child = newsroom.child(*SEND)
    try:
        wait_for_first(newsroom)
        before = len(newsroom.campaigns())
        ran = newsroom.run("resume")
        assert ran.code == 2
        assert re.search(rf"process {child.pid} on \S+ has been sending since 20\d\d-", ran.err)
        second = newsroom.run(*SEND)
        assert second.code == 2
        assert "is running" in second.err
        assert len(newsroom.campaigns()) == before == 1
    finally:
        child.kill()
        child.communicate()


@pytest.mark.slow
def test_a_lock_that_is_held_stops_a_new_campaign_from_running_and_says_how_to_go_on(
    newsroom: Newsroom,
) -> None:
    newsroom.run("suppressions", "add", "nobody@soci.example")
    lock = next(newsroom.ledger.parent.glob("*lock*"), newsroom.ledger.with_name("ledger.db.lock"))
    with sending_lock(lock, dt.datetime.now(dt.UTC)):
        ran = newsroom.run(*SEND, follow=False)
    assert ran.code == 2
    assert f"process {os.getpid()} on" in ran.err
    assert not newsroom.relay.received
    newsroom.follow(ran.next)
    assert newsroom.run("resume").code == 0
    assert len(newsroom.relay.received) == 5


@pytest.mark.slow
def test_a_ledger_whose_folder_cannot_be_made_is_told_with_its_path(newsroom: Newsroom) -> None:
    newsroom.write("file", "not a folder")
    newsroom.edit(
        "newsletter.toml", "connections = 4", 'connections = 4\nledger = "file/ledger.db"'
    )
    ran = newsroom.run(*SEND, follow=False)
    assert_refused(newsroom, ran, "file/ledger.db", "choose a folder that you may write to")


@pytest.mark.slow
def test_a_ledger_that_cannot_be_written_is_told_with_its_cure(newsroom: Newsroom) -> None:
    newsroom.run("suppressions", "add", "nobody@soci.example")
    with sqlite3.connect(newsroom.ledger) as direct:
        direct.execute("PRAGMA journal_mode=DELETE")
        direct.execute(
            "CREATE TRIGGER full BEFORE INSERT ON campaign "
            "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
    direct.close()
    ran = newsroom.run(*SEND, follow=False)
    assert ran.code == 2
    assert "ledger.db cannot be used: " in ran.err
    assert "make room" in ran.err
    assert not newsroom.campaigns()
    assert not newsroom.relay.received


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "told"),
    [(b"this is no database" * 100, "not a database"), (b"", "")],
    ids=["no database", "empty"],
)
def test_a_file_that_is_no_ledger_is_told_or_begun(
    newsroom: Newsroom, content: bytes, told: str
) -> None:
    newsroom.write(".newsletter/ledger.db", content)
    ran = newsroom.run(*SEND, follow=False)
    assert ran.code == (2 if told else 0)
    assert told in ran.err
    assert len(newsroom.relay.received) == (0 if told else 5)


@pytest.mark.slow
def test_a_ledger_of_a_newer_program_is_left_alone(newsroom: Newsroom) -> None:
    newsroom.run("suppressions", "add", "nobody@soci.example")
    with sqlite3.connect(newsroom.ledger) as direct:
        direct.execute("UPDATE alembic_version SET version_num = '9999'")
    direct.close()
    before = newsroom.ledger.read_bytes()
    ran = newsroom.run(*SEND, follow=False)
    assert ran.code == 2
    assert "newer" in ran.err
    assert newsroom.ledger.read_bytes() == before
    assert not newsroom.relay.received


def slow(room: Newsroom) -> None:
    """So slow that there is time to look."""
    room.edit("newsletter.toml", 'rate = "500/s"', 'rate = "4/min"')


def wait_for_first(room: Newsroom) -> None:
    """Until the first message has arrived."""
    from tests.cli.newsroom import wait_until

    wait_until(lambda: room.relay.received)


# Settings


@pytest.mark.parametrize(
    ("old", "new", "place", "fault", "cure"),
    [
        ("connections = 4", "conections = 4", "4:1", "unknown key 'conections'", "'connections'"),
        ("reply_to =", "replyto =", "9:1", "unknown key 'replyto'", "'reply_to'"),
        ("connections = 4", 'connections = "many"', "4:1", "whole number", "settings.md"),
        ('rate = "500/s"', 'rate = "fast"', "3:1", "is not a rate", ""),
        ("connections = 4", "connections = 0", "4:1", "must be at least 1", "settings.md"),
        (
            'postal_address = ["Via Roma 1", "00100 Roma"]',
            'postal_address = "Via Roma 1"',
            "11:1",
            "must be a list, in square brackets",
            "settings.md",
        ),
        (
            'postal_address = ["Via Roma 1", "00100 Roma"]',
            "postal_address = []",
            "11:1",
            "must hold at least 1",
            "settings.md",
        ),
        (
            '[sender.tagline]\nit = "Scienze della vita"\nen = "Life sciences"\n',
            'tagline = "x"\n',
            "14:1",
            "must be a table, as [sender.tagline] begins one",
            "settings.md",
        ),
        (
            'language = "it"',
            'language = "it"\nimages = "inline"',
            "3:1",
            "must be 'hosted' or 'embedded'",
            "settings.md",
        ),
        ('language = "it"', "language = 3", "2:1", "must be words in quotes", "settings.md"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\npassword = "x"', "", "git", ".env"),
        ("[site]", "[sites]", "18:1", "unknown key 'sites'", "'site'"),
        ("[site]", "[site", "18:", "", ""),
        ('name = "Alisei News"\n', "", "newsletter.toml", "'name' is missing", "add name"),
        ('name = "Alisei News"', 'name = "A\\nBcc: x@y.example"', "1:1", "one line", ""),
        ('address = "news@alisei.example"', 'address = "news"', "8:1", "@", ""),
        (
            'list_id = "news.alisei.example"',
            'list_id = "news"',
            "12:1",
            "under a domain of yours",
            "",
        ),
    ],
)
def test_a_fault_in_the_settings_is_told_with_its_place_and_cure(
    newsroom: Newsroom, old: str, new: str, place: str, fault: str, cure: str
) -> None:
    newsroom.edit("newsletter.toml", old, new)
    where = place if place.startswith("newsletter") else f"newsletter.toml:{place}"
    assert_refused(newsroom, newsroom.run(*SEND), where, fault, cure)


def test_all_faults_of_the_settings_come_at_once(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_RLAY__HOST", "smtp.example")
    newsroom.edit("newsletter.toml", "connections = 4", "conections = 4")
    newsroom.edit("newsletter.toml", 'rate = "500/s"', 'rate = "fast"')
    ran = newsroom.run(*SEND)
    assert_refused(newsroom, ran, "conections", "fast", "NEWSLETTER_RLAY__HOST", "3 problems")
    assert "did you mean NEWSLETTER_RELAY?" in ran.err


def test_a_fault_in_a_variable_names_the_variable(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_CONNECTIONS", "many")
    assert_refused(newsroom, newsroom.run(*SEND), "NEWSLETTER_CONNECTIONS", "whole number")


def test_an_address_of_a_server_that_is_misspelt_is_no_file_and_its_password_not_shown(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_LEDGER", "postgresql:/news:hush@127.0.0.1/news")
    ran = newsroom.run(*SEND, follow=False)
    assert (ran.code, "postgresql://user@host/database" in ran.err) == (2, True)
    assert "hush" not in ran.said
    assert not [path for path in newsroom.root.rglob("*") if "hush" in path.name]


def test_a_fault_in_dotenv_names_the_file_and_its_line(newsroom: Newsroom) -> None:
    newsroom.write(".env", "# ours\nNEWSLETTER_CONNECTIONS=many\n")
    assert_refused(newsroom, newsroom.run(*SEND), ".env:2", "whole number")


def test_an_unknown_variable_in_dotenv_is_refused_and_others_variables_are_not_ours(
    newsroom: Newsroom,
) -> None:
    newsroom.write(".env", "DATABASE_URL=x\nNEWSLETTER_RTAE=5/s\n")
    ran = newsroom.run(*SEND)
    assert_refused(newsroom, ran, ".env:2", "NEWSLETTER_RTAE", "did you mean NEWSLETTER_RATE?")


@pytest.mark.slow
def test_no_relay_is_needed_to_look_at_a_plan(newsroom: Newsroom) -> None:
    with free_port() as port:
        newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {port}")
        assert newsroom.run("plan", ISSUE).code == 0


@pytest.mark.parametrize(
    "words", [SEND, ("status",), ("ledger", "verify"), ("doctor", "--offline")]
)
def test_a_ledger_that_is_a_folder_is_told_as_one(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NEWSLETTER_LEDGER", "issues")
    ran = newsroom.run(*words, follow=False)
    assert f"the ledger {newsroom.root / 'issues'} is a folder" in ran.said
    assert "name the file in it" in ran.said
    assert ran.code == (3 if "doctor" in words else 2)
