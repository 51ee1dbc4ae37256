"""An issue is begun from nothing, or from the frame of another one."""

import pytest

from tests.cli.newsroom import ISSUE, Newsroom


@pytest.mark.slow
def test_from_without_a_name_takes_the_newest_issue(newsroom: Newsroom) -> None:
    ran = newsroom.run("issue", "new", "2026-12-x", "--from", "--format", "json")
    assert ran.code == 0
    assert ran.object["begun_from"] == ISSUE
    assert ran.object["files"] == ["issue.toml", "issue.en.toml"]
    shown = newsroom.run("issue", "show", "2026-12", "--format", "json").object
    assert [(s["id"], s["kind"], s["audience"]) for s in shown["sections"]] == [
        ("report", "report", None),
        ("china", "country", "china"),
    ]
    checked = newsroom.run("check", "2026-12")
    assert checked.code == 0
    assert "TODO is left over" in checked.out


@pytest.mark.slow
def test_from_takes_the_issue_that_is_named_by_its_beginning(newsroom: Newsroom) -> None:
    assert newsroom.run("issue", "new", "2026-12-x", "--from", "2026-11").code == 0
    assert "with the frame of" in newsroom.run("issue", "new", "2026-12-y", "--from=2026-11").out


def test_from_an_issue_that_is_not_there_or_to_one_that_is_writes_nothing(
    newsroom: Newsroom,
) -> None:
    missing = newsroom.run("issue", "new", "2026-12-x", "--from", "2031")
    assert (missing.code, "no issue '2031'" in missing.err) == (2, True)
    assert newsroom.run("issue", "new", ISSUE, "--from").code == 2
    assert not (newsroom.root / "issues" / "2026-12-x").exists()


@pytest.mark.slow
def test_the_schemas_are_written_anew(newsroom: Newsroom) -> None:
    ran = newsroom.run("issue", "schema", "--format", "json")
    assert "schemas/issue.schema.json" in ran.object["files"]
    assert all((newsroom.root / file).is_file() for file in ran.object["files"])
