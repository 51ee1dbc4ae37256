"""A copied ledger sends nothing until the officer says that it is the true one."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.newsroom import ISSUE, Newsroom, wait_until
from tests.cli.readers import SEND, many

pytestmark = pytest.mark.slow  # real messages over real SMTP
SENDING = [
    ("send", ISSUE, "--yes", "--again"),
    ("resume",),
    ("retry", "--failed"),
    ("worker",),
    ("run-due",),
]


def copy_of(room: Newsroom) -> Path:
    """The whole folder, as `cp -r` makes it."""
    place = room.root.parent / "elsewhere"
    shutil.copytree(room.root, place)
    return place


@pytest.fixture
def copied(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """A newsletter that was sent, paused in the middle, and copied; the officer is in the copy."""
    many(newsroom, 12, "500/s")
    newsroom.run("suppressions", "add", "nobody@soci.example", follow=False)
    assert newsroom.run(*SEND, follow=False).code == 0
    place = copy_of(newsroom)
    monkeypatch.chdir(place)
    return Newsroom(place, newsroom.capsys, newsroom.relay, newsroom.shadow)


@pytest.mark.parametrize("words", SENDING, ids=lambda words: words[0])
def test_a_copy_refuses_to_send_and_says_where_its_original_lived(
    copied: Newsroom, words: tuple[str, ...]
) -> None:
    before = len(copied.relay.received)
    ran = copied.run(*words, follow=False)
    assert ran.code == 2
    original = copied.root.parent / "newsletter" / ".newsletter" / "ledger.db"
    assert f"this ledger is a copy: its original lived at {original} on " in ran.err
    assert "and last sent on 20" in ran.err
    assert ran.next == "newsletter ledger take-over"
    assert len(copied.relay.received) == before
    told = copied.run(*words, "--format", "json", follow=False)
    assert told.object["error"] == "LedgerCopied"
    assert len(copied.campaigns()) == 1


def test_a_copy_is_read_with_a_note_and_steered(copied: Newsroom) -> None:
    for words in (("status",), ("report",), ("plan", ISSUE)):
        ran = copied.run(*words, follow=False)
        assert ran.code == 0
        assert ran.out.startswith("! this ledger is a copy: ")
        assert not ran.next  # it would be refused
        told = copied.run(*words, "--format", "json", follow=False).object
        assert "is a copy" in told["notes"][0]
    assert copied.run("ledger", "verify", follow=False).code == 0
    assert copied.run("test", ISSUE, follow=False).code == 0


def test_a_copy_sends_once_it_was_taken_over(copied: Newsroom) -> None:
    asked = copied.run("ledger", "take-over", follow=False)
    assert asked.code == 4
    assert asked.next == "newsletter ledger take-over --yes"
    assert copied.run("ledger", "take-over", "--yes").code == 0
    again = copied.run("ledger", "take-over", "--yes")
    assert again.code == 0
    assert "is no copy" in again.out
    assert copied.run("send", ISSUE, "--yes", "--again").code == 0
    assert copied.run("ledger", "verify").code == 0


@pytest.mark.parametrize("command", ["send", "resume", "retry"])
def test_the_word_may_stand_beside_the_command(newsroom: Newsroom, command: str) -> None:
    many(newsroom, 5, "500/s")
    newsroom.run("send", ISSUE, "--yes", follow=False)
    with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
        if command == "resume":
            direct.execute("UPDATE campaign SET state = 'paused'")
        if command == "retry":
            direct.execute("UPDATE delivery SET state = 'refused' WHERE seq = 1")
            direct.execute("UPDATE attempt SET outcome = 'refused' WHERE seq = 1")
    swap_for_a_copy(newsroom)
    words = {
        "send": ("send", ISSUE, "--yes", "--again"),
        "resume": ("resume",),
        "retry": ("retry", "--failed"),
    }[command]
    first = newsroom.run(*words, follow=False)
    assert (first.code, "is a copy" in first.err) == (2, True), first.err
    assert newsroom.run(*words, "--take-over", follow=False).code == 0


def swap_for_a_copy(room: Newsroom) -> None:
    """A copy takes the file's place: the same path, another file."""
    room.run("ledger", "backup", "swap.db", follow=False)
    for left in room.ledger.parent.glob("ledger.db-*"):
        left.unlink()
    (room.root / "swap.db").rename(room.ledger)


