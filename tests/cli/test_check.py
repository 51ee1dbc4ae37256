"""`check`: findings for a person, a program and a build server; weights and ignores; the rules."""

import json
import os
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from newsletter.app.start import copy_example
from newsletter.cli.main import run
from newsletter.errors import InputError
from newsletter.lint.check import EVERY_RULE, RULES
from newsletter.lint.picture import picture_of

SLUG = "2019-11-assemblea"
ISSUE = f"issues/{SLUG}/issue.toml"


@pytest.fixture
def desk(bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ALISEI's newsletter in a folder of its own, and one fault in it: a warning."""
    del bare
    root = tmp_path / "mine"
    copy_example(root)
    monkeypatch.chdir(root)
    path = root / ISSUE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Di singole iniziative", "TODO, 100%: di singole"), "utf-8")
    return root


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run(["check", *words]) == code
    return capsys.readouterr().out


def append(root: Path, text: str) -> None:
    path = root / "newsletter.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.slow
def test_a_warning_fails_only_strictly(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.is_dir()
    text = said(capsys)
    assert re.search(rf"^Warning  {ISSUE}:\d+:1  W021  sections", text, re.MULTILINE)
    assert "1 warning" in text
    said(capsys, "--strict", code=3)


@pytest.mark.slow
def test_json_names_place_and_cure(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.is_dir()
    report = json.loads(said(capsys, "--format", "json"))
    (finding,) = report["findings"]
    assert {key: finding[key] for key in ("rule", "severity", "column")} == {
        "rule": "W021",
        "severity": "warning",
        "column": 1,
    }
    assert finding["line"] > 1
    assert finding["cure"]
    assert report["ignored"] == []


@pytest.mark.slow
def test_github_shows_a_finding_at_its_line(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.is_dir()
    first = said(capsys, "--format", "github").splitlines()[0]
    found = re.fullmatch(r"::warning file=([^,]+),title=W021,line=(\d+),col=1::(.+)", first)
    assert found
    assert found[1] == ISSUE
    assert "TODO" in found[3]


def test_what_a_workflow_command_would_misread_is_escaped(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / ISSUE).write_text("subject = 1\ntheme = '100%'\n", encoding="utf-8")
    lines = said(capsys, "--format", "github", code=2).splitlines()
    assert all(line.startswith("::error file=") for line in lines)
    assert any("'100%25'" in line for line in lines)


@pytest.mark.slow
def test_junit_has_a_case_for_each_rule_and_each_finding(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    for words, failures in (((), 0), (("--strict",), 1)):
        text = said(capsys, "--format", "junit", *words, code=3 if failures else 0)
        suite = ET.fromstring(text.encode())  # noqa: S314 our own text
        cases = suite.findall("./testsuite/testcase")
        assert len(cases) == len(RULES)
        assert len(suite.findall(".//failure")) == failures
        assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(failures))
        (case,) = [case for case in cases if str(case.get("name")).startswith("W021 ")]
        assert case.get("file") == ISSUE
        assert "TODO" in "".join(case.itertext())


@pytest.mark.slow
def test_a_rule_that_nobody_was_asked_for_is_skipped_in_junit_and_has_not_passed(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    suite = ET.fromstring(said(capsys, "--format", "junit").encode())  # noqa: S314 same
    skipped = [case for case in suite.iter("testcase") if case.find("skipped") is not None]
    assert [str(case.get("name"))[:4] for case in skipped] == ["E062", "W072", "W075"]
    assert suite.get("skipped") == "3"
    report = json.loads(said(capsys, "--format", "json"))
    assert report["unasked"] == ["E062", "W072", "W075"]
    assert report["passed"] == len(RULES) - 1 - 3


@pytest.mark.slow
def test_an_issue_is_checked_once_and_named_in_full_however_it_is_written(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    once = json.loads(said(capsys, SLUG, "--format", "json"))
    assert once["issues"] == [SLUG]
    assert json.loads(said(capsys, "2019", f"issues/{SLUG}/", ISSUE, "--format", "json")) == once


def test_a_wrong_choice_is_told_without_a_programs_words(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    assert run(["check", "--format", "xml"]) == InputError.exit_code
    told = capsys.readouterr().err
    assert "Invalid value for '--format': 'xml' is not one of 'text'," in told


def test_files_that_cannot_be_read_fail_in_junit_too(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / ISSUE).write_text('subject = "a\x01"', encoding="utf-8")
    suite = ET.fromstring(said(capsys, "--format", "junit", code=2).encode())  # noqa: S314 same
    assert suite.findall(".//failure")


@pytest.mark.slow
def test_a_newsletter_gives_a_rule_another_weight(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(desk, '\n[check.severity]\nW021 = "error"\n')
    assert "1 error" in said(capsys, code=3)


@pytest.mark.slow
def test_what_is_ignored_is_counted_and_its_reason_kept(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(desk, '\n[[check.ignore]]\nrule = "W021"\nreason = "an example"\nissue = "2019-*"\n')
    assert "1 ignored" in said(capsys, "--strict")
    (ignored,) = json.loads(said(capsys, "--format", "json"))["ignored"]
    assert (ignored["reason"], ignored["finding"]["rule"]) == ("an example", "W021")
    suite = ET.fromstring(said(capsys, "--format", "junit").encode())  # noqa: S314 same
    assert "an example" in [skipped.get("message") for skipped in suite.iter("skipped")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ('[[check.ignore]]\nrule = "W021"\n', ":1", "'reason' is missing"),
        ('[[check.ignore]]\nrule = "W021"\nreason = " "\n', ":3", "must not be empty"),
        ('[[check.ignore]]\nrule = "W999"\nreason = "x"\n', ":2", "there is no rule W999"),
        ('[check.severity]\nE021 = "note"\n', ":2", "did you mean W021?"),
        ('[check.severity]\nW021 = "off"\n', ":2", "'error', 'warning' or 'note'"),
        ('[check.severity]\nsubject = "note"\n', ":2", "not a rule's id"),
        ("[check.limits]\nsubjct = 60\n", ":2", "did you mean 'subject'?"),
        ("[check.limits]\nsubject = 0\n", ":2", "more than 0"),
        ("[check]\nignored = 1\n", ":2", "did you mean 'ignore'?"),
    ],
)
def test_a_fault_in_the_configuration_is_told_at_its_line(
    desk: Path, capsys: pytest.CaptureFixture[str], written: str, place: str, words: str
) -> None:
    before = (desk / "newsletter.toml").read_text(encoding="utf-8").count("\n")
    append(desk, written)
    assert run(["check"]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert f"newsletter.toml:{before + int(place[1:])}:" in err


@pytest.mark.slow
def test_limits_of_ones_own_are_kept(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(desk, "\n[check.limits]\nsubject = 10\n")
    assert "W011" in said(capsys)


@pytest.mark.slow
def test_rules_are_listed_and_explained_without_a_newsletter(
    bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del bare
    monkeypatch.chdir(tmp_path)
    lines = said(capsys, "--list-rules").splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(rule.id for rule in EVERY_RULE)
    for rule in RULES:
        for name in (rule.id, rule.id.lower()):
            text = said(capsys, "--explain", name)
            assert all(words in text for words in (rule.id, rule.says, rule.source, rule.cure))
    explained = json.loads(said(capsys, "--explain", "W021", "--format", "json"))
    assert explained["id"] == "W021"
    assert len(json.loads(said(capsys, "--list-rules", "--format", "json"))) == len(EVERY_RULE)


def test_an_unknown_rule_is_answered_with_the_list(
    bare: None, capsys: pytest.CaptureFixture[str]
) -> None:
    del bare
    assert run(["check", "--explain", "W999"]) == 2
    err = capsys.readouterr().err
    assert "there is no rule 'W999'" in err
    assert "next: newsletter check --list-rules" in err


@pytest.mark.slow
def test_links_are_asked_only_when_told_and_a_private_host_never_unwished(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = desk / ISSUE
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'"https://www[^"]*"', '"https://127.0.0.1:9/"', text), "utf-8")
    for file in path.parent.glob("issue.*.toml"):
        file.unlink()
    assert "W075" not in said(capsys, code=3)
    assert "which was not asked" in said(capsys, "--online", code=3)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.slow
def test_without_spamassassin_its_option_says_how_to_get_it(
    desk: Path, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.is_dir()
    assert programs.is_dir()
    assert run(["check", "--spam"]) == 2
    assert "apt install spamassassin" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        ("No, score=1.2 required=5.0 tests=HTML_MESSAGE autolearn=no", "1 warning", 0),
        (
            "Yes, score=7.5 required=5.0\n\ttests=BAYES_99,\n\tHTML_SHORT autolearn=no",
            "7.5 points of 5: BAYES_99, HTML_SHORT",
            0,
        ),
        ("", "SpamAssassin did not give points", 2),
    ],
)
def test_spamassassins_points_are_a_finding_from_its_own_limit_on(
    desk: Path,
    programs: Path,
    capsys: pytest.CaptureFixture[str],
    status: str,
    words: str,
    code: int,
) -> None:
    assert desk.is_dir()
    program = programs / "spamassassin"
    line = f"X-Spam-Status: {status}".replace("\n", "\\n").replace("\t", "\\t")
    program.write_text(
        "#!/bin/sh\nwhile read -r line; do :; done\n"
        f"[ \"$1 $2\" = '-L -t' ] && printf 'Received: x\\n{line}\\n\\nbody\\n'\n"
    )
    program.chmod(0o755)
    assert run(["check", "--spam"]) == code
    out, err = capsys.readouterr()
    assert words in out + err


@pytest.mark.debian
@pytest.mark.slow
def test_spamassassin_itself_gives_points(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.is_dir()
    assert run(["check", "--spam", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "W075" not in {finding["rule"] for finding in told["findings"]}
    assert "W075" not in told["unasked"], "it was asked"


def test_a_newsletter_without_issues_has_nothing_to_check(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(desk / "issues")
    assert run(["check"]) == 2
    err = capsys.readouterr().err
    assert "there is no issue to check" in err
    [following] = re.findall(r"^next: newsletter (.+)$", err, re.MULTILINE)
    assert run(following.split()) == 0


@pytest.mark.slow
def test_a_build_onto_a_file_names_the_file(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "there").write_text("a file")
    for output in ("there", "there/below"):
        assert run(["build", "-o", output]) == 2
        assert "there is a file, where a folder is to be made" in capsys.readouterr().err
    assert (desk / "there").read_text() == "a file"


def test_a_picture_that_changed_within_a_tick_is_looked_at_again(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    for octets, kind in ((b"GIF89a" + bytes(20), "GIF"), (b"\x89PNG\r\n\x1a\n" + bytes(18), "PNG")):
        file.write_bytes(octets)
        os.utime(file, (1, 1))
        picture = picture_of(file)
        assert picture
        assert picture.kind == kind


@pytest.mark.slow
def test_a_line_that_lets_nothing_be_is_told(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(desk, '\n[[check.ignore]]\nrule = "W021"\nreason = "an example"\n')
    append(desk, '\n[[check.ignore]]\nrule = "W022"\nreason = "gone"\nissue = "1999-*"\n')
    append(desk, '\n[[check.ignore]]\nrule = "W135"\nreason = "gone"\n')
    report = json.loads(said(capsys, "--format", "json"))
    used = {each["finding"]["rule"] for each in report["ignored"]}
    told = [each["where"] for each in report["idle"]]
    assert used == {"W021"}
    assert told == ["check.ignore.1.rule", "check.ignore.2.rule"]
    assert "W135 finds nothing that this line would let be" in said(capsys)
    name = report["issues"][0]
    assert json.loads(said(capsys, name, "--format", "json"))["idle"] == []
