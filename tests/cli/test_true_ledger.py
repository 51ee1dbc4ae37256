"""Every command is decided: a ledger that moved away, or is a copy, takes its word or does not.

What it would write there nobody would hear: those who send ask another ledger. A new command
must be given its place in one of the tables below.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.test_house import EVERY

ANNA: Final = "anna.rossi@soci.example"
Words = tuple[str, ...]

REFUSED: Final[Mapping[str, Words]] = {
    "send": (ISSUE, "--yes"),
    "approve": (ISSUE, "--yes"),
    "worker": (),
    "run-due": (),
    "pause": ("1",),
    "resume": (),
    "cancel": ("1", "--yes"),
    "reconcile": ("1", "--assume-not", "--yes"),
    "retry": ("--failed",),
    "serve": ("--port", "0"),
    "schedule move": ("1", "2100-01-01 10:00"),
    "schedule cancel": ("1",),
    "warmup set": ("--day", "1", "--curve", "100,200"),
    "ledger prune": ("--older-than", "2y", "--yes"),
    "subscribers unsubscribe": (ANNA,),
    "subscribers forget": (ANNA,),
    "subscribers import": ("new.csv", "--list", "members"),
    "subscribers add": ("new@soci.example", "--list", "members", "--source", "paper"),
    "suppressions add": (ANNA,),
    "suppressions remove": (ANNA, "--yes"),
    "consent withdraw": (ANNA,),
    "bounces fetch": (),
    "bounces reset": (ANNA,),
    "archive correct": (ISSUE,),
}
"""They say what the true ledger ought to know."""

LATER: Final[Mapping[str, Words]] = {"bounces process": ("mail.eml",)}
"""The same, of a mail: its server keeps it until the true ledger is named."""

LOOKING: Final[Mapping[str, Words]] = {
    "send": (ISSUE, "--dry-run", "--yes"),
    "worker": ("--health",),
    "serve": ("--check",),
    "ledger prune": ("--older-than", "2y", "--dry-run"),
    "subscribers forget": (ANNA, "--dry-run"),
    "subscribers import": ("new.csv", "--list", "members", "--dry-run"),
}
"""Of those that are refused: with this flag they only look."""

ANSWERED: Final[Mapping[str, Words | None]] = {
    "init": None,
    "demo": None,
    "check": (),
    "build": (ISSUE,),
    "preview": None,
    "inbox": None,
    "test": None,  # nothing is recorded of it
    "plan": (ISSUE,),
    "status": (),
    "report": None,
    "lists": (),
    "doctor": None,
    "issue new": None,
    "issue diff": None,
    "issue schema": None,
    "issue translated": None,  # of files, as all of issue, theme and keys are
    "issue list": (),
    "issue show": (ISSUE,),
    "issue image add": None,
    "theme list": (),
    "theme new": None,
    "theme check": None,
    "schedule list": (),
    "warmup status": (),
    "ledger verify": (),
    "ledger backup": (),
    "ledger migrate": (),  # of its form alone
    "ledger copy": None,  # asks the file itself
    "ledger take-over": None,  # the cure
    "segments list": (),
    "segments count": ("italians",),
    "segments explain": ("italians",),
    "subscribers check": (),
    "subscribers show": (ANNA,),
    "subscribers export": ("--all",),
    "suppressions list": (),
    "consent list": (),
    "consent show": (ANNA,),
    "consent export": (),
    "consent expiring": (),
    "bounces list": (),
    "bounces show": ("1",),
    "complaints list": (),
    "archive build": (),
    "keys new": None,
    "keys rotate": None,
    "keys dns": None,
    "keys list": (),
    "keys remove": None,
}
"""They only look, or write files: a copy answers. None: it asks no ledger, or lasts."""

BOUNCE = b"From: someone@soci.example\nSubject: hello\n\nPlease unsubscribe me.\n"


@pytest.fixture
def elsewhere(newsroom: Newsroom) -> Newsroom:
    """A newsletter whose ledger goes on in another place."""
    assert newsroom.run("suppressions", "add", "nobody@soci.example", follow=False).code == 0
    with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
        direct.execute("INSERT INTO meta VALUES ('moved', 'postgresql://db/news on 2026-11-01')")
    newsroom.write("mail.eml", BOUNCE)
    newsroom.write("new.csv", "email\nnew@soci.example\n")
    return newsroom


def everything(room: Newsroom) -> str:
    """All that the ledger knows, but for its home; and the list that readers are written into."""
    with closing(sqlite3.connect(room.ledger)) as direct:
        rows = [row for row in direct.iterdump() if "'home'" not in row]
    return "\n".join([*rows, (room.root / "subscribers" / "members.csv").read_text()])


def test_every_command_is_decided() -> None:
    decided = [*REFUSED, *LATER, *ANSWERED]
    assert sorted(decided) == sorted(" ".join(words) for words in EVERY)
    assert set(LOOKING) <= set(REFUSED)


@pytest.mark.parametrize("command", [*REFUSED, *LATER])
def test_a_word_that_nobody_would_hear_is_refused(elsewhere: Newsroom, command: str) -> None:
    words = {**REFUSED, **LATER}[command]
    before = everything(elsewhere)
    ran = elsewhere.run(*command.split(), *words, follow=False)
    assert "this ledger was moved to postgresql://db/news" in ran.err
    assert ran.code == (75 if command in LATER else 2)
    assert everything(elsewhere) == before
    assert not elsewhere.relay.received


@pytest.mark.parametrize("command", LOOKING)
def test_whoever_only_looks_is_answered(elsewhere: Newsroom, command: str) -> None:
    before = everything(elsewhere)
    ran = elsewhere.run(*command.split(), *LOOKING[command], follow=False)
    assert "was moved to" not in ran.err
    assert everything(elsewhere) == before


@pytest.mark.parametrize("command", [name for name, words in ANSWERED.items() if words is not None])
def test_what_is_answered_writes_nothing_that_counts(elsewhere: Newsroom, command: str) -> None:
    before = everything(elsewhere)
    ran = elsewhere.run(*command.split(), *(ANSWERED[command] or ()), follow=False)
    assert "was moved to" not in ran.err
    assert everything(elsewhere) == before


def test_a_copy_is_refused_as_well(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert newsroom.run("suppressions", "add", "nobody@soci.example", follow=False).code == 0
    place = newsroom.root.parent / "elsewhere"
    shutil.copytree(newsroom.root, place)
    monkeypatch.chdir(place)
    copied = Newsroom(Path(place), newsroom.capsys, newsroom.relay, newsroom.shadow)
    ran = copied.run("subscribers", "forget", ANNA, follow=False)
    assert (ran.code, "this ledger is a copy" in ran.err) == (2, True)
    assert copied.run("ledger", "take-over", "--yes", follow=False).code == 0
    assert copied.run("subscribers", "forget", ANNA, follow=False).code == 0
