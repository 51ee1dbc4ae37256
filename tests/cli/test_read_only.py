"""Where nothing can be written (a mount, a backup that is laid open), everything can be read."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.ledger.ledger import Ledger
from tests.cli.newsroom import ISSUE, Newsroom, Ran, clean_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() == 0 and not shutil.which("setpriv"),
        reason="root may write everywhere, and there is no setpriv",
    ),
]
READING = (
    ("status",),
    ("report", "1"),
    ("lists",),
    ("ledger", "verify"),
    ("plan", ISSUE),
)


def obeying(*words: str, root: Path) -> Ran:
    """A command of somebody whom the rights of files bind, root or not."""
    rights = "--bounding-set=-dac_override,-dac_read_search"
    bound = ["setpriv", rights] if os.geteuid() == 0 else []
    done = subprocess.run(  # noqa: S603  our own program
        [*bound, sys.executable, "-m", "newsletter", *words],
        cwd=root,
        env=clean_environment(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(words, done.returncode, done.stdout, done.stderr)


@contextmanager
def shut(root: Path) -> Iterator[None]:
    """Meanwhile nothing in a folder can be changed or made."""
    places = [root, *root.rglob("*")]
    before = [(each, each.stat().st_mode) for each in places]
    for each in places:
        each.chmod(each.stat().st_mode & 0o555)
    try:
        yield
    finally:
        for each, mode in before:
            each.chmod(mode)


@pytest.fixture
def recorded(newsroom: Newsroom) -> Newsroom:
    """A campaign waits for its time, and a secret was made."""
    assert newsroom.run("send", ISSUE, "--yes", "--at", "2040-01-02 10:00", follow=False).code == 0
    assert newsroom.run("lists").code == 0
    return newsroom


def test_where_nothing_can_be_written_everything_can_be_read(recorded: Newsroom) -> None:
    with shut(recorded.root):
        for words in READING:
            ran = obeying(*words, root=recorded.root)
            assert ran.code == 0, ran.said
            assert not ran.err


def test_what_another_process_wrote_and_did_not_file_yet_is_read_too(recorded: Newsroom) -> None:
    with Ledger.open(recorded.ledger) as memory:
        (campaign,) = memory.campaigns()
        memory.cancel(campaign.id, campaign.recorded_at)
        with shut(recorded.root):
            assert "cancelled" in obeying("status", "1", root=recorded.root).out


def test_where_nothing_can_be_written_a_word_that_must_be_is_refused_with_its_cure(
    recorded: Newsroom,
) -> None:
    with shut(recorded.root):
        ran = obeying("schedule", "cancel", "1", root=recorded.root)
    assert ran.code == 2, ran.said
    assert "see that you may write there" in ran.err
    assert recorded.campaigns()[0]["state"] == "scheduled"
    assert not recorded.relay.received


def test_a_secret_that_cannot_be_made_is_told(recorded: Newsroom) -> None:
    secret = recorded.root / ".newsletter" / "secret"
    secret.unlink()
    with shut(recorded.root):
        ran = obeying("lists", root=recorded.root)
    assert ran.code == 2, ran.said
    assert f"the secret {secret} cannot be written" in ran.err


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("serve", "--check")])
def test_pages_whose_readers_could_not_be_heard_are_not_served(
    recorded: Newsroom, words: tuple[str, ...]
) -> None:
    with shut(recorded.root):
        ran = obeying(*words, root=recorded.root)
    assert ran.code == 2, ran.said
    assert "cannot be used" in ran.err
    assert "see that you may write there" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("warmup", "set", "--day", "1", "--curve", "5"),
        ("subscribers", "add", "new@soci.example", "--list", "members", "--source", "paper"),
        ("subscribers", "import", "subscribers/partners.csv", "--list", "members"),
        ("approve", ISSUE, "--yes"),
        ("issue", "new", "2027-01-new"),
        ("keys", "new"),
        ("report", "1", "--save"),
        ("build", ISSUE),
        ("ledger", "backup"),
        ("theme", "new", "mine", "--from", "tiny"),
        ("bounces", "reset", "anna.rossi@soci.example"),
    ],
    ids=" ".join,
)
def test_what_must_be_written_says_what_is_missing(
    recorded: Newsroom, words: tuple[str, ...]
) -> None:
    with shut(recorded.root):
        ran = obeying(*words, root=recorded.root)
    assert ran.code in {1, 2}, ran.said
    assert "error: " in ran.err
    assert re.search("you may|the right to write|another folder", ran.err), ran.err
