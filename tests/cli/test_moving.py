"""A newsletter that outgrows its file: the ledger moves to PostgreSQL amid a campaign."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA, SEND, many
from tests.ledger.databases import empty, postgres, run_statements, servers

__all__ = ["postgres", "servers"]
pytestmark = [pytest.mark.slow, pytest.mark.postgres]  # real messages over real SMTP
FILE = ".newsletter/ledger.db"


@pytest.fixture
def server(postgres: str) -> str:
    """An empty ledger on a server."""
    empty(postgres)
    return postgres


def test_a_campaign_that_was_paused_goes_on_from_the_server_and_nobody_is_mailed_twice(
    newsroom: Newsroom, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(newsroom, 12, "500/s")
    newsroom.run("suppressions", "add", "nobody@soci.example", follow=False)
    assert newsroom.run(*SEND, "--canary", "5", follow=False).code == 6
    assert len(newsroom.relay.received) == 5

    monkeypatch.setenv("NEWSLETTER_LEDGER", server)
    moved = newsroom.run("ledger", "copy", FILE, "--format", "json", follow=False)
    assert moved.code == 0, moved.err
    told = {table["name"]: table["rows"] for table in moved.object["tables"]}
    assert (told["delivery"], told["suppression"]) == (12, 1)
    assert newsroom.run("resume", follow=False).code == 0
    reached = [str(envelope) for envelope, _ in newsroom.relay.received]
    assert len(reached) == 12
    assert len(set(reached)) == 12
    assert "nobody@soci.example" in newsroom.run("suppressions", "list", follow=False).out

    monkeypatch.delenv("NEWSLETTER_LEDGER")
    refused = newsroom.run("send", ISSUE, "--yes", "--again", follow=False)
    assert refused.code == 2
    assert "this ledger was moved to postgresql" in refused.err
    assert len(newsroom.relay.received) == 12


def test_what_cannot_be_copied_is_said_and_nothing_is_changed(
    newsroom: Newsroom, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert newsroom.run(*SEND, follow=False).code == 0
    no_server = newsroom.run("ledger", "copy", FILE, follow=False)
    assert no_server.code == 2
    assert "there is no database to copy to" in no_server.err
    monkeypatch.setenv("NEWSLETTER_LEDGER", server)
    missing = newsroom.run("ledger", "copy", "ledger.db", follow=False)
    assert missing.code == 2
    assert "there is no ledger at" in missing.err
    assert newsroom.run("ledger", "copy", FILE, follow=False).code == 0
    again = newsroom.run("ledger", "copy", FILE, follow=False)
    assert again.code == 2
    assert "this ledger was moved to" in again.err
    assert not again.next, "take-over by itself would go to the server"
    assert f"NEWSLETTER_LEDGER={newsroom.root / FILE} newsletter ledger take-over" in again.err
    back = newsroom.run("ledger", "copy", "postgresql://news:hush@h/news", follow=False)
    assert (back.code, "and not back" in back.err, "hush" in back.said) == (2, True, False)
    monkeypatch.setenv("NEWSLETTER_LEDGER", str(newsroom.root / FILE))
    assert newsroom.run("ledger", "take-over", "--yes", follow=False).code == 0
    assert newsroom.run("schedule", "list", follow=False).code == 0


def test_a_word_on_what_moved_away_is_refused_for_nobody_would_hear_it(
    newsroom: Newsroom, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False).code == 0
    monkeypatch.setenv("NEWSLETTER_LEDGER", server)
    assert newsroom.run("ledger", "copy", FILE, follow=False).code == 0
    monkeypatch.delenv("NEWSLETTER_LEDGER")
    for words in (
        ("schedule", "move", "1", "2100-02-01 10:00"),
        ("schedule", "cancel", "1"),
        ("pause", "1"),
        ("cancel", "1", "--yes"),
        ("approve", ISSUE, "--yes"),
        ("subscribers", "unsubscribe", ANNA),
        ("suppressions", "add", ANNA),
        ("suppressions", "remove", ANNA, "--yes"),
    ):
        ran = newsroom.run(*words, follow=False)
        assert (ran.code, "this ledger was moved to" in ran.err) == (2, True), words
    assert newsroom.campaigns()[0]["state"] == "scheduled"


def test_a_database_without_a_ledger_is_one_in_which_nothing_was_recorded_yet(
    newsroom: Newsroom, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_statements(postgres, "CREATE DATABASE blank")
    blank = make_url(postgres).set(database="blank", password="never shown")
    monkeypatch.setenv("NEWSLETTER_LEDGER", blank.render_as_string(hide_password=False))
    said = ""
    for words in (
        ("status", "7"),
        ("ledger", "verify"),
        ("ledger", "prune", "--older-than", "2y", "--dry-run"),
    ):
        ran = newsroom.run(*words, follow=False)
        assert (ran.code, "nothing was recorded here yet" in ran.err) == (2, True), words
        assert "there is no ledger at postgresql://" in ran.err
        said += ran.said
    assert newsroom.run("status", follow=False).out.startswith("no campaign was recorded yet")
    assert newsroom.run("status", "--format", "json", follow=False).object["progress"] is None
    for looking in ("plan", "lists", "schedule list", "suppressions list", "doctor --offline"):
        newsroom.run(*looking.split(), *([ISSUE] if looking == "plan" else ()), follow=False)
    assert newsroom.run("ledger", "verify", follow=False).code == 2, "whoever looks makes none"
    assert newsroom.run(*SEND, follow=False).code == 0
    shown = newsroom.run("ledger", "verify", follow=False)
    assert shown.out.startswith("postgresql://")
    assert "never shown" not in shown.said + said


def test_migrate_says_the_form_and_changes_nothing_twice(newsroom: Newsroom) -> None:
    none = newsroom.run("ledger", "migrate", follow=False)
    assert none.code == 2
    assert "nothing was recorded here yet" in none.err
    assert newsroom.run(*SEND, follow=False).code == 0
    before = Path(FILE).read_bytes()
    ran = newsroom.run("ledger", "migrate", follow=False)
    assert ran.code == 0
    assert "is up to date" in ran.out
    assert Path(FILE).read_bytes() == before
