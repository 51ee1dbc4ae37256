"""What is shown, saved and agreed to in a terminal, through the command line."""

import json
import subprocess

import pytest

from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom
from tests.cli.readers import ANNA, SEND

pytestmark = pytest.mark.slow  # real messages over real SMTP


def test_a_report_is_shown_and_saved_and_no_cell_is_a_formula(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    ran = newsroom.run("report", "--save")
    assert "accepted  5  100.0%" in ran.out
    assert "complete" in ran.out
    rows = (newsroom.root / "reports" / "1.csv").read_text().splitlines()
    assert len(rows) == 6
    assert not [row for row in rows if row.startswith(("=", "+", "-", "@"))]
    assert "| accepted | 5 | 100.0% |" in (newsroom.root / "reports" / "1.md").read_text()


def test_the_ledger_is_backed_up_whole_and_never_over_a_file(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    assert newsroom.run("ledger", "backup", "copy.db").code == 0
    assert newsroom.run("ledger", "backup", "copy.db").code == 2
    newsroom.edit("newsletter.toml", "connections = 4", 'connections = 4\nledger = "copy.db"')
    assert newsroom.run("ledger", "verify").code == 0
    assert newsroom.run("status", "--format", "json").object["progress"]["counts"]["accepted"] == 5


def test_a_reader_is_shown_with_every_message_and_suppression(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    newsroom.run("subscribers", "unsubscribe", ANNA, "--note", "by phone")
    shown = newsroom.run("subscribers", "show", ANNA).out
    assert "on members, partners" in shown
    assert "in segments china, italians" in shown
    assert "never mailed: unsubscribed" in shown
    assert "by phone" in shown
    assert f"campaign 1 ({ISSUE}): accepted" in shown
    assert newsroom.run("suppressions", "remove", ANNA).code == 4
    assert newsroom.run("suppressions", "remove", ANNA, "--yes").code == 0
    assert "nobody is suppressed" in newsroom.run("suppressions", "list").out


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("issue", "list"),
        ("issue", "show", ISSUE),
        ("build", ISSUE),
        ("preview", ISSUE),
        ("plan", ISSUE),
        ("lists",),
        ("segments", "list"),
        ("segments", "count", "china"),
        ("segments", "explain", "china", "--as", ANNA),
        ("subscribers", "check"),
        ("subscribers", "show", ANNA),
        ("suppressions", "list"),
        ("schedule", "list"),
        ("status",),
        ("run-due",),
        ("issue", "new", "2026-12-more"),
    ],
)
def test_every_command_answers_with_one_json_object(
    newsroom: Newsroom, words: tuple[str, ...]
) -> None:
    ran = newsroom.run(*words, "--format", "json")
    assert ran.code == 0, ran.said
    assert isinstance(json.loads(ran.out), dict)
    assert not ran.err


@pytest.mark.slow
def test_the_number_typed_in_a_terminal_agrees(newsroom: Newsroom) -> None:
    import os
    import pty
    import sys

    from tests.cli.newsroom import clean_environment

    mine, theirs = pty.openpty()
    child = subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-m", "newsletter", "send", ISSUE],
        cwd=newsroom.root,
        env=clean_environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(mine, b"5\n")
    out, err = child.communicate(timeout=120)
    os.close(mine)
    os.close(theirs)
    assert child.returncode == 0, out + err
    assert "Type the number of recipients to send (5)" in out
    assert set(newsroom.relay.recipients) == EVERYBODY
