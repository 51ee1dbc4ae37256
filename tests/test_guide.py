"""What the pages say can be typed, can be typed; and the guide can be followed."""

import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from newsletter import errors
from newsletter.cli.main import run
from newsletter.issue.model import IssueText
from newsletter.settings import Settings
from tests.docs_pages import (
    DOCS,
    PAGES,
    WRITTEN_BY_HAND,
    blocks_of,
    command_of,
    named,
    parsed,
    prose_of,
    typed_lines,
    words_of,
)
from tests.ports import quiet_port
from tools import reference


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    return reference.commands()


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=named)
def test_every_command_line_in_a_block_parses(page: Path, commands: dict[str, Any]) -> None:
    for line in typed_lines(page):
        assert parsed(line, commands)


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=named)
def test_every_command_in_a_sentence_is_known(page: Path, commands: dict[str, Any]) -> None:
    groups = {name.split()[0] for name in commands} | {"COMMAND", "--help"}
    for line in re.findall(r"`(newsletter [^`]*)`", prose_of(page)):
        _, *words = shlex.split(line)
        assert words[0] in groups, line
        name = command_of(words, commands)
        known = {option for p in commands[name].params for option in p.opts} if name else set()
        for word in words[1:]:
            assert not word.startswith("-") or word in known | {"--help"}, line


def test_the_lines_that_are_held_are_many(commands: dict[str, Any]) -> None:
    lines = [line for page in PAGES for line in typed_lines(page)]
    assert len(lines) > 40
    assert (
        len({parsed(line, commands) for page in WRITTEN_BY_HAND for line in typed_lines(page)}) > 20
    )


def test_a_wrong_option_in_a_page_would_be_noticed(commands: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed("newsletter send 2026-12 --recipient 3", commands)


def test_the_issue_of_the_guide_is_an_issue_and_its_settings_are_settings() -> None:
    issue, relay = map(tomllib.loads, blocks_of(DOCS / "officer.md", "toml"))
    assert set(IssueText.model_validate(issue).sections) == {"assembly", "dates"}
    options = Settings.model_fields["relay"].annotation
    assert isinstance(options, type)
    assert issubclass(options, BaseModel)
    assert options.model_validate(relay["relay"])


def test_the_guide_explains_every_exit_code() -> None:
    page = words_of(DOCS / "officer.md")
    every = {error.exit_code for error in vars(errors).values() if hasattr(error, "exit_code")}
    assert every >= {1, 2, 75}
    for code in every | {0}:
        assert f"\n| {code} | " in page


@pytest.mark.slow
def test_the_guide_can_be_followed_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEWSLETTER_STAGING__PORT", str(quiet_port()))
    monkeypatch.chdir(tmp_path)
    guide = DOCS / "officer.md"
    followed = 0
    for line in "\n".join(blocks_of(guide, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["cd"]:
            monkeypatch.chdir(words[1])
        elif words[:1] == ["newsletter"] and not waits_or_needs_a_date(words):
            assert run([*words[1:], *answers(words)]) == 0, (line, capsys.readouterr())
            followed += 1
        if words[1:3] == ["issue", "new"]:
            Path("issues", words[3], "issue.toml").write_text(blocks_of(guide, "toml")[0])
    assert followed > 18
    assert "accepted" in Path("reports/1.md").read_text()


def waits_or_needs_a_date(words: list[str]) -> bool:
    """Lines that go on until stopped, want a run, a doubt, a log or the DNS, or name a day."""
    wants = {"doctor", "worker", "schedule", "pause", "resume", "cancel"}
    return words[1] in wants or "--at" in words or bool({"--recipient", "--log"} & set(words[2:4]))


def answers(words: list[str]) -> list[str]:
    """What the officer would do besides: end what goes on, see a browser open, type the number."""
    if words[1] == "preview":
        return ["--once", "--no-browser"]
    return ["--recipients", "3"] if words[1] == "send" and "--dry-run" not in words else []
