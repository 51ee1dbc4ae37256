"""The newsroom, fresh for each test."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.inbox.server import InboxThread, StagingInbox
from tests.cli.newsroom import Newsroom, write_newsletter
from tests.cli.relay import Relay


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without this newsletter's variables, under the program's own name."""
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("sys.argv", ["newsletter"])


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay that takes everything."""
    with Relay() as running:
        yield running


@pytest.fixture
def shadow() -> Iterator[Relay]:
    """A relay for commands that are followed."""
    with Relay() as running:
        yield running


@pytest.fixture
def newsroom(
    bare: None,
    relay: Relay,
    shadow: Relay,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Newsroom:
    """A newsletter whose relay is a real SMTP server on loopback."""
    del bare
    root = tmp_path / "newsletter"
    write_newsletter(root, relay.port)
    monkeypatch.chdir(root)
    return Newsroom(root, capsys, relay, shadow)


@pytest.fixture
def staging(newsroom: Newsroom) -> Iterator[StagingInbox]:
    """No relay is named: all goes to a staging inbox."""
    text = (newsroom.root / "newsletter.toml").read_text()
    inbox = StagingInbox(newsroom.root / ".newsletter" / "inbox", port=0)
    with InboxThread(inbox):
        text = re.sub(r"^port = \d+$", f"port = {inbox.port}", text, count=1, flags=re.MULTILINE)
        newsroom.write("newsletter.toml", text.partition("\n[relay]")[0])
        yield inbox
