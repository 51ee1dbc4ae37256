"""The officer lets the accepted recipients of old campaigns go."""

import re
import sqlite3
from contextlib import closing

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import SEND, many

pytestmark = pytest.mark.slow  # real messages over real SMTP
PRUNE = ("ledger", "prune", "--older-than", "2y")


def long_ago(room: Newsroom, days: int = 800) -> None:
    """As if so many days had gone by since all that stands in the ledger."""
    back = days * 24 * 3600 * 1_000_000
    with closing(sqlite3.connect(room.ledger)) as direct, direct:
        for table, column in (("run", "ended_at"), ("event", "at"), ("campaign", "recorded_at")):
            direct.execute(f"UPDATE {table} SET {column} = {column} - {back}")  # noqa: S608  our own


@pytest.fixture
def sent(newsroom: Newsroom) -> Newsroom:
    """A campaign to twelve readers, sent long ago."""
    many(newsroom, 12, "500/s")
    assert newsroom.run(*SEND, follow=False).code == 0
    long_ago(newsroom)
    return newsroom


def plain(words: str) -> str:
    """Without the columns' spaces."""
    return re.sub(r"[ \u202f]+", " ", words)


def test_a_dry_run_tells_who_would_go_and_changes_nothing(sent: Newsroom) -> None:
    before = sent.ledger.read_bytes()
    ran = sent.run(*PRUNE, "--dry-run", follow=False)
    assert ran.code == 0
    assert f"1 {ISSUE} " in plain(ran.out)
    assert "would be pruned: 12 accepted recipients with their attempts" in ran.out
    assert "make a copy first: newsletter ledger backup" in ran.out
    assert ran.next == "newsletter ledger prune --older-than 2y"
    assert sent.ledger.read_bytes() == before


def test_nobody_goes_whom_nobody_agreed_to(sent: Newsroom) -> None:
    ran = sent.run(*PRUNE, follow=False)
    assert ran.code == 4
    assert "12 accepted recipients are to be pruned" in ran.err
    assert ran.next == "newsletter ledger prune --older-than 2y --yes"
    assert "pruned" not in sent.run("status", "1", follow=False).out


def test_the_counts_stay_and_say_what_is_not_known_any_more(sent: Newsroom) -> None:
    ran = sent.run(*PRUNE, "--yes")
    assert ran.code == 0
    assert "12 accepted recipients pruned; counts and failures are kept" in ran.out
    assert ran.next == "newsletter ledger verify"
    for words in (("status", "1"), ("report", "1")):
        told = plain(sent.run(*words, follow=False).out)
        assert "accepted 12 100.0%" in told
        assert "12 of the accepted were pruned" in told
    proof = sent.run("ledger", "verify", follow=False)
    assert proof.code == 0
    assert "12 recipients, every one in exactly one state" in proof.out
    assert "12 recipients of them pruned" in proof.out
    report = sent.run("report", "1", "--format", "json", follow=False).object
    assert report["pruned"]["recipients"] == 12
    assert (report["counts"], report["domains"][0]["accepted"]) == ({"accepted": 12}, 12)


def test_pruned_once_more_there_is_nobody(sent: Newsroom) -> None:
    sent.run(*PRUNE, "--yes", follow=False)
    again = sent.run(*PRUNE, "--yes", follow=False)
    assert again.code == 0
    assert "has anybody to prune" in again.out


@pytest.mark.parametrize("words", [SEND, ("plan", ISSUE), ("send", ISSUE, "--yes", "--again")])
def test_the_issue_is_never_sent_again(sent: Newsroom, words: tuple[str, ...]) -> None:
    sent.run(*PRUNE, "--yes", follow=False)
    before = len(sent.relay.received)
    ran = sent.run(*words)
    assert ran.code == 2
    assert f"{ISSUE} is not sent again: 12 readers had it in campaign 1" in ran.err
    assert "pruned on 20" in ran.err
    assert len(sent.relay.received) == before
    assert len(sent.campaigns()) == 1


@pytest.mark.parametrize("words", [("retry", "1", "--failed"), ("resume", "1")])
def test_the_campaign_is_over_for_good(sent: Newsroom, words: tuple[str, ...]) -> None:
    sent.run(*PRUNE, "--yes", follow=False)
    assert sent.run(*words).code == 2
    assert len(sent.relay.received) == 12


def test_of_a_reader_who_was_pruned_it_says_that_it_does_not_know(sent: Newsroom) -> None:
    sent.run(*PRUNE, "--yes", follow=False)
    ran = sent.run("status", "1", "--recipient", "r0001@soci.example", follow=False)
    assert ran.code == 2
    assert "or one of the 12 pruned 20" in ran.err


def test_a_young_campaign_stays_whole(sent: Newsroom) -> None:
    ran = sent.run("ledger", "prune", "--older-than", "3y", "--yes")
    assert ran.code == 0
    assert "no campaign that ended before" in ran.out
    named = sent.run("ledger", "prune", "--older-than", "3y", "--campaign", "1", "--yes")
    assert named.code == 2
    assert "campaign 1 has nobody to prune: it is finished" in named.err


@pytest.mark.parametrize("age", ["", "2", "two years", "-1y", "1.5y", "99999999y", "999999y"])
def test_what_is_no_age_is_refused(sent: Newsroom, age: str) -> None:
    ran = sent.run("ledger", "prune", f"--older-than={age}", "--yes")
    assert ran.code == 2
    assert "2y" in ran.err
    assert "pruned" not in sent.run("status", "1", follow=False).out


def test_the_copy_that_was_made_before_still_knows_them(sent: Newsroom) -> None:
    assert sent.run("ledger", "backup", "before.db", follow=False).code == 0
    sent.run(*PRUNE, "--yes", follow=False)
    with closing(sqlite3.connect(sent.root / "before.db")) as copy:
        assert copy.execute("SELECT count(*) FROM recipient").fetchone() == (12,)


def test_before_anything_was_recorded_there_is_nothing_to_prune(newsroom: Newsroom) -> None:
    assert newsroom.run(*PRUNE, "--yes").code == 2