def test_whoever_was_in_the_originals_hands_is_in_doubt_in_the_copy(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(newsroom, 40, "20/s")
    child = newsroom.child(*SEND)
    try:
        wait_until(lambda: newsroom.relay.received)
        os.kill(child.pid, signal.SIGSTOP)
        place = copy_of(newsroom)
    finally:
        child.kill()
        child.communicate()
    monkeypatch.chdir(place)
    copied = Newsroom(place, newsroom.capsys, newsroom.relay, newsroom.shadow)
    with closing(sqlite3.connect(copied.ledger)) as direct:
        (claimed,) = direct.execute(
            "SELECT count(*) FROM delivery WHERE state = 'claimed'"
        ).fetchone()
    assert claimed
    assert newsroom.ledger.parent.joinpath("ledger.db.campaign-1.journal").exists()
    taken = copied.run("ledger", "take-over", "--yes", "--format", "json", follow=False)
    assert taken.object["judged"] == claimed
    assert taken.next == "newsletter reconcile 1"
    counts = copied.run("status", "1", "--format", "json", follow=False).object["progress"][
        "counts"
    ]
    assert counts["in_doubt"] == claimed
    assert copied.run("resume", follow=False).code == 6
    assert max(newsroom.relay.counts.values()) == 1
    assert copied.run("ledger", "verify", follow=False).code == 0


def test_a_folder_that_is_moved_goes_on(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.run(*SEND, follow=False)
    moved = newsroom.root.parent / "moved"
    newsroom.root.rename(moved)
    monkeypatch.chdir(moved)
    room = Newsroom(moved, newsroom.capsys, newsroom.relay, newsroom.shadow)
    assert room.run("send", ISSUE, "--yes", "--again").code == 0
    assert "copy" not in room.run("status").out


def test_a_backup_carries_on_only_when_it_is_taken_over(newsroom: Newsroom) -> None:
    newsroom.run("suppressions", "add", "nobody@soci.example")
    newsroom.run("ledger", "backup", "backup.db")
    newsroom.run(*SEND, follow=False)
    newsroom.ledger.unlink()
    for left in newsroom.ledger.parent.glob("ledger.db-*"):
        left.unlink()
    shutil.move(newsroom.root / "backup.db", newsroom.ledger)
    refused = newsroom.run(*SEND)
    assert refused.code == 2
    assert "not the one that last sent here on 20" in refused.err
    assert len(newsroom.relay.received) == 5
    assert newsroom.run(*SEND, "--take-over").code == 0


def test_an_older_backup_that_is_laid_over_the_ledger_is_told(newsroom: Newsroom) -> None:
    newsroom.run("suppressions", "add", "nobody@soci.example")
    newsroom.run("ledger", "backup", "backup.db")
    newsroom.run(*SEND, follow=False)
    inode = newsroom.ledger.stat().st_ino
    newsroom.ledger.write_bytes((newsroom.root / "backup.db").read_bytes())
    assert newsroom.ledger.stat().st_ino == inode
    refused = newsroom.run(*SEND)
    assert refused.code == 2
    assert "not the one that last sent here on 20" in refused.err
    assert len(newsroom.relay.received) == 5


@pytest.mark.parametrize("emptied", [True, False])
def test_a_ledger_that_vanished_is_not_begun_anew_by_itself(
    newsroom: Newsroom, *, emptied: bool
) -> None:
    newsroom.run(*SEND, follow=False)
    for left in newsroom.ledger.parent.glob("ledger.db*"):
        if left.name != "ledger.db.id":
            left.unlink()
    if emptied:
        newsroom.ledger.touch()
    for words in (SEND, ("plan", ISSUE), ("status",), ("suppressions", "add", "a@b.example")):
        ran = newsroom.run(*words, follow=False)
        assert ran.code == 2
        assert "is gone: ledger.db.id beside it tells of one that last sent on 20" in ran.err
        assert "remove ledger.db.id only to begin anew" in ran.err
    assert len(newsroom.relay.received) == 5
    newsroom.ledger.with_name("ledger.db.id").unlink()
    assert newsroom.run(*SEND, follow=False).code == 0
