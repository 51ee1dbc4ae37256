"""The newsroom, fresh for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

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
