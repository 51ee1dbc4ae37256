"""`issue translated`: a translation is up to date until the original's words change."""

from pathlib import Path

import pytest

from newsletter.app.start import copy_example
from newsletter.cli.main import run

SLUG = "2019-11-assemblea"


@pytest.fixture
def folder(bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    del bare
    copy_example(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine" / "issues" / SLUG


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def checked(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Where `check` finds a translation out of date."""
    assert run(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return [line.split()[1].rpartition("/")[2] for line in lines if "  W076  " in line]


@pytest.mark.slow
def test_a_change_of_the_original_is_named_in_each_translation_until_it_is_looked_at(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["issue", "translated", SLUG]) == 0
    assert "en, fr-CA, zh-Hans up to date" in capsys.readouterr().out
    assert checked(capsys) == []
    edit(folder / "issue.toml", "Con Invest in Italy il Gruppo", "Con ICE il Gruppo")
    assert [place.partition(":")[0] for place in checked(capsys)] == [
        "issue.en.toml",
        "issue.fr-CA.toml",
        "issue.zh-Hans.toml",
    ]
    edit(folder / "issue.en.toml", "With Invest in Italy, the", "With ICE, the")
    assert run(["issue", "translated", SLUG, "--lang", "fr-CA"]) == 0
    assert "fr-CA sections.internationalization.title" in capsys.readouterr().out
    assert [place.partition(":")[0] for place in checked(capsys)] == ["issue.zh-Hans.toml"]


@pytest.mark.slow
def test_a_line_that_is_only_wrapped_anew_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["issue", "translated", SLUG]) == 0
    edit(folder / "issue.toml", "Qui trova il quadro", "Qui trova\nil quadro")
    capsys.readouterr()
    assert checked(capsys) == []


def test_the_same_words_give_the_same_record(folder: Path) -> None:
    for _ in range(2):
        assert run(["issue", "translated", SLUG]) == 0
    first = (folder / "translated.toml").read_bytes()
    assert run(["issue", "translated", SLUG, "--lang", "en"]) == 0
    assert (folder / "translated.toml").read_bytes() == first


def test_a_translation_that_is_not_there_is_answered_with_those_that_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["issue", "translated", SLUG, "--lang", "de"]) == 2
    assert "there are: en, fr-CA, zh-Hans" in capsys.readouterr().err
    assert not (folder / "translated.toml").exists()
