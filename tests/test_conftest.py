"""What a test needs of the machine is said, and a continuous build may not skip it."""

import pytest

from tests import conftest


def test_a_mark_without_its_packages_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "postfix and chromium" in conftest.missing_for({"debian"})
    assert "PostgreSQL" in conftest.missing_for({"postgres"})
    assert conftest.missing_for({"slow"}) == ""
