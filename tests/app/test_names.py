"""An issue may be named as an officer's shell completes it."""

from pathlib import Path

import pytest

from newsletter.app.open import open_app
from newsletter.errors import UsageError
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
