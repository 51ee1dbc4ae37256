"""Themes from the command line: listed, begun, tried."""

import json
import shutil
from pathlib import Path

import pytest

from newsletter.cli.main import run
from tests.cli.newsroom import REPOSITORY, write_newsletter


@pytest.fixture
def desk(bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    del bare
    write_newsletter(tmp_path)
    shutil.rmtree(tmp_path / "templates")
    shutil.copytree(REPOSITORY / "templates", tmp_path / "templates")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(["theme", *words]) == code, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_themes_are_listed_one_that_cannot_be_read_too(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "templates/plain/edition.txt.j2").unlink()
    alisei, plain = said(capsys, "list").splitlines()
    assert alisei.startswith("alisei  12 kinds")
    assert plain.split()[:3] == ["plain", "1", "problem"]
    rows = json.loads(said(capsys, "list", "--format", "json"))["themes"]
    assert [(row["name"], row["problems"]) for row in rows] == [("alisei", 0), ("plain", 1)]


def test_a_theme_begins_as_a_copy_with_its_own_name(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "new", "autumn", "--from", "plain")
    assert shown.splitlines()[-1] == "next: newsletter theme check autumn"
    about = (desk / "templates/autumn/theme.toml").read_text("utf-8")
    assert about.startswith('name = "Autumn"\ndescription = "Begun from plain."\n')
    for file in (desk / "templates/plain").rglob("*.j2"):
        copy = desk / "templates/autumn" / file.relative_to(desk / "templates/plain")
        assert copy.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("new", "plain"), "templates/plain is there already"),
        (("new", "../out"), "'../out' is not the name of a folder"),
        (("new", "x", "--from", "alisie"), "did you mean 'alisei'?"),
        (("check", "plian"), "did you mean 'plain'?"),
    ],
)
def test_a_name_that_is_taken_unfit_or_unknown_is_said(
    words: tuple[str, ...], message: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(desk.rglob("*"))
    assert message in said(capsys, *words, code=2)
    assert sorted(desk.rglob("*")) == before


@pytest.mark.slow
def test_a_whole_theme_is_tried_and_its_pages_written(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("check", "plain", "--strict", "-o", "seen")
    assert (
        said(capsys, *words)
        .splitlines()[0]
        .startswith("plain: 12 kinds in it ar en fr-CA zh-Hans: ")
    )
    page = (desk / "seen/preview/ar.html").read_text("utf-8")
    assert "جملة واحدة" in page
    assert "[first_name]" not in page
    assert not (desk / "issues/specimen").exists()


@pytest.mark.slow
def test_the_themes_that_come_with_the_program_have_no_finding_of_any_rule(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    reports = json.loads(said(capsys, "check", "--format", "json"))["themes"]
    assert [(report["theme"], report["findings"]) for report in reports] == [
        ("alisei", []),
        ("plain", []),
    ]


@pytest.mark.slow
def test_a_theme_may_leave_kinds_out_and_even_all(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = desk / "templates/plain/theme.toml"
    about.write_text(about.read_text("utf-8").replace('"people", ', ""), "utf-8")
    for kind in ("mjml", "txt"):
        (desk / f"templates/plain/sections/people.{kind}.j2").unlink()
    shown = said(capsys, "check", "plain", "--strict", "-o", "seen")
    assert "Note  templates/plain/theme.toml:3:1  N141" in shown
    assert "A chi scrivere" not in (desk / "seen/preview/it.html").read_text("utf-8")
    about.write_text('name = "Plain"\nkinds = []\n', "utf-8")
    assert "12 notes" in said(capsys, "check", "plain")


@pytest.mark.slow
def test_what_is_wrong_stands_in_the_officers_own_file_with_its_line(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = desk / "templates/plain/sections/call.mjml.j2"
    template.write_text(
        template.read_text("utf-8").replace("go(data.button)", "data.buton.url"), "utf-8"
    )
    (desk / "templates/plain/sections/quote.txt.j2").write_text("…\n", "utf-8")
    shown = said(capsys, "check", "plain", code=3)
    assert "Error  templates/plain/sections/call.mjml.j2:5" in shown
    assert "Warning  templates/plain/sections/quote.txt.j2:1:1  W146  quote: text of quote" in shown
    assert "call of" not in shown
    (report,) = json.loads(said(capsys, "check", "plain", "--format", "json", code=3))["themes"]
    assert report["theme"] == "plain"
    assert {finding["rule"] for finding in report["findings"]} == {"E140", "W146"}


@pytest.mark.slow
def test_a_rule_about_the_page_is_asked_of_a_theme_too(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edition = desk / "templates/plain/edition.mjml.j2"
    text = edition.read_text("utf-8").replace("('unsubscribe', 'preferences'", "('preferences'")
    edition.write_text(text, "utf-8")
    assert "templates/plain/edition.mjml.j2" in said(capsys, "check", "plain", code=3)


@pytest.mark.slow
def test_words_that_are_too_faint_are_found_with_the_templates_line(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = desk / "templates/plain/inline.css"
    sheet.write_text(sheet.read_text("utf-8").replace("#655B78", "#BBBBBB"), "utf-8")
    shown = said(capsys, "check", "plain", "--strict", code=3)
    assert "Warning  templates/plain/edition.mjml.j2:" in shown
    assert "has a contrast of 1.9 (#BBBBBB on #FFFFFF" in shown


def test_a_theme_that_cannot_be_read_is_refused_with_every_fault(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "templates/plain/edition.txt.j2").unlink()
    (desk / "templates/plain/sections/call.txt.j2").unlink()
    shown = said(capsys, "check", "plain", code=2)
    assert "edition.txt.j2" in shown
    assert "sections/call.txt.j2" in shown
