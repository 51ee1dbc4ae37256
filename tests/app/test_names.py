"""An issue may be named as an officer's shell completes it."""

from pathlib import Path

import pytest

from newsletter.app.open import open_app
from newsletter.app.people import read_lists
from newsletter.errors import UsageError
from newsletter.values import parse_slug
from tests.cli.newsroom import ISSUE, write_newsletter


@pytest.mark.parametrize(
    "name",
    [
        ISSUE,
        f"{ISSUE}/",
        f"issues/{ISSUE}",
        f"./issues/{ISSUE}/",
        f"issues/{ISSUE}/issue.toml",
        f"{ISSUE}/issue.toml",
    ],
)
def test_an_issue_is_found_by_its_name_or_its_path(tmp_path: Path, name: str) -> None:
    write_newsletter(tmp_path, 2500)
    app = open_app(tmp_path, environ={})
    assert app.issue_folder(name) == tmp_path / "issues" / ISSUE


@pytest.mark.parametrize("name", ["", ".", "..", "/", "issue.toml", "issues/issue.toml"])
def test_a_path_to_no_issue_is_refused(tmp_path: Path, name: str) -> None:
    write_newsletter(tmp_path, 2500)
    with pytest.raises(UsageError):
        open_app(tmp_path, environ={}).issue_folder(name)


def test_a_list_may_end_in_capitals_and_no_two_files_are_one_list(tmp_path: Path) -> None:
    write_newsletter(tmp_path, 2500)
    app = open_app(tmp_path, environ={})
    lists = tmp_path / "subscribers"
    (lists / "guests.CSV").write_text("email\nada@guests.example\n")
    assert "guests" in {each.name for each in read_lists(app)}
    (lists / "guests.csv").write_text("email\nbea@guests.example\n")
    with pytest.raises(UsageError, match=r"guests\.CSV and guests\.csv"):
        read_lists(app)


def test_the_name_of_an_issue_fits_into_a_file_system() -> None:
    assert parse_slug("x" * 100) == "x" * 100
    with pytest.raises(ValueError, match="100 characters"):
        parse_slug("x" * 101)
